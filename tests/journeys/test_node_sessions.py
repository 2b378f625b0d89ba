# SPDX-License-Identifier: Apache-2.0
"""A gateway asks two key managers behind NGINX: by its session, else by Basic.

Two nodes share databases and the cluster key, as key managers of one cluster do; a third one is the
gateway. The verdict comes from the counters of the key managers.
"""

import contextlib
import shutil
import tempfile
import unittest

from support.backend import Recorder
from support.cluster import Cluster, counter, credential, key_of, put_key
from support.nginx import Nginx
from support.server import Server, basic, bearer, call
from support.walk import User, token_of

CALLS = 40
TOKENS = 5

HITS = "gatehouse_key_manager_session_hits_total"
FALLBACKS = "gatehouse_key_manager_basic_fallbacks_total"


class NodeSessions(unittest.TestCase):
    def run_calls(self, affinity, *key_manager_settings):
        """(session hits, fallbacks) of each key manager after calls that are all validated."""
        with contextlib.ExitStack() as stack:
            cluster = Cluster(stack, *key_manager_settings)
            tokens = cluster.publish(TOKENS)
            ports = [server.port(9443) for server in cluster.key_managers]
            balancer = stack.enter_context(Nginx(ports, affinity))
            gateway = cluster.gateway(balancer.port, f"cluster.ca={balancer.certificate}")
            url = gateway.gateway("/shared/1.0.0/menu")
            for number in range(CALLS):
                answer = call(url, headers=bearer(tokens[number % TOKENS]))
                self.assertEqual(answer.status, 200, answer)
            return cluster.counters(HITS), cluster.counters(FALLBACKS)

    def test_with_a_shared_key_both_know_the_session(self):
        hits, fallbacks = self.run_calls("")
        self.assertEqual(sum(fallbacks), 1)
        self.assertEqual(sum(hits), CALLS - 1)
        self.assertGreater(min(hits), CALLS // 4, "round robin reaches both")

    def test_without_a_shared_key_every_miss_falls_back_and_none_fails(self):
        hits, fallbacks = self.run_calls("", "cluster.share_sessions=false")
        self.assertEqual(sum(hits) + sum(fallbacks), CALLS)
        self.assertGreater(sum(fallbacks), CALLS // 2, "each answer brings the other's session")

    def test_without_a_shared_key_affinity_makes_hits(self):
        hits, fallbacks = self.run_calls("ip_hash;", "cluster.share_sessions=false")
        self.assertEqual(sum(fallbacks), 1)
        self.assertEqual(sum(hits), CALLS - 1)
        self.assertEqual(min(hits), 0, "one key manager gets them all")


class Door(unittest.TestCase):
    """What opens the validation of tokens on port 9443, asked by hand."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="gatehouse-journey-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.server = cls.enterClassContext(Server(data_dir=cls.folder))
        cls.secret = credential(key_of(cls.server))

    def ask(self, headers):
        return call(self.server.url("/internal/keys/v1/validate"), "POST", {"tokens": ["x"]},
                    headers)

    def session(self):
        answer = self.ask(basic("gw", self.secret))
        self.assertEqual(answer.status, 200, answer)
        return answer.headers["set-cookie"].split(";")[0]

    def test_a_session_opens_without_basic_and_a_bad_one_with_a_wrong_secret_does_not(self):
        good = self.session()
        self.assertEqual(self.ask({"Cookie": good}).status, 200)
        name, _, value = good.partition("=")
        parts = value.split(".")
        forged = ".".join([*parts[:-1], parts[-1][::-1]])
        expired = ".".join([*parts[:-3], "1", *parts[-2:]])
        widened = ".".join([*parts[:-4], "SW50ZXJuYWw", *parts[-3:]])
        for bad in (forged, expired, widened, self.secret, "v1.gw", ""):
            with self.subTest(bad=bad):
                cookie = {"Cookie": f"{name}={bad}"}
                refused = self.ask({**cookie, **basic("gw", "wrong")})
                self.assertEqual(refused.status, 401)
                self.assertIn("basic", refused.headers["www-authenticate"].lower())
                self.assertEqual(self.ask({**cookie, **basic("gw", self.secret)}).status, 200)

    def test_who_has_another_cluster_key_believes_neither_session_nor_credential(self):
        session, key = self.session(), key_of(self.server)
        for same in (True, False):
            folder = tempfile.mkdtemp(dir=self.folder)
            if same:
                put_key(folder, key)
            with Server(data_dir=folder) as server:
                for headers in ({"Cookie": session}, basic("gw", self.secret)):
                    answer = call(server.url("/internal/keys/v1/validate"), "POST",
                                  {"tokens": ["x"]}, headers)
                    self.assertEqual(answer.status, 200 if same else 401)

    def test_the_credential_of_a_gateway_opens_nothing_else_of_the_key_manager(self):
        for path in ("/internal/keys/v1/clients", "/internal/keys/v1/authenticate",
                     "/internal/keys/v1/validate/clients"):
            for headers in (basic("gw", self.secret), {"Cookie": self.session()}):
                answer = call(self.server.url(path), "POST", {}, headers)
                self.assertIn(answer.status, (401, 404), path)

    def test_without_a_proof_to_ask_for_there_is_no_door(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write("[cluster]\naccept = []\n")
            file.flush()
            server = self.enterContext(Server(arguments=("--config", file.name)))
        for path in ("/internal/keys/v1/validate", "/internal/keys/v1/authenticate",
                     "/internal/data/v1/snapshot", "/internal/cluster/v1/join"):
            answer = call(server.url(path), "POST", {}, basic("gw", self.secret))
            self.assertEqual(answer.status, 404, path)


class KeyCacheModes(unittest.TestCase):
    """How many validations and database reads N calls of a few tokens cost in each mode."""

    def cost(self, *settings):
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(Server("server.workers=2", *settings))
            backend = stack.enter_context(Recorder())
            admin = User(server)
            api = admin.publish("Modes", backend.url)
            application = admin.create_application("modes", "Unlimited", "OAUTH")
            admin.subscribe(api["id"], application["applicationId"])
            keys = admin.generate_keys(application["applicationId"])
            tokens = [token_of(server, keys) for _ in range(TOKENS)]
            names = ("gatehouse_key_validations_total",
                     "gatehouse_key_validation_reads_total")
            before = [counter(server, name) for name in names]
            url = server.gateway("/modes/1.0.0/menu")
            for number in range(CALLS):
                answer = call(url, headers=bearer(tokens[number % TOKENS]))
                self.assertEqual(answer.status, 200, answer)
            return [counter(server, name) - count for name, count in zip(names, before)]

    def test_cache_at_the_gateway(self):
        validations, reads = self.cost()
        self.assertLessEqual(validations, TOKENS)
        self.assertLessEqual(reads, TOKENS)

    def test_cache_at_the_key_manager(self):
        validations, reads = self.cost("gateway.key_cache=false", "key_manager.key_cache=true")
        self.assertEqual(validations, CALLS)
        self.assertLessEqual(reads, TOKENS)

    def test_no_cache(self):
        validations, reads = self.cost("gateway.key_cache=false")
        self.assertEqual(validations, CALLS)
        self.assertEqual(reads, CALLS)


if __name__ == "__main__":
    unittest.main()
