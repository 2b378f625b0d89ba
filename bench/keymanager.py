#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""script/bench keymanager [PART...]: what tokens, validations and logins cost, each figure beside
its requirement and what others publish.

Parts: issue, postgresql, validate, volume, login, cache; without one, all. The server has one
core, over HTTPS with kept connections as clients and gateways use it; the load, PostgreSQL and
backends have the other. CPU time is the operating system's, of all threads. --smoke: a second
each, for what is answered only, not how fast.
"""

import argparse
import contextlib
import itertools
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests"))

from gateway import LOAD_CORE, PROXY_CORE, PinnedServer, start_backend  # noqa: E402
from logins import Logins, Person, client_for_logins, percentile  # noqa: E402
from measuring import Load, PinnedPostgres, Report, Run  # noqa: E402
from startup import resident_mb  # noqa: E402
from support.cluster import credential, key_of  # noqa: E402
from support.server import FORM, basic, bearer, call, form  # noqa: E402
from support.walk import User, expect, token_of  # noqa: E402

VALIDATE = "/internal/keys/v1/validate"
CONNECTIONS, TOKENS = 64, 1000
BATCH = 64  # the most that a gateway puts into one question
JSON = {"Content-Type": "application/json"}
NUMBERS = itertools.count(1)  # of applications
# What others publish: token issues per second and vCPU, introspections per second and core.
HYDRA, KEYCLOAK, CLOUDENTITY, HYDRA_INTROSPECTIONS = 271, 120, 1234, 11_000
# Of the product that this one replaces: calls of a gateway and validations of a key manager.
REPLACED_CALLS, REPLACED_VALIDATIONS = 3000, 500
BUSY = 0.7


class OtherServer(PinnedServer):
    """A node beside the one that is measured."""

    def command(self):
        command = super().command()
        command[command.index(PROXY_CORE)] = LOAD_CORE
        return command


class Bench:
    def __init__(self, folder, smoke):
        self.folder, self.smoke = folder, smoke
        self.tokens = BATCH if smoke else TOKENS
        self.report = Report()

    def seconds(self, wanted):
        return 1 if self.smoke else wanted

    def server(self, stack, *settings, **where):
        return stack.enter_context(PinnedServer("server.workers=1", *settings, **where))

    def load(self, *arguments, **named):
        return Load(tempfile.mkdtemp(dir=self.folder), *arguments, **named)

    def warm(self, load, pids):
        if not self.smoke:
            load.run(pids, 1)

    def must(self, holds, what):
        if not holds:
            raise AssertionError(what)


# --- 1 and 2: issuing ---------------------------------------------------------------------------


def application_of(server, token_type):
    admin = User(server)
    application = admin.create_application(f"bench {next(NUMBERS)}", "Unlimited", token_type)
    return admin.generate_keys(application["applicationId"])


def issue(bench, server, keys, pids, url=None, seconds=8, connections=CONNECTIONS):
    """client_credentials under load, for the client of an application; over HTTPS unless told."""
    load = bench.load(url or server.url("/oauth2/token"), [form(grant_type="client_credentials")],
                      {**FORM, **basic(keys["consumerKey"], keys["consumerSecret"])})
    token = token_of(server, keys)
    bench.warm(load, pids)
    return load.run(pids, bench.seconds(seconds), connections), token


def algorithm_of(token):
    import base64
    import json

    head = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["alg"]


def issue_rivals(bench, run):
    bench.report.rivals(run.requests / run.cpu["server"], "issues per second and vCPU",
                        Hydra=HYDRA, Keycloak=KEYCLOAK, Cloudentity=CLOUDENTITY)


def count_tokens(server):
    with contextlib.closing(sqlite3.connect(os.path.join(server.data_dir, "api_manager.db"))) as db:
        return db.execute("SELECT COUNT(*) FROM am_token").fetchone()[0]


def openssl_signatures(seconds):
    """RSA signatures per second on the server's core, as `openssl speed` counts them."""
    command = ["taskset", "-c", PROXY_CORE, "openssl", "speed", "-seconds", str(seconds), "rsa2048"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(re.search(r"rsa 2048 bits \S+ \S+\s+([\d.]+)", said).group(1))


def part_issue(bench):
    report = bench.report
    report.title("client_credentials, SQLite")
    with contextlib.ExitStack() as stack:
        server = bench.server(stack)
        pids = {"server": server.process.pid}
        before = count_tokens(server)
        run, _ = issue(bench, server, application_of(server, "OAUTH"), pids)
        report.at_least("opaque, durable, SQLite", run.rate, 4000, "tokens/s")
        report.run(run)
        issue_rivals(bench, run)
        bench.must(count_tokens(server) >= before + run.requests, "an answered token is not kept")
        best = openssl_signatures(bench.seconds(3))
        jwt_keys = application_of(server, "JWT")
        run, token = issue(bench, server, jwt_keys, pids)
        bench.must(algorithm_of(token) == "RS256", "RS256 was asked for")
        report.run(run, f"; JWT RS256 over HTTPS, {100 * run.rate / best:.0f} % of openssl speed")
        # Signatures alone are what `openssl speed` makes: the same without TLS.
        run, _ = issue(bench, server, jwt_keys, pids, server.gateway("/token", "http"))
        report.at_least("JWT RS256, over HTTP", run.rate, 0.85 * best, "tokens/s")
        report.run(run, f"; openssl speed rsa2048 signs {best:,.0f}/s, so this is "
                        f"{100 * run.rate / best:.0f} % of it")
        issue_rivals(bench, run)
    with contextlib.ExitStack() as stack:
        server = bench.server(stack, "key_manager.signing_algorithms=ES256,RS256")
        keys = application_of(server, "JWT")
        run, token = issue(bench, server, keys, {"server": server.process.pid})
        bench.must(algorithm_of(token) == "ES256", "ES256 was asked for")
        report.at_least("JWT ES256", run.rate, 5000, "tokens/s")
        report.run(run)
        issue_rivals(bench, run)


def part_postgresql(bench):
    report = bench.report
    report.title("client_credentials, PostgreSQL")
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(PinnedPostgres())
        server = bench.server(stack, *postgres.settings())
        pids = {"server": server.process.pid, "PostgreSQL": postgres.process.pid}
        run, _ = issue(bench, server, application_of(server, "OAUTH"), pids)
        report.at_least("opaque, durable, PostgreSQL", run.rate, 3000, "tokens/s")
        report.run(run)
        issue_rivals(bench, run)
        kept = int(postgres.sql("SELECT COUNT(*) FROM am_token", "api_manager"))
        bench.must(kept >= run.requests, "an answered token is not kept")


# --- 3: validations -----------------------------------------------------------------------------

def issue_tokens(server, keys, count):
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: token_of(server, keys), range(count)))


