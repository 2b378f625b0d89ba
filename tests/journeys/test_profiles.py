# SPDX-License-Identifier: Apache-2.0
"""Roles in processes of their own, on one PostgreSQL: what each of them serves and opens, and that
all of them together do what one node does."""

import contextlib
import copy
import os
import signal
import time
import unittest
from urllib.parse import urlencode

from support.backend import Recorder
from support.cluster import SECRET, counter
from support.ports import free_port
from support.profiles import Parts, deployment, here, until
from support.server import FORM, PASSWORD, basic, bearer, call, form
from support.walk import ADMIN, DEVPORTAL, PUBLISHER, User, expect, token_of

# Without a bus a gateway asks twice a second; the contract says one second, and the machine of a
# test may be busy.
LATE_SECONDS_MAX = 3


class ThreeMachines(unittest.TestCase):
    """Pattern 2: a gateway, a key manager, and a node with all portals."""

    @classmethod
    def setUpClass(cls):
        cls.nodes = cls.enterClassContext(deployment())
        cls.backend = cls.enterClassContext(Recorder())
        cls.key_manager = cls.nodes.make("key-manager")
        cls.portals = cls.nodes.portals(cls.key_manager,
                                        profile="publisher,devportal,admin,traffic-manager")
        # At the same moment, on databases that are empty.
        cls.nodes.start(cls.key_manager, cls.portals)
        dead = f"https://localhost:{free_port()}"
        cls.gateway = cls.nodes.make(
            "gateway",
            f"gateway.key_manager={dead},{here(cls.key_manager)}",
            f"gateway.control_plane={dead},{here(cls.portals)}")
        cls.nodes.start(cls.gateway)
        cls.parts = Parts(cls.portals, cls.key_manager, cls.gateway)
        cls.admin = User(cls.parts)

    def stand_at(self, answer):
        """The gateway stands at the number that an answer of the control plane names."""
        number = answer.headers["gatehouse-change"]
        until(lambda: self.gateway.status(f"/readyz?at={number}").status == 200, LATE_SECONDS_MAX)

    def opened(self, name, **more):
        """An API that an application with keys may call."""
        policy = more.get("policy", "Unlimited")
        api = self.admin.publish(name, self.backend.url, policies=[policy])
        application = self.admin.create_application(name.lower(), "Unlimited",
                                                    more.get("token_type", "OAUTH"))
        self.admin.subscribe(api["id"], application["applicationId"], policy)
        keys = self.admin.call(
            "POST", f"{DEVPORTAL}/applications/{application['applicationId']}/generate-keys",
            {"keyType": "PRODUCTION", "validityTime": 3600,
             "grantTypesToBeSupported": ["client_credentials", "password", "refresh_token"]})
        self.stand_at(expect(keys, 200, "generate keys"))
        return api, keys.json()

    def ask_token(self, keys, **fields):
        """Through the gateway."""
        return call(self.gateway.gateway("/token"), "POST", form(**fields),
                    {**FORM, **basic(keys["consumerKey"], keys["consumerSecret"])})

    def status_of(self, path, token):
        return call(self.gateway.gateway(path), headers=bearer(token)).status

    def test_the_walk_from_creation_to_retirement(self):
        for token_type in ("OAUTH", "JWT"):
            with self.subTest(token_type=token_type):
                self.walk(f"Walk{token_type}", token_type)

    def walk(self, name, token_type):
        api, keys = self.opened(name, token_type=token_type)
        path = f"/{name.lower()}/1.0.0/menu"
        answer = self.ask_token(keys, grant_type="client_credentials")
        token = expect(answer, 200, "a token through the gateway").json()["access_token"]
        self.assertEqual(self.status_of(path, token), 200)
        self.assertEqual(call(self.gateway.gateway(path)).status, 401)

        revoked = call(self.gateway.gateway("/revoke"), "POST", form(token=token),
                       {**FORM, **basic(keys["consumerKey"], keys["consumerSecret"])})
        self.assertEqual(revoked.status, 200)
        until(lambda: self.status_of(path, token) == 401, LATE_SECONDS_MAX)

        fresh = self.ask_token(keys, grant_type="client_credentials").json()["access_token"]
        self.assertEqual(self.status_of(path, fresh), 200)
        self.admin.change_lifecycle(api["id"], "Deprecate")
        self.admin.change_lifecycle(api["id"], "Retire")
        until(lambda: self.status_of(path, fresh) == 404, LATE_SECONDS_MAX)

    def test_a_password_passes_the_gateway_and_stays_nowhere(self):
        _, keys = self.opened("Passed")
        answer = self.ask_token(keys, grant_type="password", username="admin", password=PASSWORD)
        token = expect(answer, 200, "grant password").json()
        self.assertEqual(self.status_of("/passed/1.0.0/menu", token["access_token"]), 200)
        seen = call(self.gateway.gateway("/userinfo"), headers=bearer(token["access_token"]))
        self.assertIn(seen.status, (200, 403))
        self.assertEqual(call(self.gateway.gateway("/authorize")).status, 400)
        wrong = self.ask_token(keys, grant_type="password", username="admin", password="wr0ng-one")
        self.assertEqual(wrong.status, 400)
        secrets = [keys["consumerSecret"], token["access_token"], token["refresh_token"],
                   "wr0ng-one", PASSWORD, urlencode({"password": PASSWORD})]
        kept = b"".join(self.files_of(self.gateway).values())
        for secret in secrets:
            self.assertNotIn(secret.encode(), kept)

    @staticmethod
    def files_of(node):
        kept = {}
        for folder, _, names in os.walk(node.data_dir):
            for name in names:
                with contextlib.suppress(FileNotFoundError), \
                        open(os.path.join(folder, name), "rb") as file:
                    kept[name] = file.read()
        return kept

    def test_a_gateway_keeps_no_database_and_no_cluster_key(self):
        names = self.files_of(self.gateway)
        self.assertFalse([name for name in names if name.endswith(".db")], names)
        self.assertNotIn("cluster.key", names)
        self.assertIn("gateway.key", names)
        with self.assertRaises(ConnectionError):
            call(self.gateway.url("/oauth2/jwks"))

    def test_a_gateway_learns_of_its_environments_alone(self):
        other = self.nodes.gateway([self.key_manager], [self.portals],
                                   "gateway.environments=Elsewhere")
        self.nodes.start(other)
        like = self.nodes.gateway([self.key_manager], [self.portals])
        self.nodes.start(like)
        self.opened("Homely")
        number = self.gateway.status("/readyz").json()["number"]
        for one in (like, other):
            until(lambda it=one: it.status(f"/readyz?at={number}").status == 200, LATE_SECONDS_MAX)
        known = self.gateway.status("/snapshot").json()
        self.assertGreaterEqual(known["counts"]["api"], 1)
        self.assertEqual(like.status("/snapshot").json(), known)
        self.assertNotEqual(other.status("/snapshot").json()["sha256"], known["sha256"])
        self.assertEqual(self.portals.status("/snapshot").status, 404)
        like.stop()
        self.assertEqual(call(self.gateway.gateway("/homely/1.0.0/menu")).status, 401)
        self.assertEqual(call(other.gateway("/homely/1.0.0/menu")).status, 404)
        other.stop()

    def test_nodes_with_databases_stand_at_every_number_at_once(self):
        for name in ("soon", "sooner"):
            made = self.admin.must(201, "POST", f"{DEVPORTAL}/applications",
                                   {"name": name, "throttlingPolicy": "Unlimited"})
            number = int(made.headers["gatehouse-change"])
            for node in (self.key_manager, self.portals):
                self.assertEqual(node.status(f"/readyz?at={number}").status, 200)
                self.assertEqual(node.status(f"/readyz?at={number + 1000}").status, 503)

    def test_usage_reaches_the_portals(self):
        _, keys = self.opened("Counted")
        token = token_of(self.parts, keys)
        for _ in range(7):
            self.assertEqual(self.status_of("/counted/1.0.0/menu", token), 200)
        now = int(time.time() * 1000)
        path = f"/api/am/analytics/v1/usage?from={now - 120_000}&to={now + 120_000}&group=api"
        until(lambda: [row["count"] for row in self.admin.must(200, "GET", path).json()["list"]
                       if "counted" in str(row).lower()] == [7])

    def test_a_limit_without_a_traffic_manager_in_reach_lets_nothing_over(self):
        self.assertIn("whenOwnerSilent", self.gateway.log())
        _, keys = self.opened("Limited", policy="Bronze")
        token = token_of(self.parts, keys)
        before = len(self.backend.requests)
        self.assertEqual(self.status_of("/limited/1.0.0/menu", token), 429)
        self.assertEqual(len(self.backend.requests), before)

    def test_a_user_of_the_admin_portal_signs_in_everywhere_at_once(self):
        password = self.admin.create_user("maria", ["Internal/creator", "Internal/publisher"])
        maria = User(self.parts, "maria", password, "apim:api_view apim:api_create")
        maria.must(200, "GET", f"{PUBLISHER}/apis")
        listed = call(self.portals.url(f"{PUBLISHER}/apis"), headers=basic("maria", password))
        self.assertEqual(listed.status, 200)
        refused = call(self.portals.url(f"{PUBLISHER}/apis"), headers=basic("maria", "wrong"))
        self.assertEqual(refused.status, 401)

    def test_a_key_manager_that_is_away_is_told_from_a_wrong_password(self):
        portals = self.nodes.node(
            "publisher", f"portals.key_manager=https://localhost:{free_port()}",
            f"key_manager.issuer={here(self.key_manager)}/oauth2/token")
        answer = call(portals.url(f"{PUBLISHER}/apis"), headers=basic("admin", PASSWORD))
        self.assertEqual(answer.status, 503, answer)

    def test_a_node_with_another_cluster_key_is_told_from_a_wrong_password(self):
        node = self.nodes.portals(self.key_manager, profile="publisher")
        os.remove(os.path.join(node.data_dir, "cluster.key"))
        self.nodes.start(node)
        answer = call(node.url(f"{PUBLISHER}/apis"), headers=basic("admin", PASSWORD))
        self.assertEqual(answer.status, 503, answer)

    def test_the_portals_keep_a_session_at_the_key_manager(self):
        for _ in range(5):
            self.admin.must(200, "GET", f"{PUBLISHER}/apis")
        hits = 'gatehouse_key_manager_session_hits_total{nodes="control-plane"}'
        self.assertGreater(counter(self.key_manager, hits), 4)

    def test_every_node_reloads_and_drains(self):
        nodes = self.nodes.start(
            self.nodes.portals(self.key_manager), self.nodes.make("key-manager"),
            self.nodes.make("traffic-manager"),
            self.nodes.gateway([self.key_manager], [self.portals]))
        for node in nodes:
            with self.subTest(profile=node.arguments[1]):
                node.process.send_signal(signal.SIGHUP)
                until(lambda n=node: "certificates and log level are read again" in n.log())
                begun = time.monotonic()
                self.assertEqual(node.stop(signal.SIGTERM), 0)
                self.assertLess(time.monotonic() - begun, 5)
                node.start()
                begun = time.monotonic()
                self.assertEqual(node.stop(), 0)
                self.assertLess(time.monotonic() - begun, 2)

    def test_a_gateway_starts_without_anybody_and_ends_at_once(self):
        gateway = self.nodes.gateway([self.key_manager], [self.portals])
        self.nodes.start(gateway)
        gateway.stop()
        alone = [f"gateway.{key}=https://localhost:{free_port()}"
                 for key in ("key_manager", "control_plane")]
        gateway.settings += tuple(alone)
        gateway.start()  # from its own disk
        begun = time.monotonic()
        self.assertEqual(gateway.stop(), 0)
        self.assertLess(time.monotonic() - begun, 3)


