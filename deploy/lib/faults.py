# SPDX-License-Identifier: Apache-2.0
"""What `deploy/try --check --long` does to a pattern after the short form: each machine lost in
turn, minutes with nobody but gateways, wrong clocks, full disks, an upgrade. The verdict comes
from the backend's own record and from what clients got."""

import concurrent.futures
import contextlib
import email.utils
import itertools
import os
import random
import subprocess
import threading
import time

from check import Load, must, p99, say
from support.server import FORM, basic, bearer, call, form
from support.walk import DEVPORTAL, expect, token_of
from trial import until

TRIES = 200
PROPAGATION_P99_SECONDS = 0.05
ALONE_SECONDS, KEY_CACHE_SECONDS = 120, 5
CHANGES = 1000
CLOCK_SECONDS = 600
SMALL_DISK_MB = 16
CLIENTS, TOKEN_SECONDS, WAVE_SECONDS = 5000, 60, 90
MENU = "/pizza/1.0.0/menu"


def with_line(text, section, line):
    """A configuration with another line in a section, which need not be there yet."""
    head = f"[{section}]\n"
    return (text if head in text else f"{text}\n{head}").replace(head, f"{head}{line}\n")


class Faults:
    def __init__(self, check):
        self.check, self.trial, self.pattern = check, check.trial, check.pattern
        self.admin, self.gateways = check.admin, check.gateways

    def run(self):
        self.propagation()
        if len(self.gateways) > 1:
            self.check.losses(one_of_each_kind=False)
            self.alone()
            self.away()
            self.clocks()
            self.upgrade()
            self.short_tokens()
        self.full_disk()

    # --- helpers --------------------------------------------------------------------------------

    def secret(self):
        keys = self.check.keys
        return basic(keys["consumerKey"], keys["consumerSecret"])

    def revoke(self, token):
        return call(self.trial.url("/oauth2/revoke"), "POST", form(token=token),
                    {**FORM, **self.secret()}).status

    def again(self, machine):
        """From a crash."""
        self.trial.kill(machine)
        self.check.lines.pop(machine.name, None)
        self.trial.start(machine)

    def answer_of(self, gateway, token):
        """The whole answer, asked from where the balancer is."""
        with self.trial.machines.inside(self.trial.entry):
            return call(f"http://{gateway.address}:8280{MENU}", headers=bearer(token), timeout=10)

    def known_to(self, gateway):
        return call(f"http://{gateway.address}:9763/snapshot").json()

    def clock_of(self, machine):
        """As its process says."""
        text = call(f"http://{machine.address}:9763/metrics").headers["date"]
        return email.utils.parsedate_to_datetime(text).timestamp()

    def same_knowledge(self, gateway, seconds=30):
        """Seconds until it knows what the others of its environment know."""
        other = next(one for one in self.gateways if one is not gateway)
        return until(f"{gateway.name} knows what {other.name} knows",
                     lambda: self.known_to(gateway) == self.known_to(other), seconds)

    # --- what is looked at ----------------------------------------------------------------------

    def propagation(self):
        published, revoked = self.check.propagation(TRIES)
        for what, times in (("publish to callable", published), ("revoke to refused", revoked)):
            must(p99(times) <= PROPAGATION_P99_SECONDS, f"{what}: p99 {p99(times):.3f} s")

    def alone(self):
        """Two minutes without anybody who could say what a token is worth, with a cache that wants
        to be told every few seconds, and a restart in the middle."""
        if not all(one.settings.get("gateway.key_cache", True) for one in self.gateways):
            return
        for gateway in self.gateways:
            self.trial.configure(gateway, lambda text: with_line(
                text, "gateway", f"key_cache_ttl_s = {KEY_CACHE_SECONDS}"))
            self.again(gateway)
        known, revoked, unknown = (token_of(self.trial, self.check.keys) for _ in range(3))
        for token in (known, revoked):
            self.check.at_gateways(lambda gateway, it=token: must(
                self.check.ask(gateway, it, MENU) == 200, "not served before the cut"))
        must(self.revoke(revoked) == 200, "a token could not be revoked")
        self.check.at_gateways(lambda gateway: until(
            "what is revoked is refused",
            lambda: self.check.ask(gateway, revoked, MENU) == 401, 5))
        time.sleep(1.5)  # the journal of remembered tokens is a second behind at most
        others = [one for one in self.pattern.machines
                  if one not in (*self.gateways, self.pattern.balancer("external"))]
        with Load(self.check, [known]) as before:
            for machine in others:
                self.trial.machines.cut(machine)
            time.sleep(ALONE_SECONDS / 2)
        # It looks for missed revocations before it believes what it remembers.
        self.again(self.gateways[0])
        took = until("a gateway that was started alone serves whom it knew",
                     lambda: self.answer_of(self.gateways[0], known).status == 200, 10)
        for gateway in self.gateways:
            self.verdicts_alone(gateway, known, revoked, unknown)
        with Load(self.check, [known]) as after:
            time.sleep(ALONE_SECONDS / 2)
        for machine in others:
            self.trial.machines.join(machine)
        answers = before.answers + after.answers
        lost = [one for one in answers if one != 200]
        must(not lost, f"{len(lost)} of {len(answers)} calls lost: {lost[:5]}")
        back = until("a token that was unknown is served again", lambda: self.answer_of(
            self.gateways[0], unknown).status == 200, 30)
        say(f"{ALONE_SECONDS} s with gateways alone, the cache asking every {KEY_CACHE_SECONDS} s: "
            f"{len(answers)} calls, none lost; one that was killed and started meanwhile serves "
            f"whom it knew after {took:.2f} s; unknown tokens get 503, revoked ones are refused; "
            f"all is well {back:.1f} s after")

    def verdicts_alone(self, gateway, known, revoked, unknown):
        must(self.answer_of(gateway, known).status == 200, f"{gateway.name} forgot whom it knew")
        answer = self.answer_of(gateway, unknown)
        must(answer.status == 503 and b"900900" in answer.body and "retry-after" in answer.headers,
             f"{gateway.name} says of a token that nobody can judge: {answer!r}")
        answer = self.answer_of(gateway, revoked)
        # One that was started since has forgotten it, and can ask nobody.
        must(answer.status in (401, 503), f"{gateway.name} says of a revoked token: {answer!r}")

    def away(self):
        """A thousand changes while a gateway is away."""
        gateway = self.gateways[-1]
        self.trial.kill(gateway)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(self.two_changes, (f"away-{i}" for i in range(CHANGES // 2))))
        self.check.lines.clear()
        self.trial.start(gateway)
        took = self.same_knowledge(gateway)
        say(f"{CHANGES} changes while {gateway.name} was away: it knows the same as the others "
            f"{took:.2f} s after it serves")

    def two_changes(self, name):
        made = self.admin.create_application(name, "Unlimited", "OAUTH")
        self.admin.subscribe(self.check.api["id"], made["applicationId"])

    def clocks(self):
        """Machines whose clock is ten minutes off, one after the other."""
        for machine in (self.gateways[-1], *self.pattern.nodes("key-manager")[-1:]):
            self.trial.clocks[machine.name] = CLOCK_SECONDS
            self.again(machine)
            ahead = self.clock_of(machine) - time.time()
            must(abs(ahead - CLOCK_SECONDS) < 5, f"{machine.name} is {ahead:.0f} s ahead")
            tokens = [token_of(self.trial, self.check.keys) for _ in range(4)]
            for token in tokens:
                self.check.at_gateways(lambda gateway, it=token: must(
                    self.check.ask(gateway, it, MENU) == 200,
                    f"{gateway.name} refuses a token with the clock of {machine.name} off"))
            self.check.limit(f"Clock-{machine.name}")
            del self.trial.clocks[machine.name]
            self.again(machine)
            say(f"with the clock of {machine.name} {CLOCK_SECONDS} s ahead: tokens and limits hold")

    def full_disk(self):
        """A gateway whose disk is full serves on, and learns."""
        gateway = self.gateways[0]
        self.trial.kill(gateway)
        place, disk = self.trial.data(gateway), os.path.join(self.trial.folder, "small-disk")
        os.makedirs(disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_MB}m", "tmpfs", disk],
                       check=True)
        try:
            self.trial.configure(gateway, lambda text: text.replace(place, disk))
            self.check.lines.clear()
            self.trial.start(gateway)
            with contextlib.suppress(OSError), open(os.path.join(disk, "filler"), "wb") as filler:
                while True:
                    filler.write(b"x" * 65536)
                    filler.flush()
            must(os.statvfs(disk).f_bavail == 0, "the disk is not full")
            if len(self.gateways) > 1:
                with Load(self.check) as load:
                    for number in range(50):
                        self.two_changes(f"full-{number}")
                    self.same_knowledge(gateway)
                lost = [one for one in load.answers if one != 200]
                must(not lost, f"{len(lost)} of {len(load.answers)} calls lost: {lost[:5]}")
            else:
                must(self.check.call(self.check.token).status == 200, "a full disk stops calls")
            os.remove(os.path.join(disk, "filler"))
            say(f"{gateway.name} with a full disk: serves, and learns what changes")
        finally:
            with contextlib.suppress(KeyError):
                self.trial.kill(gateway)
            self.trial.configure(gateway, lambda text: text.replace(disk, place))
            subprocess.run(["umount", disk], check=True)
        self.check.lines.clear()
        self.trial.start(gateway)
        must(self.check.call(self.check.token).status == 200, "not served after the full disk")

    def upgrade(self):
        """Every node is told to stop and started again, one after the other."""
        order = [one for role in ("publisher", "devportal", "admin", "key-manager",
                                  "traffic-manager", "gateway")
                 for one in self.pattern.nodes(role)]
        longest = 0
        with Load(self.check) as load, TokenLoad(self) as tokens:
            for machine in {one.name: one for one in order}.values():
                began = time.monotonic()
                self.trial.stop(machine)
                longest = max(longest, time.monotonic() - began)
                self.trial.start(machine)
                time.sleep(0.5)
        self.check.lines.clear()
        lost = {what: [one for one in answers if one != 200] for what, answers in
                (("calls", load.answers), ("tokens", tokens.answers))}
        must(not lost["calls"], f"{len(lost['calls'])} calls lost: {lost['calls'][:5]}")
        # Nobody gives tokens while the only one who does is started again.
        alone = len(self.pattern.nodes("key-manager")) == 1
        must(alone or not lost["tokens"], f"{len(lost['tokens'])} lost: {lost['tokens'][:5]}")
        say(f"every node stopped and started, one after the other: {len(load.answers)} calls, none "
            f"lost, and {len(tokens.answers)} tokens, {len(lost['tokens'])} lost; the longest "
            f"drain {longest:.0f} s")

    def short_tokens(self):
        """What pattern 2 is for: many clients with tokens of a minute."""
        if not self.pattern.name.startswith("pattern-2/"):
            return
        application = self.admin.create_application("short", "Unlimited", "OAUTH")
        self.admin.subscribe(self.check.api["id"], application["applicationId"])
        keys = self.admin.must(200, "POST", f"{DEVPORTAL}/applications/"
                               f"{application['applicationId']}/generate-keys",
                               {"keyType": "PRODUCTION", "validityTime": TOKEN_SECONDS,
                                "grantTypesToBeSupported": ["client_credentials"]}).json()
        wave = Wave(self.trial, basic(keys["consumerKey"], keys["consumerSecret"]))
        wave.run()
        must(not wave.failed, f"{len(wave.failed)} failed: {wave.failed[:3]}")
        must(len({token for token, _ in wave.tokens}) == len(wave.tokens),
             "two clients got the same token")
        say(f"{CLIENTS} clients with tokens of {TOKEN_SECONDS} s for {WAVE_SECONDS} s: "
            f"{len(wave.renewals)} renewals, p99 {1e3 * p99(wave.renewals):.0f} ms; "
            f"{len(wave.calls)} calls, p99 {1e3 * p99(wave.calls):.0f} ms; none failed")


class TokenLoad:
    """Somebody asks for a token through the gateways ten times a second, until it ends."""

    def __init__(self, faults):
        self.faults, self.answers, self.over = faults, [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        url = self.faults.trial.gateway("/token")
        while not self.over.wait(0.1):
            try:
                self.answers.append(call(url, "POST", form(grant_type="client_credentials"),
                                         {**FORM, **self.faults.secret()}, timeout=10).status)
            except OSError as error:
                self.answers.append(error)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class Wave:
    """CLIENTS clients, each of which renews its token as soon as it has expired, and calls with
    it. A client that is a process of its own would do the same: one of some threads stands in."""

    THREADS = 8

    def __init__(self, trial, secret):
        self.trial, self.secret = trial, secret
        self.renewals, self.calls, self.failed = [], [], []
        self.tokens = []  # (token, when it was made)

    def run(self):
        began = time.monotonic()
        threads = [threading.Thread(target=self.clients, args=(number, began))
                   for number in range(self.THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def clients(self, number, began):
        """Client i renews at i/CLIENTS of each TOKEN_SECONDS."""
        step = TOKEN_SECONDS / CLIENTS
        for turn in itertools.count(number, self.THREADS):
            due = began + turn * step
            if due > began + WAVE_SECONDS:
                return
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                self.renew()
            except (OSError, AssertionError) as error:
                self.failed.append(error)

    def renew(self):
        began = time.monotonic()
        token = expect(call(self.trial.gateway("/token"), "POST",
                            form(grant_type="client_credentials"), {**FORM, **self.secret}),
                       200, "renew").json()["access_token"]
        self.renewals.append(time.monotonic() - began)
        self.tokens.append((token, time.monotonic()))
        # One call with it, and one of another client, whose token lives for five seconds yet.
        other, made = random.choice(self.tokens[-CLIENTS:])
        lives = time.monotonic() - made < TOKEN_SECONDS - 5
        for one in (token, other if lives else token):
            began = time.monotonic()
            expect(call(self.trial.gateway(MENU), headers=bearer(one)), 200, "call")
            self.calls.append(time.monotonic() - began)
