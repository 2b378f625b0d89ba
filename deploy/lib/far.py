# SPDX-License-Identifier: Apache-2.0
"""What `deploy/try 5 --check` does to the line between the networks."""

import contextlib
import socket
import time

from line import Line
from patterns import crossings
from support.server import FORM, basic, call, form
from support.walk import expect, token_of
from trial import until

CUT_SECONDS, LONG_CUT_SECONDS = 10, 300
CHANGES = 5  # while the line is cut
# A question that was lost in the cut is asked again after 16 s at most.
CAUGHT_UP_SECONDS = 20
DELAY_MS, LOSS_PERCENT, RATE = 200, 5, "10mbit"
BAD_TRIES, LONG_BAD_TRIES = 5, 50
# Each loss of a packet costs a round trip or more, and there are several in a row at times.
BAD_SECONDS = 20
PORTS = (22, 443, 4222, 5432, 6222, 8243, 8280, 9443, 9763)
MENU = "/pizza/1.0.0/menu"


def must(holds, what):
    if not holds:
        raise AssertionError(what)


class Far:
    """`check`: a check.Check whose walk has been done; `load`: its class of callers."""

    def __init__(self, check, load, long=False):
        self.check, self.load, self.long = check, load, long
        self.prefix = "Long" if long else ""  # both forms may run in one trial
        self.trial, self.pattern = check.trial, check.pattern
        self.secret = basic(check.keys["consumerKey"], check.keys["consumerSecret"])

    def run(self, say):
        self.say = say
        self.reach()
        with Line(self.pattern.of("router")[0]) as line:
            self.cut(line)
            self.bad(line)

    def reach(self):
        """Who is in the other network opens what the description says, and nothing else here."""
        allowed = {(source.name, target.name, port) for port, sources, targets
                   in crossings(self.pattern) for source in sources for target in targets}
        here = [one for one in self.pattern.machines if not one.far]
        reached = set()
        there = [self.pattern.balancer("external"), *self.check.gateways]
        for source in there:
            with self.trial.machines.inside(source):
                reached |= {(source.name, target.name, port) for target, port
                            in reachable([(one, port) for one in here for port in PORTS])}
        must(reached == allowed, f"from the other network is open: {sorted(reached ^ allowed)}")
        self.say(f"the other network opens {len(allowed)} of {len(there) * len(here) * len(PORTS)} "
                 "doors here: 443 of the balancer for it, and the bus")

    # --- a cut ----------------------------------------------------------------------------------

    def cut(self, line):
        seconds = LONG_CUT_SECONDS if self.long else CUT_SECONDS
        check = self.check
        check.lines.clear()  # of a gateway that was killed
        known = [token_of(self.trial, check.keys) for _ in range(3)]
        taken_back, known = known[0], known[1:]
        for token in (taken_back, *known):
            check.at_gateways(lambda gateway, it=token: must(
                check.ask(gateway, it, MENU) == 200, "not served before the cut"))
        with self.load(check, known) as load:
            line.cut()
            began = time.monotonic()
            self.revoke(taken_back)
            paths = [self.publish(f"{self.prefix}Cut{number}") for number in range(CHANGES)]
            unknown = token_of(self.trial, check.keys)
            check.at_gateways(lambda gateway: must(
                check.ask(gateway, taken_back, MENU) == 200, "a known caller is not served"))
            check.at_gateways(lambda gateway: must(
                check.ask(gateway, unknown, MENU) == 503, "an unknown token is not 503"))
            time.sleep(max(0, seconds - (time.monotonic() - began)))
            line.mend()
            took = self.caught_up(paths, taken_back, unknown)
        lost = [one for one in load.answers if one != 200]
        must(not lost, f"{len(lost)} of {len(load.answers)} calls lost in the cut: {lost[:5]}")
        must(len(load.answers) > 50, "there was no load")
        self.say(f"line cut for {seconds} s: {len(load.answers)} calls of known callers, none "
                 f"lost, unknown tokens 503; then {CHANGES} changes in order, no older entry "
                 f"served once news was known; the last gateway had all of it after {took:.1f} s")

    def publish(self, name):
        check = self.check
        api = check.admin.publish(name, check.outside)
        check.admin.subscribe(api["id"], check.application)
        return f"/{name.lower()}/1.0.0/menu"

    def revoke(self, token):
        expect(call(self.trial.url("/oauth2/revoke"), "POST", form(token=token),
                    {**FORM, **self.secret}), 200, "revoke")

    def caught_up(self, paths, taken_back, unknown):
        """Seconds until all gateways had everything. Each look asks for what is later first: what
        came before must then be known, and a token that was taken back be refused. A token that
        is new to a gateway tells nothing of that: a key manager has judged it."""
        began = time.monotonic()
        waiting = list(self.check.gateways)
        while waiting:
            must(time.monotonic() - began < CAUGHT_UP_SECONDS,
                 f"{[one.name for one in waiting]} have not caught up")
            for gateway in list(waiting):
                if self.has_everything(gateway, paths, taken_back, unknown):
                    waiting.remove(gateway)
        return time.monotonic() - began

    def has_everything(self, gateway, paths, taken_back, unknown):
        check, known_token = self.check, self.check.token
        with self.trial.machines.inside(self.pattern.balancer("external")):
            served = [check.ask(gateway, known_token, path) == 200 for path in reversed(paths)]
            fresh = check.ask(gateway, unknown, MENU) == 200
            refused = check.ask(gateway, taken_back, MENU) == 401
        must(served == sorted(served),
             f"{gateway.name} knew a later change and not an earlier one: {served}")
        must(refused or not any(served),
             f"{gateway.name} had changes and served a token that was taken back before: {served}")
        return refused and fresh and all(served)

    # --- a bad line -----------------------------------------------------------------------------

    def bad(self, line):
        """Slow, late and lossy: everything goes on, later."""
        check = self.check
        tokens = [token_of(self.trial, check.keys)
                  for _ in range(LONG_BAD_TRIES if self.long else BAD_TRIES)]
        line.spoil(DELAY_MS, LOSS_PERCENT, RATE)
        published, revoked = [], []
        with self.load(check) as load:
            for number, token in enumerate(tokens):
                path = self.publish(f"{self.prefix}Bad{number}")
                published.append(self.everywhere(200, check.token, path))
                self.everywhere(200, token, MENU)
                self.revoke(token)
                revoked.append(self.everywhere(401, token, MENU))
        line.mend()
        lost = [one for one in load.answers if one != 200]
        must(not lost, f"{len(lost)} calls of a known caller lost on a bad line: {lost[:5]}")
        for what, times in (("publish to callable", published), ("revoke to refused", revoked)):
            self.say(f"{DELAY_MS} ms, {LOSS_PERCENT} % loss, {RATE}: {what} at every external "
                     f"gateway, {len(times)} tries: p50 {sorted(times)[len(times) // 2]:.2f} s, "
                     f"latest {max(times):.2f} s")

    def everywhere(self, status, token, path):
        began = time.monotonic()
        self.check.at_gateways(lambda gateway: until(
            f"{path} is {status} at {gateway.name}",
            lambda: self.check.ask(gateway, token, path) == status, BAD_SECONDS))
        return time.monotonic() - began


def reachable(doors, seconds=1.0):
    """Those of (machine, port) that open, all tried at the same time, from where this thread is."""
    tries = {}
    for machine, port in doors:
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex((machine.address, port))
        tries[one] = (machine, port)
    time.sleep(seconds)
    found = []
    for one, door in tries.items():
        with contextlib.suppress(OSError):
            one.getpeername()  # only a connection has one
            found.append(door)
        one.close()
    return found
