#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""script/bench gateway: CPU time of a proxied request, beside the rivals.

Every proxy runs one worker on one core; the backend and wrk run on the other. Rounds are
interleaved, so a slow moment of the machine meets all of them. The figure is CPU time from the
operating system (all threads of the proxy) divided by requests; ratios are taken round by round.

Budget: our gateway with opaque token, subscription, finite limits, usage and access log costs at
most 0.75 of nginx `proxy_pass` (with its access log) and 1.25 of the raw relay.
"""

import argparse
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests"))

from support.ports import free_port  # noqa: E402
from support.server import Server, call  # noqa: E402
from support.walk import User, token_of  # noqa: E402

BUILD = os.path.join(ROOT, "build", "release")
PROXY_CORE, LOAD_CORE = "0", "1"
# (ours, rival): the most that the ratio may be. Each pair sends the same bytes.
BUDGETS = {
    ("gatehouse-opaque", "nginx"): 0.75,
    ("gatehouse-opaque", "relay"): 1.25,
    ("gatehouse-jwt", "nginx-jwt"): 0.70,
}
PATH = "/bench/1.0.0/menu"

NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  keepalive_requests 100000000;
  upstream backend {{ server 127.0.0.1:{backend}; keepalive 128; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
    }}
  }}
}}
"""

HAPROXY = """
global
  nbthread 1
  maxconn 2000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend main
  bind 127.0.0.1:{port}
{checks}  default_backend app
backend app
  server s1 127.0.0.1:{backend} pool-max-conn 128
"""

HAPROXY_CHECKS = """  stick-table type string len 64 size 10k expire 10m store http_req_rate(60s)
  http-request set-var(txn.bearer) http_auth_bearer
  http-request set-var(txn.good) var(txn.bearer),jwt_verify(txn.alg,"{public_key}")
  http-request deny deny_status 401 unless {{ var(txn.good) -m int 1 }}
  http-request track-sc0 var(txn.bearer)
  http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt 100000000 }}
"""


def cpu_seconds(pid):
    """User and system time of a process and its children, all threads."""
    total = 0.0
    tick = os.sysconf("SC_CLK_TCK")
    pids = [pid]
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        pids += [int(child) for child in children.read().split()]
    for one in pids:
        # schedstat counts nanoseconds; stat only ticks.
        tasks = f"/proc/{one}/task"
        for task in os.listdir(tasks):
            with contextlib.suppress(OSError):
                with open(f"{tasks}/{task}/schedstat", encoding="ascii") as stat:
                    total += int(stat.read().split()[0]) / 1e9
    return total or tick


def wait_for(port):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            call(f"http://127.0.0.1:{port}/", timeout=2)
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing answers on port {port}")


class Proxy:
    """Something that is measured: where it listens, which process it is, what is sent."""

    def __init__(self, name, port, pid, token):
        self.name, self.port, self.pid = name, port, pid
        self.headers = [f"Authorization: Bearer {token}"]

    def load(self, seconds, connections, script=None):
        command = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
                   "--latency", f"http://127.0.0.1:{self.port}{PATH}"]
        for header in self.headers:
            command += ["-H", header]
        if script:
            command += ["-s", script]
        before = cpu_seconds(self.pid)
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        used = cpu_seconds(self.pid) - before
        requests = int(re.search(r"(\d+) requests in", output).group(1))
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
        if bad or requests == 0:
            raise RuntimeError(f"{self.name}: refused calls\n{output}")
        return {
            "cpu_us": used * 1e6 / requests,
            "rate": rate,
            "p50": re.search(r" 50%\s+(\S+)", output).group(1),
            "p99": re.search(r" 99%\s+(\S+)", output).group(1),
        }


