# SPDX-License-Identifier: Apache-2.0
"""Nodes of two versions on one PostgreSQL, while one after the other is upgraded, and back again.
The other version is gatehouse_next (tests/next/README.md)."""

import contextlib
import glob
import os
import re
import subprocess
import tempfile
import threading
import time
import unittest

from support.backend import Recorder
from support.profiles import Deployment
from support.server import BINARY, bearer, call
from support.walk import DEVPORTAL, User, token_of

NEXT = os.path.join(os.path.dirname(BINARY), "gatehouse_next")
NOTICE = "closed on Sunday"


class Callers:
    """Calls an API at some gateways, and writes at some nodes, until it ends."""

    def __init__(self, gateways, writers, token):
        self.gateways, self.writers, self.token = gateways, writers, token
        self.called, self.written = [], []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(one,))
                        for one in (self.call, self.write)]

    def run(self, one):
        number = 0
        while not self.over.is_set():
            number += 1
            one(number)
            time.sleep(0.01)

    def call(self, number):
        gateway = self.gateways[number % len(self.gateways)]
        self.called.append(call(gateway.gateway("/pizza/1.0.0/x"),
                                headers=bearer(self.token)).status)

    def write(self, number):
        """At the first node that is up, as a balancer does."""
        for user in self.writers:
            with contextlib.suppress(OSError):
                answer = user.call("POST", f"{DEVPORTAL}/applications",
                                   {"name": f"written-{number}", "throttlingPolicy": "Unlimited",
                                    "tokenType": "JWT"})
                self.written.append(answer.status)
                return
        self.written.append(None)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


@unittest.skipUnless(os.path.exists(NEXT), "skipped: script/build release gatehouse_next")
class RollingUpgrade(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.backend = cls.stack.enter_context(Recorder())
        cls.place = Deployment(cls.stack)
        cls.planes = cls.place.start(cls.place.make("control-plane"),
                                     cls.place.make("control-plane"))
        cls.gateways = cls.place.start(*(
            cls.place.gateway(cls.planes, cls.planes, started=(200, 503)) for _ in range(2)))
        cls.users = [User(plane) for plane in cls.planes]
        cls.user = cls.users[0]
        cls.api = cls.user.publish("Pizza", cls.backend.url)
        application = cls.user.create_application("shop", "Unlimited", "OAUTH")
        cls.application = application["applicationId"]
        cls.user.subscribe(cls.api["id"], cls.application)
        cls.token = token_of(cls.planes[0], cls.user.generate_keys(cls.application))
        for gateway in cls.gateways:
            cls.until(gateway, "/pizza/1.0.0/x")

    @classmethod
    def until(cls, gateway, path):
        deadline = time.monotonic() + 10
        while call(gateway.gateway(path), headers=bearer(cls.token)).status != 200:
            if time.monotonic() > deadline:
                raise AssertionError(f"{path} cannot be called: {gateway.log()}")
            time.sleep(0.05)

    def upgrade(self, node, binary, *settings):
        node.stop()
        node.binary = binary
        kept = (one for one in node.settings if not one.startswith("next."))
        node.settings = (*kept, *settings)
        node.start()

    def publish_everywhere(self, name):
        """At each control plane; every gateway serves it."""
        for i, user in enumerate(self.users):
            api = user.publish(f"{name}{i}", self.backend.url)
            user.subscribe(api["id"], self.application)
            for gateway in self.gateways:
                self.until(gateway, f"/{name.lower()}{i}/1.0.0/x")

    def kinds_on_disk(self, gateway):
        """How many kinds of things the version knew that has asked for all of them last."""
        bases = glob.glob(os.path.join(gateway.data_dir, "gateway", "base-*.jsonl"))
        newest = max(bases, key=lambda name: int(re.findall(r"base-(\d+)", name)[0]))
        with open(newest, encoding="utf-8") as file:
            return int(re.findall(r'"kinds":(\d+)', file.read())[0])

    def notices(self):
        return self.place.postgres.sql("SELECT text FROM am_notice", "api_manager")

    def test_one_node_after_the_other_and_back(self):
        first, second = self.planes
        with Callers(self.gateways[1:], self.users, self.token) as callers:
            # The first node migrates; the other one, of the old version, works on.
            self.upgrade(first, NEXT, f"next.notice={NOTICE}")
            self.assertEqual(self.notices(), NOTICE)
            self.publish_everywhere("Mixed")
            # An old node may be started on the newer tables.
            second.restart()
            self.publish_everywhere("Again")
            # A gateway after the control planes: it asks for all, as its disk lacks what it did not
            # know; the other one has gone on without.
            self.upgrade(second, NEXT)
            self.upgrade(self.gateways[0], NEXT)
            self.publish_everywhere("Newer")
            known = [self.kinds_on_disk(gateway) for gateway in self.gateways]
            self.assertEqual(known[0], known[1] + 1)
            # And back.
            for node in (self.gateways[0], first, second):
                self.upgrade(node, BINARY)
            self.publish_everywhere("Back")
            self.assertEqual(self.kinds_on_disk(self.gateways[0]), known[1])
        self.assertEqual(set(callers.called), {200})
        self.assertLessEqual(set(callers.written), {201, 503})
        self.assertGreater(callers.written.count(201), 20)
        self.assertEqual(self.notices(), NOTICE)
        for node in (*self.planes, *self.gateways):
            self.assertNotIn("notice left out", node.log())

    def test_a_key_of_the_newer_version_is_named_by_the_older(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(f'[next]\nnotice = "{NOTICE}"\n')
            file.flush()
            for binary, code in ((BINARY, 2), (NEXT, 0)):
                done = subprocess.run([binary, "check-config", file.name], capture_output=True,
                                      text=True, check=False)
                self.assertEqual(done.returncode, code, done)
                if code == 2:
                    self.assertIn("next", done.stderr)


if __name__ == "__main__":
    unittest.main()