class InnerPaths(unittest.TestCase):
    """Nothing below /internal/ without a proof, and with one only what is meant for the node."""

    GATEWAYS = {
        "key-manager": [("POST", "/internal/keys/v1/validate", {"tokens": ["x"]})],
        "portals": [("GET", "/internal/data/v1/snapshot", None),
                    ("GET", "/internal/data/v1/changes?since=0&tag=x", None),
                    ("GET", "/internal/data/v1/revocations?since=0", None),
                    ("POST", "/internal/data/v1/usage", {"node": "x", "sequence": 1, "rows": []})],
    }
    PORTALS = [("POST", "/internal/keys/v1/authenticate", {"authorization": "Basic eDp5"}),
               ("POST", "/internal/keys/v1/clients", {"name": "x"}),
               ("POST", "/internal/keys/v1/clients/x/token", {}),
               ("POST", "/internal/keys/v1/password-reset", {}),
               ("POST", "/internal/keys/v1/try-out-key", {"api_id": "x", "user_id": "y"})]

    def test_each_of_them_wants_the_proof_of_its_own_nodes(self):
        with deployment() as nodes:
            key_manager = nodes.make("key-manager")
            portals = nodes.portals(key_manager)
            nodes.start(key_manager, portals)
            served = {"key-manager": key_manager, "portals": portals}
            for name, paths in self.GATEWAYS.items():
                for method, path, body in paths:
                    with self.subTest(path=path):
                        url = served[name].url(path)
                        for headers in ({}, basic("gw", "wrong"), basic("admin", PASSWORD)):
                            self.assertEqual(call(url, method, body, headers).status, 401)
                        answer = call(url, method, body, basic("gw", SECRET))
                        self.assertNotIn(answer.status, (401, 404), answer)
            for method, path, body in self.PORTALS:
                with self.subTest(path=path):
                    for headers in ({}, basic("gw", SECRET), basic("admin", PASSWORD)):
                        answer = call(key_manager.url(path), method, body, headers)
                        self.assertEqual(answer.status, 401, answer)
                        self.assertEqual(answer.headers["gatehouse-node"], "refused")
            for node, path in ((portals, "/internal/keys/v1/validate"),
                               (key_manager, "/internal/data/v1/snapshot")):
                self.assertEqual(call(node.url(path), "POST", {}, basic("gw", SECRET)).status, 404)

    def test_by_certificates_alone(self):
        with deployment() as nodes:
            door = ("cluster.accept=certificate", "cluster.node_names=gw.example",
                    "cluster.control_plane_names=portal.example")
            gateway_shows = self.shown(nodes, "gw.example")
            key_manager = nodes.make("key-manager", *door)
            portals = nodes.portals(key_manager, *door, *self.shown(nodes, "portal.example"))
            nodes.start(key_manager, portals)
            gateway = nodes.gateway([key_manager], [portals], *gateway_shows)
            stranger = nodes.portals(key_manager, *gateway_shows, profile="publisher")
            nodes.start(gateway, stranger)
            admin = User(Parts(portals, key_manager, gateway))
            with Recorder() as backend:
                api = admin.publish("Certified", backend.url)
                until(lambda: call(gateway.gateway("/certified/1.0.0/x")).status == 401)
                application = admin.create_application("certified", "Unlimited", "OAUTH")
                admin.subscribe(api["id"], application["applicationId"])
                keys = admin.generate_keys(application["applicationId"])
                token = token_of(key_manager, keys)
                until(lambda: call(gateway.gateway("/certified/1.0.0/x"),
                                   headers=bearer(token)).status == 200)
            # A gateway's certificate does not make a portal.
            answer = call(stranger.url(f"{PUBLISHER}/apis"), headers=basic("admin", PASSWORD))
            self.assertEqual(answer.status, 503, answer)
            for node, path in ((key_manager, "/internal/keys/v1/validate"),
                               (portals, "/internal/data/v1/snapshot")):
                self.assertEqual(call(node.url(path), "GET", None, basic("gw", SECRET)).status, 401)

    @staticmethod
    def shown(nodes, name):
        certificate, key = nodes.authority.issue(name)
        return f"cluster.certificate={certificate}", f"cluster.key={key}"


