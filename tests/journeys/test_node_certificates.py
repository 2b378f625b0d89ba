# SPDX-License-Identifier: Apache-2.0
"""A gateway is known to its key managers by its certificate: through NGINX that passes TLS on,
through NGINX that ends it, and by hand with every kind of certificate that must not count."""

import contextlib
import http.client
import json
import shutil
import signal
import ssl
import tempfile
import time
import unittest

from support.authority import HOUR, Authority
from support.cluster import Cluster, counter, credential, key_of
from support.nginx import PASSING, Nginx
from support.server import FORM, PASSWORD, Server, basic, bearer, call, form

CALLS = 20
TOKENS = 3
WAIT_SECONDS_MAX = 20

MTLS = "gatehouse_key_manager_mtls_hits_total"
HITS = "gatehouse_key_manager_session_hits_total"
FALLBACKS = "gatehouse_key_manager_basic_fallbacks_total"
REFUSALS = "gatehouse_key_manager_node_refusals_total"

GATEWAY = "gw-1.cluster.example"
BALANCER = "balancer.cluster.example"


def door(authority, accept):
    """Settings of a key manager that takes certificates of nodes."""
    certificate, key = authority.issue("localhost")
    return (f"cluster.accept={accept}", f"cluster.ca={authority.ca}",
            f"cluster.revocations={authority.revocations}",
            f"cluster.node_names={GATEWAY},{BALANCER}",
            f"tls.certificate={certificate}", f"tls.key={key}")


def shown(pair):
    return f"cluster.certificate={pair[0]}", f"cluster.key={pair[1]}"


def temporary(stack):
    folder = tempfile.mkdtemp(prefix="gatehouse-journey-")
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


class ThroughBalancers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        cls.stack = stack
        cls.authority = Authority(temporary(stack))
        cls.stranger = Authority(temporary(stack), "stranger")
        cls.cluster = Cluster(stack, *door(cls.authority, "certificate"))
        cls.ports = [server.port(9443) for server in cls.cluster.key_managers]
        cls.tokens = cls.cluster.publish(TOKENS)

    def counted(self):
        return {name: self.cluster.counters(name) for name in (MTLS, HITS, FALLBACKS, REFUSALS)}

    def statuses(self, gateway):
        """Of validated calls, and what they added to the counters of both key managers."""
        before = self.counted()
        url = gateway.gateway("/shared/1.0.0/menu")
        statuses = [call(url, headers=bearer(self.tokens[number % TOKENS])).status
                    for number in range(CALLS)]
        after = self.counted()
        return statuses, {name: [new - old for new, old in zip(after[name], before[name])]
                          for name in after}

    def assert_known_by_certificate(self, counts):
        self.assertEqual(sum(counts[MTLS]), CALLS)
        for name in (HITS, FALLBACKS, REFUSALS):
            self.assertEqual(sum(counts[name]), 0, name)

    def test_tls_passes_through_to_the_key_manager(self):
        with contextlib.ExitStack() as stack:
            balancer = stack.enter_context(Nginx(self.ports, configuration=PASSING))
            gateway = self.cluster.gateway(balancer.port, f"cluster.ca={self.authority.ca}",
                                           *shown(self.authority.issue(GATEWAY)))
            statuses, counts = self.statuses(gateway)
            self.assertEqual(statuses, [200] * CALLS)
            self.assert_known_by_certificate(counts)

            # What it passes on for others does not wear its certificate.
            client = call(self.cluster.key_managers[0].url("/oauth2/register"), "POST",
                          {"client_name": "Bound", "grant_types": ["client_credentials"],
                           "tls_client_certificate_bound_access_tokens": True},
                          basic("admin", PASSWORD)).json()
            answer = call(gateway.gateway("/token"), "POST", form(grant_type="client_credentials"),
                          {**FORM, **basic(client["client_id"], client["client_secret"])})
            self.assertEqual(answer.status, 400, answer)

    def test_a_balancer_that_ends_tls_asks_for_certificates_and_shows_its_own(self):
        with contextlib.ExitStack() as stack:
            certificate, key = self.authority.issue(BALANCER)
            balancer = stack.enter_context(Nginx(
                self.ports,
                more=f"ssl_client_certificate {self.authority.ca}; ssl_verify_client on; "
                     f"proxy_ssl_certificate {certificate}; proxy_ssl_certificate_key {key};"))
            gateway = self.cluster.gateway(balancer.port, f"cluster.ca={balancer.certificate}",
                                           *shown(self.authority.issue(GATEWAY)))
            statuses, counts = self.statuses(gateway)
            self.assertEqual(statuses, [200] * CALLS)
            self.assert_known_by_certificate(counts)
            self.assertGreater(min(counts[MTLS]), 0, "round robin reaches both")

            foreign = self.cluster.gateway(balancer.port, f"cluster.ca={balancer.certificate}",
                                           *shown(self.stranger.issue(GATEWAY)))
            statuses, counts = self.statuses(foreign)
            self.assertNotIn(200, statuses)
            self.assertEqual(counts[MTLS], [0, 0])

    def test_a_gateway_with_a_bad_certificate_offers_nothing_less(self):
        expired = self.authority.issue(GATEWAY, begins=-2 * HOUR, ends=-HOUR)
        gateway = self.cluster.gateway(self.ports[0], f"cluster.ca={self.authority.ca}",
                                       *shown(expired))
        statuses, counts = self.statuses(gateway)
        self.assertNotIn(200, statuses)
        self.assertEqual(sum(counts[MTLS] + counts[HITS] + counts[FALLBACKS]), 0)
        self.assertGreater(counts[REFUSALS][0], 0)

    def test_a_gateway_shows_its_new_certificate_without_a_new_start(self):
        expired = self.authority.issue(GATEWAY, begins=-2 * HOUR, ends=-HOUR)
        files = [f"{temporary(self.stack)}/node.{end}" for end in ("crt", "key")]

        def put(pair):
            for source, target in zip(pair, files):
                shutil.copy(source, target)

        put(expired)
        gateway = self.cluster.gateway(self.ports[0], f"cluster.ca={self.authority.ca}",
                                       *shown(files))
        url = gateway.gateway("/shared/1.0.0/menu")
        self.assertNotEqual(call(url, headers=bearer(self.tokens[0])).status, 200)

        def reload_until_answered(wanted):
            gateway.process.send_signal(signal.SIGHUP)
            deadline = time.monotonic() + WAIT_SECONDS_MAX
            while True:
                status = call(url, headers=bearer(self.tokens[0])).status
                if (status == 200) == wanted or time.monotonic() > deadline:
                    return status
                time.sleep(0.02)

        put(self.authority.issue(GATEWAY))
        self.assertEqual(reload_until_answered(True), 200)
        # The connections that stand showed the good one: they are not used any more.
        put(expired)
        self.assertNotEqual(reload_until_answered(False), 200)
        put(self.authority.issue(GATEWAY))
        self.assertEqual(reload_until_answered(True), 200)

    def test_a_key_manager_of_another_name_is_not_asked(self):
        before = self.counted()
        gateway = self.cluster.node(
            f"gateway.key_manager=https://127.0.0.1:{self.ports[0]}", "gateway.key_cache=false",
            f"cluster.ca={self.authority.ca}", *shown(self.authority.issue(GATEWAY)))
        url = gateway.gateway("/shared/1.0.0/menu")
        self.assertEqual(call(url, headers=bearer(self.tokens[0])).status, 503)
        self.assertEqual(self.counted(), before)


