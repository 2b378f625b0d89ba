# SPDX-License-Identifier: Apache-2.0
"""When a layer needs a node more, and when it can do with one less."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Rules:
    least: int = 2
    most: int = 6
    busy_high: float = 0.7  # of the cores of all nodes together
    busy_low: float = 0.3
    p99_high: float = 0.1  # seconds
    looks_up: int = 2  # in a row that must say so before one is added
    looks_down: int = 6  # and before one is drained: a lull is not the end of the day


@dataclasses.dataclass(frozen=True)
class Look:
    nodes: int
    busy: float  # 0 to 1
    p99: float  # seconds; 0 without calls


class Decider:
    """Told of one look after the other, in equal distances."""

    def __init__(self, rules):
        self.rules = rules
        self.high = self.low = 0

    def decide(self, look):
        """1: add a node, -1: drain one, 0: leave it."""
        rules = self.rules
        if look.nodes < rules.least:
            return self.step(1)
        if look.nodes > rules.most:
            return self.step(-1)
        self.high = self.high + 1 if self.is_high(look) else 0
        self.low = self.low + 1 if self.is_low(look) else 0
        if self.high >= rules.looks_up and look.nodes < rules.most:
            return self.step(1)
        if self.low >= rules.looks_down and look.nodes > rules.least:
            return self.step(-1)
        return 0

    def step(self, by):
        """What comes next is judged by itself."""
        self.high = self.low = 0
        return by

    def is_high(self, look):
        return look.busy > self.rules.busy_high or look.p99 > self.rules.p99_high

    def is_low(self, look):
        """Only if those who stay would not be busy at once: else it goes up and down forever."""
        if look.nodes < 2 or self.is_high(look) or look.busy >= self.rules.busy_low:
            return False
        return look.busy * look.nodes / (look.nodes - 1) < self.rules.busy_high


# --- what nodes say -----------------------------------------------------------------------------

LATENCY = "gatehouse_gateway_latency_seconds_bucket"


def read(text):
    """(CPU seconds so far, cores, {upper bound in seconds: calls so far}) of a /metrics page."""
    values = {"process_cpu_seconds_total": 0.0, "gatehouse_node_cores": 1.0}
    buckets = {}
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if name in values:
            values[name] = float(value)
        elif name.startswith(LATENCY):
            bound = float(re.search(r'le="([^"]+)"', name).group(1))
            buckets[bound] = buckets.get(bound, 0.0) + float(value)
    return values["process_cpu_seconds_total"], values["gatehouse_node_cores"], buckets


def look(before, after, seconds):
    """What happened between two readings, {node: read()} each, `seconds` apart."""
    nodes = [node for node in after if node in before]
    used = sum(max(0.0, after[node][0] - before[node][0]) for node in nodes)
    cores = sum(after[node][1] for node in nodes)
    buckets = {}
    for node in nodes:
        for bound, calls in after[node][2].items():
            gained = calls - before[node][2].get(bound, 0.0)
            buckets[bound] = buckets.get(bound, 0.0) + gained
    return Look(len(after), used / (seconds * cores) if cores else 0.0, p99_of(buckets))


def p99_of(buckets):
    """The bound below which 99 of 100 calls are."""
    total = max(buckets.values(), default=0.0)
    if not total:
        return 0.0
    return next(bound for bound in sorted(buckets) if buckets[bound] >= 0.99 * total)