class FullyDistributed(unittest.TestCase):
    """Pattern 3: each portal on its own, and two key managers."""

    @classmethod
    def setUpClass(cls):
        cls.nodes = cls.enterClassContext(deployment())
        cls.key_managers = cls.nodes.start(cls.nodes.make("key-manager"))
        issuer = f"key_manager.issuer={here(cls.key_managers[0])}/oauth2/token"
        cls.key_managers += cls.nodes.start(cls.nodes.make("key-manager", issuer))
        both = "portals.key_manager=" + ",".join(map(here, cls.key_managers))
        cls.publisher, cls.devportal, cls.admin_node = cls.nodes.start(
            *(cls.nodes.make(role, both) for role in ("publisher", "devportal", "admin")))

    def admin_of(self, portal, key_manager):
        return User(Parts(portal, key_manager, None))

    def test_what_one_node_publishes_another_one_shows(self):
        provider = self.admin_of(self.publisher, self.key_managers[0])
        api = provider.publish("Told", "http://127.0.0.1:9")
        consumer = self.admin_of(self.devportal, self.key_managers[1])
        shown = consumer.must(200, "GET", f"{DEVPORTAL}/apis/{api['id']}/swagger").json()
        self.assertIn("/*", shown["paths"])
        self.assertEqual(shown["info"]["title"], "Told")

    def test_a_user_of_the_admin_node_signs_in_at_the_others_at_once(self):
        password = self.admin_of(self.admin_node, self.key_managers[0]).create_user(
            "olga", ["Internal/creator", "Internal/publisher", "Internal/subscriber"])
        for portal, base in ((self.publisher, PUBLISHER), (self.devportal, DEVPORTAL)):
            answer = call(portal.url(f"{base}/apis"), headers=basic("olga", password))
            self.assertEqual(answer.status, 200, answer)
        for key_manager in self.key_managers:
            User(Parts(self.publisher, key_manager, None), "olga", password,
                 "apim:api_view").must(200, "GET", f"{PUBLISHER}/apis")

    def test_the_vhost_that_an_administrator_names_stays(self):
        admin = self.admin_of(self.admin_node, self.key_managers[0])
        environment = admin.must(200, "GET", f"{ADMIN}/environments").json()["list"][0]
        path = f"{ADMIN}/environments/{environment['id']}"
        self.addCleanup(admin.must, 200, "PUT", path, copy.deepcopy(environment))
        environment["vhosts"][0]["host"] = "gw.example.org"
        admin.must(200, "PUT", path, environment)
        for node in (self.admin_node, self.publisher):
            node.restart()
        self.assertEqual(admin.must(200, "GET", path).json()["vhosts"][0]["host"],
                         "gw.example.org")

    def test_a_former_password_holds_nowhere_a_moment_later(self):
        """Each key manager remembers a pair that it has checked for a minute, if nobody tells."""
        admin = self.admin_of(self.admin_node, self.key_managers[0])
        former = admin.create_user("pavel", ["Internal/subscriber"])
        client = {"callbackUrl": "", "clientName": "pavels", "owner": "pavel",
                  "grantType": "password", "saasApp": True}

        def status_at(key_manager, password):
            return call(key_manager.url("/client-registration/v0.17/register"), "POST", client,
                        basic("pavel", password)).status

        for key_manager in self.key_managers:
            self.assertEqual(status_at(key_manager, former), 200)
        admin.must(200, "PUT", f"{ADMIN}/users/pavel",
                   {"userName": "pavel", "password": "An0ther-long-one!",
                    "roles": ["Internal/subscriber"]})
        for key_manager in self.key_managers:
            until(lambda at=key_manager: status_at(at, former) == 401, LATE_SECONDS_MAX)
            self.assertEqual(status_at(key_manager, "An0ther-long-one!"), 200)

    def test_the_next_key_manager_is_asked_when_one_is_away(self):
        admin = self.admin_of(self.publisher, self.key_managers[1])
        self.key_managers[0].stop()
        try:
            for _ in range(3):
                admin.must(200, "GET", f"{PUBLISHER}/apis")
        finally:
            self.key_managers[0].start()