class Door(unittest.TestCase):
    """Asked by hand on port 9443."""

    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.stack = stack
        self.folder = temporary(stack)
        self.authority = Authority(self.folder)

    def start(self, accept):
        server = self.stack.enter_context(Server(*door(self.authority, accept)))
        self.secret = credential(key_of(server))
        return server

    def connect(self, server, pair):
        trust = ssl.create_default_context(cafile=self.authority.ca)
        if pair:
            trust.load_cert_chain(*pair)
        connection = http.client.HTTPSConnection("localhost", server.port(9443), timeout=30,
                                                 context=trust)
        self.addCleanup(connection.close)
        return connection

    @staticmethod
    def ask(connection, headers=None, path="/internal/keys/v1/validate"):
        connection.request("POST", path, json.dumps({"tokens": ["x"]}),
                           {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def bad_certificates(self):
        stranger = Authority(self.folder, "stranger")
        revoked = self.authority.issue(GATEWAY)
        self.authority.revoke(revoked[0])
        return {"expired": self.authority.issue(GATEWAY, begins=-2 * HOUR, ends=-HOUR),
                "early": self.authority.issue(GATEWAY, begins=HOUR),
                "foreign": stranger.issue(GATEWAY),
                "unnamed": self.authority.issue("gw-2.cluster.example"),
                "revoked": revoked}

    def test_only_a_certificate_counts_where_only_certificates_are_accepted(self):
        bad = self.bad_certificates()
        server = self.start("certificate")
        good = self.authority.issue(GATEWAY)
        self.assertEqual(self.ask(self.connect(server, good)), 200)
        self.assertEqual(self.ask(self.connect(server, good), path="/internal/keys/v1/clients"),
                         404)
        for name, pair in {**bad, "none": None}.items():
            with self.subTest(name):
                status = self.ask(self.connect(server, pair), basic("gw", self.secret))
                self.assertEqual(status, 401)
        self.assertEqual(counter(server, MTLS), 1)
        self.assertEqual(counter(server, REFUSALS), len(bad) + 1)

    def test_either_counts_where_both_are_accepted_but_a_bad_certificate_never(self):
        bad = self.bad_certificates()
        server = self.start("secret,certificate")
        self.assertEqual(self.ask(self.connect(server, self.authority.issue(GATEWAY))), 200)
        self.assertEqual(self.ask(self.connect(server, None), basic("gw", self.secret)), 200)
        self.assertEqual(self.ask(self.connect(server, None), basic("gw", "wrong")), 401)
        for name, pair in bad.items():
            with self.subTest(name):
                status = self.ask(self.connect(server, pair), basic("gw", self.secret))
                self.assertEqual(status, 401)

    def test_a_certificate_is_revoked_on_a_connection_that_stands(self):
        server = self.start("certificate")
        pair = self.authority.issue(GATEWAY)
        standing = self.connect(server, pair)
        self.assertEqual(self.ask(standing), 200)
        self.authority.revoke(pair[0])
        server.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while self.ask(standing) == 200 and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(self.ask(standing), 401)
        self.assertEqual(self.ask(self.connect(server, self.authority.issue(GATEWAY))), 200)


if __name__ == "__main__":
    unittest.main()