def metric(server, name):
    text = server.status("/metrics").body.decode()
    return sum(int(float(line.rsplit(" ", 1)[1]))
               for line in text.splitlines() if line.startswith(name))


def question(tokens):
    return '{"tokens":["' + '","'.join(tokens) + '"]}'


def validate(bench, server, tokens, batch, seconds, connections=CONNECTIONS, check=None):
    """The run; every token, or `check` of them, is asked about before and holds."""
    lists = [tokens[i:i + batch] for i in range(0, len(tokens) - batch + 1, batch)]
    url = server.url(VALIDATE)
    secret = credential(key_of(server), "bench")
    first = call(url, "POST", {"tokens": lists[0]}, basic("bench", secret))
    expect(first, 200, "a validation")
    session = first.headers["set-cookie"].split(";")[0]
    for some in lists[:check]:
        answer = call(url, "POST", {"tokens": some}, {"Cookie": session}).json()
        bench.must([one["active"] for one in answer["list"]] == [True] * len(some),
                   "a good token was refused")
    load = bench.load(url, [question(some) for some in lists], {**JSON, "Cookie": session})
    pids = {"server": server.process.pid}
    bench.warm(load, pids)
    before = metric(server, "gatehouse_key_validations_total")
    run = load.run(pids, bench.seconds(seconds), connections)
    verdicts = metric(server, "gatehouse_key_validations_total") - before
    bench.must(verdicts >= run.requests * batch, "a question was not counted")
    return run


