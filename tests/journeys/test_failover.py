# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL primary dies, freezes, or comes back as if nothing had happened, under load."""

import contextlib
import os
import shutil
import signal
import tempfile
import threading
import time
import unittest

from support.backend import Recorder
from support.postgres import Replicated
from support.server import FORM, PASSWORD, Server, basic, bearer, call, form
from support.walk import DEVPORTAL, User, token_of

RECOVERY_SECONDS_MAX = 15  # promoting included; the figures are printed
AGREEMENT = {
    # Nothing that one transaction wrote is there in part.
    "a subscription without its application":
        "SELECT count(*) FROM am_subscription s LEFT JOIN am_application a ON"
        " a.tenant_id = s.tenant_id AND a.id = s.application_id WHERE a.id IS NULL",
    "a subscription of which no gateway hears":
        "SELECT count(*) FROM am_subscription s WHERE NOT EXISTS"
        " (SELECT 1 FROM am_change c WHERE c.object_id = s.id AND c.kind = 'subscription')",
    "a client without a secret":
        "SELECT count(*) FROM am_client c WHERE NOT EXISTS"
        " (SELECT 1 FROM am_client_secret s WHERE s.client_id = c.client_id)",
    "keys without a client":
        "SELECT count(*) FROM am_key_mapping m WHERE NOT EXISTS"
        " (SELECT 1 FROM am_client c WHERE c.client_id = m.client_id)",
    "a number that no change has":
        "SELECT count(*) FROM am_change_counter k"
        " WHERE k.number <> (SELECT max(number) FROM am_change)",
}


class Writers:
    """Two on each node: applications, subscriptions, clients and tokens, until it ends."""

    def __init__(self, users, api):
        self.users, self.api = users, api
        self.over, self.lock = threading.Event(), threading.Lock()
        self.kept = {"am_application": [], "am_subscription": [], "am_client": []}
        self.tokens = []  # with the keys of their clients
        self.statuses = set()
        self.answered = []  # when each write was
        self.threads = [threading.Thread(target=self.run, args=(user, f"{i}"))
                        for i, user in enumerate([*users, *users])]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def run(self, user, name):
        number = 0
        while not self.over.is_set():
            number += 1
            with contextlib.suppress(Refused):
                self.round(user, f"{name}-{number}")

    def ask(self, wanted, answer):
        self.statuses.add(answer.status)
        if answer.status != wanted:
            raise Refused
        with self.lock:
            self.answered.append(time.monotonic())
        return answer.json()

    def keep(self, table, row):
        with self.lock:
            self.kept[table].append(row)

    def round(self, user, name):
        application = self.ask(201, user.call(
            "POST", f"{DEVPORTAL}/applications",
            {"name": name, "throttlingPolicy": "Unlimited", "tokenType": "OAUTH"}))
        self.keep("am_application", application["applicationId"])
        subscription = self.ask(201, user.call(
            "POST", f"{DEVPORTAL}/subscriptions",
            {"apiId": self.api["id"], "applicationId": application["applicationId"],
             "throttlingPolicy": "Unlimited"}))
        self.keep("am_subscription", subscription["subscriptionId"])
        keys = self.ask(200, user.call(
            "POST", f"{DEVPORTAL}/applications/{application['applicationId']}/generate-keys",
            {"keyType": "PRODUCTION", "grantTypesToBeSupported": ["client_credentials"],
             "validityTime": 3600}))
        self.keep("am_client", keys["consumerKey"])
        token = self.ask(200, call(
            user.server.url("/oauth2/token"), "POST", form(grant_type="client_credentials"),
            {**FORM, **basic(keys["consumerKey"], keys["consumerSecret"])}))
        with self.lock:
            self.tokens.append((token["access_token"], keys))
        client = self.ask(200, call(
            user.server.url("/client-registration/v0.17/register"), "POST",
            {"callbackUrl": "https://client.example", "clientName": f"registered-{name}",
             "owner": "admin", "grantType": "password", "saasApp": True},
            basic("admin", PASSWORD)))
        self.keep("am_client", client["clientId"])

    def wait_for_more(self, since, count=20):
        """Until so many writes were answered after an instant; the instant of the first."""
        deadline = time.monotonic() + 60
        while True:
            with self.lock:
                later = [at for at in self.answered if at > since]
            if len(later) >= count:
                return later[0]
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(later)} writes within a minute")
            time.sleep(0.02)


class Refused(Exception):
    """A step was answered otherwise, so what builds on it is left out."""


