# SPDX-License-Identifier: Apache-2.0
"""The line between the two networks of a trial, at its router: cut, slow, late, lossy."""

import os
import subprocess
import sys

from machines import PREFIX, ip

DELAY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "delay.py")
DEVICE, TABLE = "late", "100"
SIDES = ("eth0", "eth1")  # of the router: this network, and the other one


class Line:
    """Use as a context manager; good at first, and left good."""

    def __init__(self, router):
        self.name = PREFIX + router.name
        self.delay = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.mend()

    def run(self, *command, text=None):
        subprocess.run(["ip", "netns", "exec", self.name, *command], input=text, text=True,
                       check=True)

    def rule(self, verdict):
        """For what comes from either side; what was delayed comes from neither."""
        self.run("nft", "-f", "-", text=f"""
table inet line {{
  chain forward {{
    type filter hook forward priority -10; policy accept;
    iifname {{ {', '.join(SIDES)} }} {verdict}
  }}
}}
""")

    def cut(self):
        """Nothing passes, and nobody is told."""
        self.mend()
        self.rule("drop")

    def spoil(self, delay_ms, loss_percent, rate):
        """Round trips take `delay_ms` longer; `rate`, as tc has it, is for each direction."""
        self.mend()
        self.rule(f"numgen random mod 100 < {loss_percent} drop")
        for side in SIDES:
            self.run("tc", "qdisc", "add", "dev", side, "root", "tbf", "rate", rate,
                     "burst", "64kb", "latency", "500ms")
        self.delay = subprocess.Popen(
            ["ip", "netns", "exec", self.name, sys.executable, DELAY, DEVICE, str(delay_ms / 2)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        if self.delay.stdout.readline() != "ready\n":
            raise RuntimeError(f"{DELAY} does not run")
        # Packets come back on a way that their sender is not on.
        for one in ("all", DEVICE):
            self.run("sh", "-c", 'echo 0 >"/proc/sys/net/ipv4/conf/$0/rp_filter"', one)
        ip("-n", self.name, "link", "set", DEVICE, "up")
        ip("-n", self.name, "route", "add", "default", "dev", DEVICE, "table", TABLE)
        for side in SIDES:
            ip("-n", self.name, "rule", "add", "iif", side, "lookup", TABLE)

    def mend(self):
        if self.delay:
            for side in SIDES:
                ip("-n", self.name, "rule", "delete", "iif", side, "lookup", TABLE)
                self.run("tc", "qdisc", "delete", "dev", side, "root")
            self.delay.stdin.close()
            self.delay.stdout.close()
            self.delay.wait()
            self.delay = None
        self.run("nft", "-f", "-", text="table inet line\ndelete table inet line\n")