def part_validate(bench):
    report = bench.report
    report.title("validations through the internal endpoint")
    with contextlib.ExitStack() as stack:
        server = bench.server(stack, "gateway.key_cache=false", "key_manager.key_cache=true")
        tokens = issue_tokens(server, application_of(server, "OAUTH"), bench.tokens)
        reads = "gatehouse_key_validation_reads_total"
        run = validate(bench, server, tokens, 1, 6)
        before = metric(server, reads)
        report.at_least("from the cache, one per request", run.rate, 40_000, "verdicts/s")
        report.run(run)
        run = validate(bench, server, tokens, BATCH, 6)
        bench.must(metric(server, reads) == before, "the cache was not asked alone")
        report.at_least(f"from the cache, {BATCH} per request", run.rate * BATCH, 200_000,
                        "verdicts/s")
        report.run(run)
        report.rivals(run.requests * BATCH / run.cpu["server"], "per second and core",
                      Hydra_introspections=HYDRA_INTROSPECTIONS, replaced=REPLACED_VALIDATIONS)
    with contextlib.ExitStack() as stack:
        server = bench.server(stack, "gateway.key_cache=false")
        tokens = issue_tokens(server, application_of(server, "OAUTH"), bench.tokens)
        run = validate(bench, server, tokens, 1, 6)
        report.at_least("from the database, one per request", run.rate, 8000, "verdicts/s")
        report.run(run)
        run = validate(bench, server, tokens, BATCH, 4)
        report.note(f"{BATCH} per request: {run.rate * BATCH:,.0f} verdicts/s")
        report.run(run)
        report.rivals(run.requests * BATCH / run.cpu["server"], "per second and core",
                      Hydra_introspections=HYDRA_INTROSPECTIONS, replaced=REPLACED_VALIDATIONS)


# --- 4: among many tokens -----------------------------------------------------------------------

FEW, MANY = 100_000, 10_000_000
VOLUME_RATIO = 1.2  # what a request costs among MANY, beside the same among FEW


class Volume:
    """A server whose database has `count` live tokens, some of them known here."""

    def __init__(self, bench, stack, count):
        folder = tempfile.mkdtemp(dir=bench.folder)
        empty = bench.server(stack, data_dir=folder)
        self.keys = application_of(empty, "OAUTH")
        empty.stop()
        filled = subprocess.run(
            [os.path.join(ROOT, "build", "release", "bench", "bench_tokens"), "fill", folder,
             self.keys["consumerKey"], str(count)], capture_output=True, text=True, check=True)
        os.sync()  # what is measured next does not wait for what was made now
        self.tokens = filled.stdout.split()
        self.server = bench.server(stack, "gateway.key_cache=false", data_dir=folder)
        self.runs = {}

    def measure(self, bench):
        pids = {"server": self.server.process.pid}
        for connections in (1, CONNECTIONS):
            self.keep("validation from the database", connections,
                      validate(bench, self.server, self.tokens, 1, 3, connections, check=64))
            self.keep("durable issue", connections,
                      issue(bench, self.server, self.keys, pids, None, 3, connections)[0])

    def keep(self, *what_and_run):
        *what, run = what_and_run
        self.runs.setdefault(tuple(what), []).append(run)