class Failover(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.backend = self.stack.enter_context(Recorder())

    def start(self, *options):
        self.postgres = self.stack.enter_context(Replicated(*options))
        self.settings = self.postgres.settings()
        self.nodes = [self.node()]
        with open(os.path.join(self.nodes[0].data_dir, "cluster.key"), "rb") as key:
            self.nodes.append(self.node(key.read()))
        self.users = [User(node) for node in self.nodes]
        self.api = self.users[0].publish("Pizza", self.backend.url)

    def node(self, key=None):
        folder = tempfile.mkdtemp(prefix="gatehouse-journey-")
        self.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if key:
            with open(os.path.join(folder, "cluster.key"), "wb") as out:
                out.write(key)
            os.chmod(os.path.join(folder, "cluster.key"), 0o600)
        return self.stack.enter_context(
            Server(*self.settings, "server.workers=1", data_dir=folder))

    def fail_over(self, writers, take_away):
        writers.wait_for_more(time.monotonic())
        lost = time.monotonic()
        take_away()
        self.postgres.promote_the_most_advanced()
        promoted = time.monotonic()
        back = writers.wait_for_more(promoted)
        print(f"\n{self.id().rsplit('.', 1)[1]}: promoted {promoted - lost:.2f} s after the loss, "
              f"written {back - promoted:.2f} s after that", flush=True)
        self.assertLess(back - lost, RECOVERY_SECONDS_MAX)

    def check(self, writers):
        """Every write that was answered is there, and none is there in part."""
        primary = self.postgres.primary
        self.assertLessEqual(writers.statuses, {200, 201, 503})
        self.assertIn(200, writers.statuses)
        for table, rows in writers.kept.items():
            self.assertGreater(len(rows), 0)
            name = "client_id" if table == "am_client" else "id"
            there = primary.sql(f"SELECT {name} FROM {table}", "api_manager").split("\n")
            self.assertEqual(set(rows) - set(there), set(), table)
        for what, count in AGREEMENT.items():
            self.assertEqual(primary.sql(count, "api_manager"), "0", what)
        for token, keys in writers.tokens:
            answer = call(self.nodes[0].url("/oauth2/introspect"), "POST", form(token=token),
                          {**FORM, **basic(keys["consumerKey"], keys["consumerSecret"])})
            self.assertEqual((answer.status, answer.json().get("active")), (200, True))
        token, _ = writers.tokens[-1]
        for node in self.nodes:
            self.assertEqual(call(node.gateway("/pizza/1.0.0/x"), headers=bearer(token)).status,
                             200)

    def written_to(self, server):
        return [server.sql(f"SELECT count(*) FROM {table}", "api_manager")
                for table in ("am_application", "am_subscription", "am_client", "am_token",
                              "am_change")]

    def test_a_killed_primary_costs_no_answered_write(self):
        self.start()
        first = self.postgres.primary
        with Writers(self.users, self.api) as writers:
            self.fail_over(writers, first.crash)
        self.check(writers)
        self.come_back(first)

    def come_back(self, former):
        """It starts as a primary that waits for nobody: nothing but the nodes stands in the way."""
        former.options = ("synchronous_standby_names=",)
        former.start()
        before = self.written_to(former)
        # One node has been started anew and found it first in its URL; both have had to connect
        # again, while the primary was there and while it was not.
        self.nodes[0].restart()
        with Writers(self.users, self.api) as writers:
            writers.wait_for_more(time.monotonic())
            self.postgres.primary.stop()
            time.sleep(1)
            self.postgres.primary.start()
            writers.wait_for_more(time.monotonic())
        self.check(writers)
        self.assertEqual(self.written_to(former), before)
        # Alone with it, a node that starts finds no server for it.
        node = self.nodes[1]
        node.stop()
        for server in self.postgres.servers:
            if server is not former:
                server.stop()
        with self.assertRaises(RuntimeError) as refused:
            node.start()
        self.assertIn("a former primary", str(refused.exception))
        self.assertEqual(self.written_to(former), before)

    def test_a_frozen_primary_is_left_and_stays_left(self):
        self.start()
        first = self.postgres.primary
        with Writers(self.users, self.api) as writers:
            self.fail_over(writers, lambda: first.signal_all(signal.SIGSTOP))
            first.signal_all(signal.SIGCONT)
            time.sleep(1)
            before = self.written_to(first)
            writers.wait_for_more(time.monotonic(), 100)
            self.assertEqual(self.written_to(first), before)
        self.check(writers)

    def test_gateways_forget_what_a_promoted_standby_has_never_heard_of(self):
        """Nobody waits for the standbys, and they do not hear of the last changes."""
        self.start("synchronous_standby_names=")
        first, user = self.postgres.primary, self.users[0]
        application = user.create_application("shop", "Unlimited", "OAUTH")
        user.subscribe(self.api["id"], application["applicationId"])
        token = token_of(self.nodes[0], user.generate_keys(application["applicationId"]))
        for standby in self.postgres.standbys:
            standby.signal_all(signal.SIGSTOP)
        lost = user.publish("Lost", self.backend.url)
        user.subscribe(lost["id"], application["applicationId"])
        paths = ("/pizza/1.0.0/x", "/lost/1.0.0/x")
        self.until([200, 200], paths, token)
        first.crash()
        for standby in self.postgres.standbys:
            standby.signal_all(signal.SIGCONT)
        self.postgres.promote_the_most_advanced()
        # The next one is given no number that the lost ones had.
        found = self.until_written(user)
        self.until([200, 404], paths, token)
        user.subscribe(found["id"], application["applicationId"])
        self.until([200, 404, 200], (*paths, "/found/1.0.0/x"), token)

    def until_written(self, user):
        deadline = time.monotonic() + RECOVERY_SECONDS_MAX
        while user.call("POST", f"{DEVPORTAL}/applications",
                        {"name": f"try-{time.monotonic()}", "throttlingPolicy": "Unlimited",
                         "tokenType": "JWT"}).status != 201:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        return user.publish("Found", self.backend.url)

    def until(self, wanted, paths, token):
        deadline = time.monotonic() + 10
        while True:
            seen = [[call(node.gateway(path), headers=bearer(token)).status for path in paths]
                    for node in self.nodes]
            if all(each == wanted for each in seen):
                return
            if time.monotonic() > deadline:
                self.fail(f"{seen}, not {wanted}")
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main()