class PassedOn(unittest.TestCase):
    """What a gateway passes on to its key managers, looked at from their side."""

    def test_as_it_came_with_the_address_of_the_client(self):
        with deployment() as nodes:
            certificate, key = nodes.authority.issue("localhost")
            recorder = nodes.stack.enter_context(Recorder(certificate, key))
            url = recorder.url.replace("127.0.0.1", "localhost")
            gateway = nodes.make("gateway", f"gateway.key_manager={url}",
                                 f"gateway.control_plane={url}", started=(503,))
            nodes.start(gateway)
            for path, target in (("/token", "/oauth2/token"), ("/revoke", "/oauth2/revoke"),
                                 ("/authorize?a=b", "/oauth2/authorize?a=b"),
                                 ("/userinfo", "/oauth2/userinfo")):
                sent = {**FORM, **basic("client", "its secret"), "X-Forwarded-For": "192.0.2.1"}
                answer = call(gateway.gateway(path), "POST", "grant_type=x&password=y", sent)
                self.assertEqual(answer.status, 200, answer)
                seen = [each for each in recorder.requests if each["target"] == target][-1]
                headers = {name.lower(): value for name, value in seen["headers"]}
                self.assertEqual(headers["authorization"],
                                 basic("client", "its secret")["Authorization"])
                self.assertEqual(headers["x-forwarded-for"], "127.0.0.1")
                self.assertNotIn("gatehouse_node", headers.get("cookie", ""))
                self.assertEqual(seen["body"], "grant_type=x&password=y")

    def test_to_a_key_manager_at_an_offset(self):
        with deployment() as nodes:
            key_manager = nodes.make("key-manager", offset=3)
            portals = nodes.portals(key_manager)
            nodes.start(key_manager, portals)
            gateway = nodes.gateway([key_manager], [portals])
            nodes.start(gateway)
            self.assertEqual(here(key_manager), "https://localhost:9446")
            admin = User(Parts(portals, key_manager, gateway))
            fields = form(grant_type="password", username="admin", password=PASSWORD)
            for url in ("https://localhost:9446/oauth2endpoints/token", gateway.gateway("/token")):
                answer = call(url, "POST", fields, {**FORM, **basic(*admin.client)})
                self.assertEqual(answer.status, 200, answer)
            known = call("https://localhost:9446/.well-known/openid-configuration").json()
            self.assertEqual(known["issuer"], "https://localhost:9446/oauth2/token")