def part_volume(bench):
    """Latency is what one client sees who waits for each answer; what all of them together get out
    of a core is told beside it."""
    report = bench.report
    few, many = (FEW // 100, MANY // 1000) if bench.smoke else (FEW, MANY)
    report.title(f"SQLite: requests among {many:,} live tokens, beside those among {few:,}")
    with contextlib.ExitStack() as stack:
        pair = [Volume(bench, stack, count) for count in (few, many)]
        for _ in range(1 if bench.smoke else 7):
            for volume in pair:
                volume.measure(bench)
        for what, connections in pair[0].runs:
            runs = [volume.runs[what, connections] for volume in pair]
            if connections == 1:
                report.at_most(f"{what}, latency", paired(runs, lambda run: run.p50),
                               VOLUME_RATIO, "x among few")
            else:
                report.note(f"{what}, {connections} connections: CPU "
                            f"{paired(runs, Run.cpu_us):.2f} x among few")
            for count, some in zip((few, many), runs):
                report.note(f"among {count:,}: {statistics.median(r.rate for r in some):,.0f}/s")
                report.run(sorted(some, key=lambda run: run.p50)[len(some) // 2])


def paired(runs, figure):
    return statistics.median(figure(b) / figure(a) for a, b in zip(*runs))


# --- 5: logins ----------------------------------------------------------------------------------

LOGINS, LOGIN_MS = 10, 150
PEOPLE = 300
GATEWAY_RATIO = 1.2


def part_login(bench):
    report = bench.report
    report.title("logins (Argon2id), half by password grant, half by the login page")
    with contextlib.ExitStack() as stack:
        backend = start_backend(stack, 200)
        server = bench.server(stack)
        admin = User(server)
        client = client_for_logins(admin)
        people = [Person(server, client) for _ in range(30 if bench.smoke else PEOPLE)]
        logins = Logins(people, LOGINS, bench.seconds(20)).run()
        bench.must(len(logins.good()) + len(logins.refused()) > 0, "nobody signed in")
        report.at_most(f"p99 of {len(logins.outcomes)} logins at {LOGINS}/s",
                       percentile(logins.good(), 99), LOGIN_MS, "ms")
        report.note(f"p50 {percentile(logins.good(), 50):.0f} ms; refused {len(logins.refused())}")
        if not bench.smoke:
            login_overload(bench, people)
        report.at_most("resident memory after it", resident_mb(server.process.pid), 64, "MB")
        login_beside_gateway(bench, server, admin, backend, people)


def login_overload(bench, people):
    logins = Logins(people, 20 * LOGINS, 3, seed=2).run()
    refused, good = logins.refused(), logins.good()
    bench.must(all(outcome.retry_after for outcome in refused), "503 without Retry-After")
    bench.report.verdict(f"refused of {len(logins.outcomes)} logins at {20 * LOGINS}/s",
                         len(refused), "503, Retry-After", bool(refused), "logins")
    bench.report.note(f"{len(good)} signed in, p50 {percentile(good, 50):.0f} ms, "
                      f"p99 {percentile(good, 99):.0f} ms")


def login_beside_gateway(bench, server, admin, backend, people):
    api = admin.publish("Bench", f"http://127.0.0.1:{backend}")
    application = admin.create_application("bench", "Unlimited", "OAUTH")
    admin.subscribe(api["id"], application["applicationId"])
    token = token_of(server, admin.generate_keys(application["applicationId"]))
    load = bench.load(server.gateway("/bench/1.0.0/menu", "http"), [token], place="bearer",
                      method="GET")
    pids = {"server": server.process.pid}
    bench.warm(load, pids)
    rounds = 1 if bench.smoke else 9
    for name, pause in (("about 3,200 calls/s", 20), ("as many calls as it takes", 0)):
        ratios, alone, beside = [], [], []
        for number in range(rounds):
            alone.append(load.run(pids, bench.seconds(4), CONNECTIONS, pause))
            with Logins(people, LOGINS / 2, bench.seconds(4), seed=number):
                beside.append(load.run(pids, bench.seconds(4), CONNECTIONS, pause))
            ratios.append(beside[-1].p99 / alone[-1].p99)
        middle = rounds // 2
        figure = f"gateway's p99 beside 5 logins/s, {name}"
        if pause:
            bench.report.at_most(figure, sorted(ratios)[middle], GATEWAY_RATIO, "x alone")
        else:
            bench.report.note(f"{figure}: {sorted(ratios)[middle]:.2f} x alone")
        for what, runs in (("alone", alone), ("beside", beside)):
            bench.report.note(
                f"{what}: {sorted(run.rate for run in runs)[middle]:,.0f} calls/s, p50 "
                f"{sorted(run.p50 for run in runs)[middle]:.2f} ms, p99 "
                + ", ".join(f"{run.p99:.2f}" for run in runs) + " ms")


# --- 6: where the keys are cached ---------------------------------------------------------------

MODES = (
    ("at the gateway", [], [], "2 gateways"),
    ("at the key manager", ["gateway.key_cache=false", "key_manager.key_cache=true"],
     ["gateway.key_cache=false"], "1 gateway"),
    ("nowhere", ["gateway.key_cache=false"], ["gateway.key_cache=false"],
     f"{REPLACED_VALIDATIONS / REPLACED_CALLS:.2f} of one"),
)
CACHED_TOKENS = 100


class Pair:
    """A key manager and a gateway that asks it, as two nodes on one PostgreSQL."""

    def __init__(self, bench, stack, key_manager_settings, gateway_settings):
        postgres = stack.enter_context(PinnedPostgres())
        databases = postgres.settings()
        self.backend = start_backend(stack, 200)
        shared = [*databases, "server.workers=1"]
        self.key_manager = stack.enter_context(OtherServer(*shared, *key_manager_settings))
        admin = User(self.key_manager)
        api = admin.publish("Bench", f"http://127.0.0.1:{self.backend}")
        application = admin.create_application("bench", "Unlimited", "OAUTH")
        admin.subscribe(api["id"], application["applicationId"])
        keys = admin.generate_keys(application["applicationId"])
        self.tokens = issue_tokens(self.key_manager, keys, CACHED_TOKENS)
        folder = tempfile.mkdtemp(dir=bench.folder)
        certificate = shutil.copy(os.path.join(self.key_manager.data_dir, "tls.crt"), folder)
        shutil.copy(os.path.join(self.key_manager.data_dir, "cluster.key"), folder)
        self.gateway = stack.enter_context(PinnedServer(
            *shared, f"cluster.ca={certificate}",
            f"gateway.key_manager=https://localhost:{self.key_manager.port(9443)}",
            *gateway_settings, data_dir=folder))
        self.pids = {"server": self.gateway.process.pid,
                     "key manager": self.key_manager.process.pid,
                     "PostgreSQL": postgres.process.pid}


def part_cache(bench):
    bench.report.title(f"a gateway and a key manager, {CACHED_TOKENS} tokens, three places for the "
                       "cache")
    for name, key_manager_settings, gateway_settings, replaced in MODES:
        with contextlib.ExitStack() as stack:
            pair = Pair(bench, stack, key_manager_settings, gateway_settings)
            cache_mode(bench, pair, name, replaced)


def cache_mode(bench, pair, name, replaced):
    names = ("gatehouse_key_validations_total", "gatehouse_key_validation_reads_total")
    url = pair.gateway.gateway("/bench/1.0.0/menu", "http")
    before = [metric(pair.key_manager, one) for one in names]
    expect(call(url, headers=bearer(pair.tokens[0])), 200, "a call")
    load = bench.load(url, pair.tokens, place="bearer", method="GET")
    seconds = bench.seconds(6)
    run = load.run(pair.pids, seconds, CONNECTIONS)
    validations, reads = (metric(pair.key_manager, one) - count
                          for one, count in zip(names, before))
    calls = run.requests + 1
    at_gateway, at_key_manager = name == "at the gateway", name == "at the key manager"
    # Of equal questions that are under way at once, one is asked.
    nearly_all = 0.95 * run.requests
    bench.must(validations <= CACHED_TOKENS if at_gateway else validations >= nearly_all,
               f"{name}: {validations} validations for {calls} calls")
    reads_fit = reads <= 4 * CACHED_TOKENS if at_key_manager else reads >= nearly_all
    bench.must(at_gateway or reads_fit, f"{name}: {reads} reads for {calls} calls")
    idle = idle_cpu(pair, bench.seconds(3))
    spent = max(run.cpu["key manager"] - idle * run.seconds, 0)
    gateway_rate = run.requests / run.cpu["server"]
    carried = BUSY / (gateway_rate * spent / run.requests) if spent else float("inf")
    bench.report.note(
        f"{name + ':':<20} {run.rate:>8,.0f} calls/s measured, {gateway_rate:,.0f} calls/s and "
        f"core of the gateway; {validations} validations and {reads} reads for {calls} calls; "
        f"key manager {spent * 1e6 / run.requests:.2f} us per call, PostgreSQL "
        f"{run.cpu_us('PostgreSQL'):.2f} us; one core of key manager at {100 * BUSY:.0f} % carries "
        f"{carried:.2f} such gateways ({BUSY * run.requests / spent if spent else 0:,.0f} calls/s);"
        f" the product replaced: {replaced}")


def idle_cpu(pair, seconds):
    """What the key manager's own care costs, as a share of a core."""
    from gateway import cpu_seconds

    before = cpu_seconds(pair.pids["key manager"])
    time.sleep(seconds)
    return (cpu_seconds(pair.pids["key manager"]) - before) / seconds


PARTS = {"issue": part_issue, "postgresql": part_postgresql, "validate": part_validate,
         "volume": part_volume, "login": part_login, "cache": part_cache}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part {unknown[0]}; there are: {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder:
        os.chmod(folder, 0o755)
        bench = Bench(folder, options.smoke)
        for part in options.parts or PARTS:
            PARTS[part](bench)
    missed = bench.report.missed
    print(f"\n{len(missed)} missed" + (": " + "; ".join(missed) if missed else ""))
    return 1 if missed and not options.smoke else 0


if __name__ == "__main__":
    sys.exit(main())
