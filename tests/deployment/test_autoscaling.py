# SPDX-License-Identifier: Apache-2.0
"""When a layer is scaled: looks at its nodes in, decisions out."""

import os
import sys
import unittest

from support.server import ROOT

sys.path.insert(0, os.path.join(ROOT, "deploy", "lib"))

from autoscaling import Decider, Look, Rules, look, read  # noqa: E402

RULES = Rules(least=2, most=4, busy_high=0.7, busy_low=0.3, p99_high=0.1, looks_up=2, looks_down=3)
BUSY, SLOW, CALM, IDLE = (0.9, 0.01), (0.1, 0.5), (0.5, 0.01), (0.1, 0.01)
PAGE = """# TYPE process_cpu_seconds_total gauge
process_cpu_seconds_total {cpu}
gatehouse_node_cores 2
gatehouse_gateway_latency_seconds_bucket{{worker="0",le="0.001"}} {quick}
gatehouse_gateway_latency_seconds_bucket{{worker="0",le="0.128"}} {all}
gatehouse_gateway_latency_seconds_bucket{{worker="0",le="+Inf"}} {all}
gatehouse_gateway_latency_seconds_bucket{{worker="1",le="0.001"}} {quick}
gatehouse_gateway_latency_seconds_bucket{{worker="1",le="0.128"}} {all}
gatehouse_gateway_latency_seconds_bucket{{worker="1",le="+Inf"}} {all}
"""


class Decisions(unittest.TestCase):
    def test_follow_the_rules(self):
        for name, looks, decisions in (
                ("busy twice in a row", [(2, BUSY), (2, BUSY)], [0, 1]),
                ("slow twice in a row", [(2, SLOW), (2, SLOW)], [0, 1]),
                ("one peak is none", [(2, BUSY), (2, CALM), (2, BUSY)], [0, 0, 0]),
                ("after a step it waits again", [(2, BUSY)] * 2 + [(3, BUSY)] * 2, [0, 1, 0, 1]),
                ("never more than the most", [(4, BUSY)] * 3, [0, 0, 0]),
                ("idle for long", [(3, IDLE)] * 3, [0, 0, -1]),
                ("a lull is not long", [(3, IDLE), (3, IDLE), (3, CALM), (3, IDLE)], [0] * 4),
                ("never fewer than the least", [(2, IDLE)] * 4, [0] * 4),
                ("between the bounds nothing changes", [(3, CALM)] * 8, [0] * 8),
                ("too few at once", [(1, IDLE)], [1]),
                ("too many at once", [(5, BUSY)], [-1])):
            with self.subTest(name):
                decider = Decider(RULES)
                self.assertEqual([decider.decide(Look(nodes, *seen)) for nodes, seen in looks],
                                 decisions)

    def test_none_is_drained_that_would_be_missed(self):
        rules = Rules(least=1, most=4, busy_high=0.5, busy_low=0.4, looks_down=1)
        self.assertEqual(Decider(rules).decide(Look(2, 0.3, 0)), 0)  # 0.6 for the one that stays
        self.assertEqual(Decider(rules).decide(Look(4, 0.3, 0)), -1)  # 0.4 for three


class Looks(unittest.TestCase):
    def test_are_what_happened_between_two_readings(self):
        before = {"a": read(PAGE.format(cpu=10, quick=50, all=50)),
                  "b": read(PAGE.format(cpu=20, quick=0, all=0))}
        after = {"a": read(PAGE.format(cpu=14, quick=149, all=150)),
                 "b": read(PAGE.format(cpu=22, quick=0, all=0)),
                 "c": read(PAGE.format(cpu=1, quick=0, all=0))}  # has just come
        self.assertEqual(look(before, after, 5), Look(3, 6 / (5 * 4), 0.001))
        after["b"] = read(PAGE.format(cpu=22, quick=0, all=2))
        self.assertEqual(look(before, after, 5).p99, 0.128)

    def test_without_calls_nothing_is_slow(self):
        page = {"a": read(PAGE.format(cpu=0, quick=0, all=0))}
        self.assertEqual(look(page, page, 1), Look(1, 0.0, 0.0))