class GatewayWithItsTrafficManager(unittest.TestCase):
    """One machine at the edge: the limits of its gateway are counted in the same process."""

    def test_exactly_the_quota_passes_and_a_try_out_key_counts(self):
        with deployment() as nodes, Recorder() as backend:
            key_manager = nodes.make("key-manager")
            portals = nodes.portals(key_manager)
            nodes.start(key_manager, portals)
            gateway = nodes.gateway([key_manager], [portals], profile="gateway,traffic-manager")
            nodes.start(gateway)
            admin = User(Parts(portals, key_manager, gateway))
            admin.create_policy("subscription", "Five", 5, minutes=60)
            api = admin.publish("Edge", backend.url, policies=["Five"])
            application = admin.create_application("edge", "Unlimited", "OAUTH")
            admin.subscribe(api["id"], application["applicationId"], "Five")
            token = token_of(key_manager, admin.generate_keys(application["applicationId"]))
            url = gateway.gateway("/edge/1.0.0/menu")
            until(lambda: call(url, headers=bearer(token)).status == 200)
            statuses = [call(url, headers=bearer(token)).status for _ in range(6)]
            self.assertEqual(statuses, [200] * 4 + [429] * 2)
            # A key for trying out is signed by the key manager, which the portal asks for it.
            key = admin.must(200, "POST", f"{PUBLISHER}/apis/{api['id']}/generate-key").json()
            tried = call(url, headers={"Internal-Key": key["apikey"]})
            self.assertEqual(tried.status, 200, tried)


if __name__ == "__main__":
    unittest.main()
