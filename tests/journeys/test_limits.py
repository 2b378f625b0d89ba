# SPDX-License-Identifier: Apache-2.0
"""Limits: exact, each level by itself, all or none. The verdict is what reached the backend."""

import concurrent.futures
import time
import unittest

from support.backend import Recorder
from support.server import Server, bearer, call
from support.walk import User, operation, token_of


def wait_for_fresh_window(seconds=60, room=20):
    """So that a test of one window does not straddle two: `room` seconds are left in it."""
    rest = seconds - time.time() % seconds
    if rest < room:
        time.sleep(rest + 0.05)


class Limits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server("server.workers=2"))
        cls.admin = User(cls.server)

    def subscribed(self, name, api_policies, application_policy="Unlimited"):
        """An application subscribed to APIs at these policies: the APIs' contexts and a token."""
        application = self.admin.create_application(name, application_policy, "OAUTH")
        contexts = []
        for number, policy in enumerate(api_policies):
            api_name = f"{name}{number}"
            api = self.admin.publish(api_name, self.backend.url, policies=[policy])
            self.admin.subscribe(api["id"], application["applicationId"], policy)
            contexts.append(f"/{api_name.lower()}/1.0.0/x")
        keys = self.admin.generate_keys(application["applicationId"])
        return contexts, token_of(self.server, keys)

    def calls(self, path, token, count):
        """The answers of `count` calls over eight connections at a time."""
        url = self.server.gateway(path, "http")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda _: call(url, headers=bearer(token)), range(count)))

    def check_refused(self, answers, code):
        refused = [answer for answer in answers if answer.status != 200]
        for answer in refused:
            self.assertEqual((answer.status, answer.json()["code"]), (429, code))
            self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
            self.assertLessEqual(int(answer.headers["retry-after"]), 60)
            self.assertIn("nextAccessTime", answer.json())
        return len(refused)

    def test_an_application_limit_is_exact(self):
        (path,), token = self.subscribed("AppLimit", ["Unlimited"], "20PerMin")
        wait_for_fresh_window()
        before = self.backend.count()
        answers = self.calls(path, token, 50)
        self.assertEqual(self.check_refused(answers, "900803"), 30)
        self.assertEqual(self.backend.count() - before, 20)
        limited = next(answer for answer in answers if answer.status == 429)
        self.assertEqual(limited.headers["ratelimit-policy"], '"20PerMin";q=20;w=60')
        self.assertRegex(limited.headers["ratelimit"], r'^"20PerMin";r=0;t=[0-9]+$')

    def test_a_larger_quota_passes_whole_over_both_workers(self):
        self.admin.create_policy("subscription", "FiveHundred", 500)
        (path,), token = self.subscribed("Larger", ["FiveHundred"])
        wait_for_fresh_window()
        before = self.backend.count()
        answers = self.calls(path, token, 600)
        self.assertEqual(self.check_refused(answers, "900804"), 100)
        self.assertEqual(self.backend.count() - before, 500)

    def test_each_tier_counts_alone_and_the_application_counts_both(self):
        self.admin.create_policy("subscription", "Twelve", 12)
        self.admin.create_policy("subscription", "Fifteen", 15)
        (first, second), token = self.subscribed("Tiers", ["Twelve", "Fifteen"], "20PerMin")
        wait_for_fresh_window()
        before = self.backend.count()
        self.assertEqual(self.check_refused(self.calls(first, token, 20), "900804"), 8)
        self.assertEqual(self.backend.count() - before, 12)
        # Refused calls cost the application nothing: eight of its twenty are left.
        self.assertEqual(self.check_refused(self.calls(second, token, 14), "900803"), 6)
        self.assertEqual(self.backend.count() - before, 20)

    def test_an_advanced_policy_limits_the_resource(self):
        self.admin.create_policy("advanced", "Seven", 7)
        api = self.admin.create_api(
            "Resources",
            self.backend.url,
            operations=[
                operation("GET", "/slow", throttlingPolicy="Seven"),
                operation("GET", "/fast"),
            ],
        )
        self.admin.deploy(api["id"])
        self.admin.change_lifecycle(api["id"], "Publish")
        application = self.admin.create_application("Resources", "Unlimited", "OAUTH")
        self.admin.subscribe(api["id"], application["applicationId"])
        token = token_of(self.server, self.admin.generate_keys(application["applicationId"]))
        wait_for_fresh_window()
        slow = self.calls("/resources/1.0.0/slow", token, 10)
        self.assertEqual(self.check_refused(slow, "900802"), 3)
        fast = self.calls("/resources/1.0.0/fast", token, 10)
        self.assertEqual(self.check_refused(fast, ""), 0)

    def test_a_restart_grants_nothing_twice(self):
        (path,), token = self.subscribed("Restarted", ["Unlimited"], "10PerMin")
        wait_for_fresh_window(room=25)
        before = self.backend.count()
        self.calls(path, token, 6)
        self.server.restart()
        self.calls(path, token, 6)
        self.assertEqual(self.backend.count() - before, 10)
        self.server.kill()
        self.server.start()
        self.calls(path, token, 3)
        self.assertEqual(self.backend.count() - before, 10)


if __name__ == "__main__":
    unittest.main()