def pinned(command, core=PROXY_CORE, **more):
    return subprocess.Popen(["taskset", "-c", core, *command], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


def start_rivals(stack, folder, backend, tokens, public_key):
    def run(command, core=PROXY_CORE):
        process = pinned(command, core)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        return process.pid

    proxies = []
    port = free_port()
    relay = run([f"{BUILD}/bench/bench_relay", str(port), str(backend)])
    proxies.append(Proxy("relay", port, relay, tokens["OAUTH"]))
    port = free_port()
    write(f"{folder}/nginx.conf", NGINX.format(folder=folder, backend=backend, port=port))
    nginx = run(["nginx", "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"])
    proxies.append(Proxy("nginx", port, nginx, tokens["OAUTH"]))
    proxies.append(Proxy("nginx-jwt", port, nginx, tokens["JWT"]))
    port = free_port()
    write(f"{folder}/plain.cfg", HAPROXY.format(port=port, backend=backend, checks=""))
    plain = run(["haproxy", "-f", f"{folder}/plain.cfg"])
    proxies.append(Proxy("haproxy", port, plain, tokens["OAUTH"]))
    port = free_port()
    write(f"{folder}/key.pem", public_key)
    checks = HAPROXY_CHECKS.format(public_key=f"{folder}/key.pem")
    checks = "  http-request set-var(txn.alg) str(RS256)\n" + checks
    write(f"{folder}/checks.cfg", HAPROXY.format(port=port, backend=backend, checks=checks))
    checked = run(["haproxy", "-f", f"{folder}/checks.cfg"])
    proxies.append(Proxy("haproxy-jwt-limit", port, checked, tokens["JWT"]))
    for proxy in proxies:
        wait_for(proxy.port)
    return proxies


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def start_backend(stack, bytes_each):
    port = free_port()
    process = pinned([f"{BUILD}/bench/bench_backend", str(port), str(bytes_each)], LOAD_CORE)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    wait_for(port)
    return port


class PinnedServer(Server):
    def command(self):
        return ["taskset", "-c", PROXY_CORE, *super().command()]


def set_up_gateway(server, backend):
    """An API with finite limits at each level, and a token of each kind."""
    admin = User(server)
    for level, name in (("application", "AppLimit"), ("subscription", "SubLimit"),
                        ("advanced", "ApiLimit")):
        admin.create_policy(level, name, 1_000_000_000)
    api = admin.publish("Bench", f"http://127.0.0.1:{backend}", policies=["SubLimit"],
                        apiThrottlingPolicy="ApiLimit")
    tokens = {}
    for kind in ("OAUTH", "JWT"):
        application = admin.create_application("bench-" + kind, "AppLimit", kind)
        admin.subscribe(api["id"], application["applicationId"], "SubLimit")
        tokens[kind] = token_of(server, admin.generate_keys(application["applicationId"]))
    return tokens


def public_key_of(server, folder):
    """The first RSA key of our JWKS as PEM, for HAProxy."""
    import base64

    keys = call(server.url("/oauth2/jwks")).json()["keys"]
    key = next(key for key in keys if key["kty"] == "RSA")
    number = {
        name: int.from_bytes(base64.urlsafe_b64decode(key[name] + "=="), "big") for name in "ne"
    }
    write(f"{folder}/key.asn1", "asn1=SEQUENCE:spki\n"
          "[spki]\nalg=SEQUENCE:rsa\nkey=BITWRAP,SEQUENCE:pub\n"
          "[rsa]\noid=OID:rsaEncryption\nnull=NULL\n[pub]\n"
          f"n=INTEGER:{number['n']}\ne=INTEGER:{number['e']}\n")
    subprocess.run(["openssl", "asn1parse", "-genconf", f"{folder}/key.asn1", "-out",
                    f"{folder}/key.der", "-noout"], check=True, capture_output=True)
    command = ["openssl", "rsa", "-pubin", "-inform", "DER", "-in", f"{folder}/key.der"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def print_results(results, rounds):
    names = list(results)
    print(f"\n{'proxy':<20}{'CPU us/req':>12}{'req/s':>12}{'p50':>10}{'p99':>10}")
    for name in names:
        rows = results[name]
        print(f"{name:<20}{statistics.median(r['cpu_us'] for r in rows):>12.2f}"
              f"{statistics.median(r['rate'] for r in rows):>12.0f}"
              f"{rows[len(rows) // 2]['p50']:>10}{rows[len(rows) // 2]['p99']:>10}")
    print(f"\nratios of CPU per request, median of {rounds} paired rounds")
    missed = []
    for ours in [name for name in names if name.startswith("gatehouse")]:
        for rival in [name for name in names if not name.startswith("gatehouse")]:
            ratio = statistics.median(a["cpu_us"] / b["cpu_us"]
                                      for a, b in zip(results[ours], results[rival]))
            budget = BUDGETS.get((ours, rival))
            verdict = ""
            if budget is not None:
                verdict = f"  budget {budget}: " + ("met" if ratio <= budget else "MISSED")
            print(f"{ours} / {rival:<20}{ratio:>8.3f}{verdict}")
            if budget is not None and ratio > budget:
                missed.append((ours, rival, ratio))
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--bytes", type=int, default=200)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-bench-"))
        os.chmod(folder, 0o755)
        backend = start_backend(stack, options.bytes)
        server = stack.enter_context(PinnedServer("server.workers=1"))
        tokens = set_up_gateway(server, backend)
        proxies = start_rivals(stack, folder, backend, tokens, public_key_of(server, folder))
        for kind, token in tokens.items():
            name = "gatehouse-" + ("opaque" if kind == "OAUTH" else "jwt")
            proxies.append(Proxy(name, server.port(8280), server.process.pid, token))
        for proxy in proxies:
            proxy.load(1, options.connections)
        results = {proxy.name: [] for proxy in proxies}
        for number in range(options.rounds):
            for proxy in proxies:
                results[proxy.name].append(proxy.load(options.seconds, options.connections))
            print(f"round {number + 1}: " + ", ".join(
                f"{name} {rows[-1]['cpu_us']:.1f}" for name, rows in results.items()), flush=True)
        return 1 if print_results(results, options.rounds) else 0


if __name__ == "__main__":
    sys.exit(main())
