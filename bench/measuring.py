# SPDX-License-Identifier: Apache-2.0
"""How the load benchmarks measure: wrk on one core, servers on the other, CPU time from /proc; and
the table in which each figure stands beside what it must be."""

import os
import re
import subprocess

from gateway import LOAD_CORE, cpu_seconds, write
from support.postgres import Postgres

LUA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "load.lua")
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(\D+)", text).groups()
    return float(number) * UNITS[unit]


class PinnedPostgres(Postgres):
    def as_user(self, program, *arguments):
        prepared = super().as_user(program, *arguments)
        prepared["args"] = ["taskset", "-c", LOAD_CORE, *prepared["args"]]
        return prepared


class Load:
    """Requests of one kind: each line of `lines` in turn, as a body or as a bearer token."""

    def __init__(self, folder, url, lines, headers=None, place="body", method="POST"):
        self.url, self.place, self.method = url, place, method
        self.headers = headers or {}
        self.file = os.path.join(folder, f"load-{len(os.listdir(folder))}")
        write(self.file, "\n".join(lines) + "\n")

    def run(self, pids, seconds, connections=32, pause=0):
        """What wrk says, and the CPU seconds of each process by name in `pids`."""
        command = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
                   "--latency", "-s", LUA]
        for name, value in self.headers.items():
            command += ["-H", f"{name}: {value}"]
        command += [self.url, "--", self.file, self.place, self.method, str(pause)]
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        cpu = {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}
        requests, took = re.search(r"(\d+) requests in ([\d.]+\D+),", output).groups()
        if "Non-2xx" in output or "Socket errors" in output or requests == "0":
            raise RuntimeError(f"{self.url}: not every call was answered well\n{output}")
        return Run(int(requests), milliseconds(took) / 1e3, cpu, output)


class Run:
    def __init__(self, requests, seconds, cpu, output):
        self.requests, self.seconds, self.cpu = requests, seconds, cpu
        self.rate = requests / seconds
        self.p50, self.p99 = (milliseconds(re.search(rf" {part}%\s+(\S+)", output).group(1))
                              for part in (50, 99))

    def cpu_us(self, name="server"):
        return self.cpu[name] * 1e6 / self.requests


class Report:
    """Figures, each with its requirement; `missed` holds the names of those that fall short."""

    def __init__(self):
        self.missed = []

    def title(self, text):
        print(f"\n== {text}", flush=True)

    def note(self, text):
        print(f"   {text}", flush=True)

    def at_least(self, name, value, needed, unit):
        self.verdict(name, value, f">= {needed:,.0f} {unit}", value >= needed, unit)

    def at_most(self, name, value, needed, unit):
        self.verdict(name, value, f"<= {needed:g} {unit}", value <= needed, unit)

    def verdict(self, name, value, needed, met, unit):
        number = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
        print(f"{name:<52}{number:>10} {unit:<12} needed {needed:<22}"
              f"{'met' if met else 'MISSED'}", flush=True)
        if not met:
            self.missed.append(name)

    def run(self, run, more=""):
        """The particulars of a run below its verdict."""
        shares = ", ".join(f"{name} {run.cpu_us(name):.1f} us" for name in run.cpu)
        self.note(f"CPU per request: {shares}; server busy "
                  f"{100 * run.cpu['server'] / run.seconds:.0f} %; "
                  f"p50 {run.p50:.2f} ms, p99 {run.p99:.2f} ms{more}")

    def rivals(self, measured, unit, **published):
        """Published figures of others, and how many times as much ours is."""
        rows = ", ".join(f"{name} {value:,} (x {measured / value:.1f})"
                         for name, value in published.items())
        self.note(f"published by others, {unit}: {rows}")
