# SPDX-License-Identifier: Apache-2.0
"""What the credential of a gateway opens: the feed of its environments, and nothing else that a
stranger could not have. By its secret, by the session that it earns, and by a certificate."""

import csv
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import time
import unittest

from support.backend import Recorder
from support.cluster import credential, credential_file
from support.profiles import PORTALS, Parts, deployment, until
from support.server import PASSWORD, ROOT, basic, bearer, call
from support.walk import ADMIN, User, token_of

INSIDE, OUTSIDE = "Internal", "External"
FEED = "/internal/data/v1"
RESOURCES = (f"{FEED}/snapshot", f"{FEED}/changes?since=0&tag=x")  # revocations name none
KEYS = "/internal/keys/v1"
ENDPOINT_PASSWORD = "endpoint-password-of-the-inside"
BASES = {"publisher": "/api/am/publisher/v4", "devportal": "/api/am/devportal/v3",
         "admin": "/api/am/admin/v4", "gateway": "/api/am/gateway/v2",
         "analytics": "/api/am/analytics/v1"}
REVOKED_SECONDS_MAX = 3


def operations():
    """(method, path) of every operation of the REST APIs."""
    path = os.path.join(ROOT, "tests", "contract", "operations.tsv")
    csv.field_size_limit(1 << 24)
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [(row["method"], BASES[row["api"]] + row["path"]) for row in rows
            if row["api"] in BASES]


def inner_key_paths():
    """(method, path) of every inner endpoint of the key manager, as its source lists them."""
    path = os.path.join(ROOT, "src", "keymanager", "internal_endpoints.cc")
    with open(path, encoding="utf-8") as file:
        found = re.findall(r'on\("([A-Z]+)", "(/internal/keys/v1/[^"]+)"', file.read())
    return [(method, path.replace("*", "x")) for method, path in found]


class Line:
    """A connection that stands: thousands of questions are asked."""

    def __init__(self, node, certificate=None):
        trust = ssl._create_unverified_context()
        if certificate:
            trust.load_cert_chain(*certificate)
        self.connection = http.client.HTTPSConnection("localhost", node.port(9443), timeout=60,
                                                      context=trust)

    def ask(self, method, path, headers=None, body=None):
        try:
            self.connection.request(method, path, None if body is None else json.dumps(body),
                                    {"Content-Type": "application/json", **(headers or {})})
            answer = self.connection.getresponse()
            text = answer.read()
        except (http.client.HTTPException, OSError):
            self.connection.close()
            raise
        if answer.will_close:
            self.connection.close()
        return answer, text


class OneEnvironment(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.nodes = cls.enterClassContext(deployment())
        cls.backend = cls.enterClassContext(Recorder())
        cls.certificate = cls.nodes.authority.issue("gw.out.example")
        door = ("cluster.accept=secret,certificate",
                f"cluster.node_names=gw.out.example@{OUTSIDE},gw.in.example@{INSIDE},"
                f"gw.in.example@{OUTSIDE}")
        cls.key_manager = cls.nodes.make("key-manager", *door)
        cls.portals = cls.nodes.portals(cls.key_manager, *door, profile=PORTALS)
        cls.nodes.start(cls.key_manager, cls.portals)
        cls.outside, cls.inside = [
            cls.nodes.gateway([cls.key_manager], [cls.portals], f"gateway.environments={name}")
            for name in (OUTSIDE, INSIDE)]
        cls.nodes.start(cls.outside, cls.inside)
        cls.secret = credential(cls.nodes.cluster_key, "gw-out", [OUTSIDE])
        cls.publish()

    @classmethod
    def publish(cls):
        cls.admin = User(Parts(cls.portals, cls.key_manager, cls.inside))
        for name in (INSIDE, OUTSIDE):
            cls.admin.must(201, "POST", f"{ADMIN}/environments",
                           {"name": name, "displayName": name, "vhosts": [{"host": "localhost"}]})
        security = {"enabled": True, "type": "BASIC", "username": "inner",
                    "password": ENDPOINT_PASSWORD}
        endpoints = {"endpoint_type": "http",
                     "production_endpoints": {"url": cls.backend.url + "/of-the-inside"},
                     "endpoint_security": {"production": security}}
        places = {name: [{"name": name, "vhost": "localhost", "displayOnDevportal": True}]
                  for name in (INSIDE, OUTSIDE)}
        cls.admin.places = places[INSIDE]
        cls.secret_api = cls.admin.publish("Secret", cls.backend.url, endpointConfig=endpoints)
        cls.admin.places = places[OUTSIDE]
        cls.public_api = cls.admin.publish("Public", cls.backend.url)
        application = cls.admin.create_application("onlyinside", "Unlimited", "OAUTH")
        cls.admin.subscribe(cls.secret_api["id"], application["applicationId"])
        cls.keys = cls.admin.generate_keys(application["applicationId"])
        cls.token = token_of(cls.key_manager, cls.keys)
        cls.needles = [one.encode() for one in (
            "/of-the-inside", ENDPOINT_PASSWORD, cls.keys["consumerKey"],
            cls.keys["consumerSecret"], PASSWORD)]
        until(lambda: call(cls.inside.gateway("/secret/1.0.0/x"),
                           headers=bearer(cls.token)).status == 200)
        until(lambda: call(cls.outside.gateway("/public/1.0.0/x")).status == 401)

    def proofs(self):
        """Headers by the kind of proof, and the connection that goes with them."""
        line = Line(self.portals)
        by_secret = basic("gw-out", self.secret)
        answer, _ = line.ask("GET", f"{FEED}/snapshot?environments={OUTSIDE}", by_secret)
        self.assertEqual(answer.status, 200)
        session = answer.headers["Set-Cookie"].split(";")[0]
        return {"secret": (by_secret, None), "session": ({"Cookie": session}, None),
                "certificate": ({}, self.certificate)}

    def test_the_feed_of_no_other_environment(self):
        for kind, (headers, certificate) in self.proofs().items():
            line = Line(self.portals, certificate)
            for resource in RESOURCES:
                mark = "&" if "?" in resource else "?"
                for wanted in (INSIDE, f"{OUTSIDE},{INSIDE}", f"{INSIDE},{OUTSIDE}", "Default",
                               "", "%49nternal", f"{OUTSIDE}&environments={INSIDE}",
                               f"{INSIDE}&environments={OUTSIDE}", f"{OUTSIDE}%2C{INSIDE}", "*"):
                    with self.subTest(kind=kind, resource=resource, wanted=wanted):
                        answer, text = line.ask("GET", f"{resource}{mark}environments={wanted}",
                                                headers)
                        self.assertEqual(answer.status, 403, text)
                        self.assertIn(f"opens {OUTSIDE}".encode(), text)
                        self.assertIsNone(answer.headers["Gatehouse-Node"])
                answer, text = line.ask("GET", resource, headers)
                self.assertEqual(answer.status, 403, "Default, unless it says another one")

    def test_its_own_feed_holds_nothing_of_another_environment(self):
        line = Line(self.portals)
        answer, text = line.ask("GET", f"{FEED}/snapshot?environments={OUTSIDE}",
                                basic("gw-out", self.secret))
        self.assertEqual(answer.status, 200)
        self.assertIn(self.public_api["id"].encode(), text)
        for needle in (*self.needles, self.secret_api["id"].encode(), b"/secret", b"onlyinside",
                       b"PRIVATE KEY", b'"d":'):
            self.assertNotIn(needle, text)
        both = credential(self.nodes.cluster_key, "gw-both", [OUTSIDE, INSIDE])
        answer, text = line.ask("GET", f"{FEED}/snapshot?environments={OUTSIDE},{INSIDE}",
                                basic("gw-both", both))
        self.assertEqual(answer.status, 200)
        self.assertIn(self.secret_api["id"].encode(), text, "or the needles prove nothing")
        self.assertIn(b"/of-the-inside", text)

    def test_a_certificate_of_two_entries_opens_both(self):
        line = Line(self.portals, self.nodes.authority.issue("gw.in.example"))
        answer, text = line.ask("GET", f"{FEED}/snapshot?environments={INSIDE},{OUTSIDE}")
        self.assertEqual(answer.status, 200, text)
        answer, text = line.ask("GET", f"{FEED}/snapshot?environments=Default")
        self.assertEqual(answer.status, 403, text)

    def test_of_the_key_manager_the_validation_of_tokens_only(self):
        paths = inner_key_paths()
        self.assertGreater(len(paths), 15)
        for kind, (headers, certificate) in self.proofs().items():
            line = Line(self.key_manager, certificate)
            for method, path in paths:
                with self.subTest(kind=kind, path=path):
                    answer, text = line.ask(method, path, headers, {"tokens": ["x"]})
                    wanted = 200 if path == f"{KEYS}/validate" else 401
                    self.assertEqual(answer.status, wanted, text)
                    for needle in self.needles:
                        self.assertNotIn(needle, text)

    def test_of_the_rest_apis_what_a_stranger_has(self):
        replaced = {"apiId": self.secret_api["id"], "userName": "admin"}
        strange, known = Line(self.portals), Line(self.portals)
        proofs = {kind: headers for kind, (headers, _) in self.proofs().items()}
        proofs["certificate"] = {}
        proofs["bearer"] = bearer(self.secret)
        shown = Line(self.portals, self.certificate)
        tried = 0
        for method, path in operations():
            path = re.sub(r"\{(\w+)\}", lambda found: replaced.get(found[1], "x"), path)
            stranger, _ = strange.ask(method, path)
            for kind, headers in proofs.items():
                line = shown if kind == "certificate" else known
                answer, text = line.ask(method, path, headers)
                tried += 1
                with self.subTest(kind=kind, method=method, path=path):
                    self.assertIn(answer.status, (401, stranger.status), text)
                    for needle in self.needles:
                        self.assertNotIn(needle, text)
        self.assertGreater(tried, 500)

    def test_of_oauth_users_and_keys_nothing(self):
        for kind, (headers, certificate) in self.proofs().items():
            for node, method, path, body in (
                    (self.portals, "GET", "/scim2/Users", None),
                    (self.portals, "POST", "/scim2/Users", {"userName": "mine"}),
                    (self.key_manager, "POST", "/oauth2/introspect", "token=x"),
                    (self.key_manager, "POST", "/oauth2/token", "grant_type=client_credentials"),
                    (self.key_manager, "POST", "/oauth2/register", {"client_name": "mine"}),
                    (self.key_manager, "POST", "/client-registration/v0.17/register",
                     {"clientName": "mine", "owner": "admin", "grantType": "password"}),
                    (self.key_manager, "GET", "/oauth2/userinfo", None)):
                with self.subTest(kind=kind, path=path):
                    line = Line(node, certificate)
                    sent = {**headers}
                    if isinstance(body, str):
                        sent["Content-Type"] = "application/x-www-form-urlencoded"
                        line.connection.request(method, path, body, sent)
                        answer = line.connection.getresponse()
                        answer.read()
                    else:
                        answer, _ = line.ask(method, path, sent, body)
                    self.assertIn(answer.status, (400, 401, 403), path)

    def test_what_it_reports_is_its_own(self):
        """A batch in another gateway's name does not make that one's next batches old."""
        line = Line(self.portals)
        stolen = {"node": "gw-1", "sequence": 1 << 60, "rows": []}
        answer, text = line.ask("POST", f"{FEED}/usage", basic("gw-out", self.secret), stolen)
        self.assertEqual(answer.status, 204, text)
        url = self.inside.gateway("/secret/1.0.0/counted")
        for _ in range(3):
            self.assertEqual(call(url, headers=bearer(self.token)).status, 200)
        usage = "/api/am/analytics/v1/usage?apiId=" + self.secret_api["id"]
        until(lambda: sum(one["count"] for one in
                          self.admin.must(200, "GET", usage).json()["list"]) >= 3)

    def test_a_gateway_is_told_at_its_start_what_its_credential_does_not_open(self):
        gateway = self.nodes.gateway([self.key_manager], [self.portals],
                                     "gateway.environments=Default")
        path = credential_file(gateway.data_dir, self.nodes.cluster_key, "gw-x", [OUTSIDE])
        done = subprocess.run([*gateway.command(), "--set", f"cluster.secret_file={path}"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("gateway.environments: 'Default'", done.stderr)

    def test_a_gateway_shows_a_new_credential_without_a_new_start(self):
        gateway = self.nodes.gateway([self.key_manager], [self.portals],
                                     f"gateway.environments={OUTSIDE}")
        path = credential_file(gateway.data_dir, self.nodes.cluster_key, "gw-renewed", [OUTSIDE])
        gateway.settings += (f"cluster.secret_file={path}",)
        self.nodes.start(gateway)
        self.revoke("gw-renewed")
        time.sleep(REVOKED_SECONDS_MAX)
        self.admin.places = [{"name": OUTSIDE, "vhost": "localhost", "displayOnDevportal": True}]
        self.admin.publish("Late", self.backend.url)
        url = gateway.gateway("/late/1.0.0/x")
        until(lambda: call(self.outside.gateway("/late/1.0.0/x")).status == 401)
        time.sleep(1)
        self.assertEqual(call(url).status, 404, "it hears of nothing any more")
        credential_file(gateway.data_dir, self.nodes.cluster_key, "gw-renewed", [OUTSIDE],
                        "--serial", "1")
        gateway.process.send_signal(signal.SIGHUP)
        until(lambda: call(url).status == 401)

    def revoke(self, name):
        settings = [part for one in self.portals.settings for part in ("--set", one)]
        return subprocess.run(
            [self.portals.command()[0], "cluster", "revoke", name, "--data-dir",
             self.portals.data_dir, *settings, "--set", f"server.profile={PORTALS}"],
            capture_output=True, text=True, timeout=60, check=True).stdout

    def test_a_revoked_node_is_shut_out_everywhere_within_a_moment(self):
        secret = credential(self.nodes.cluster_key, "gw-taken", [OUTSIDE])
        question = f"{FEED}/snapshot?environments={OUTSIDE}"
        standing = Line(self.portals)
        answer, _ = standing.ask("GET", question, basic("gw-taken", secret))
        session = {"Cookie": answer.headers["Set-Cookie"].split(";")[0]}
        self.assertEqual(standing.ask("GET", question, session)[0].status, 200)
        line = Line(self.key_manager)

        def statuses(password):
            return {standing.ask("GET", question, session)[0].status,
                    standing.ask("GET", question, basic("gw-taken", password))[0].status,
                    line.ask("POST", f"{KEYS}/validate", basic("gw-taken", password),
                             {"tokens": ["x"]})[0].status}

        self.assertEqual(statuses(secret), {200})
        self.assertIn("serial 1", self.revoke("gw-taken"))
        took = until(lambda: statuses(secret) == {401}, REVOKED_SECONDS_MAX)
        self.assertLess(took, REVOKED_SECONDS_MAX)
        # The others are not concerned; the node itself comes back with the next serial.
        self.assertEqual(standing.ask("GET", question, basic("gw-out", self.secret))[0].status, 200)
        fresh = credential(self.nodes.cluster_key, "gw-taken", [OUTSIDE], "--serial", "1")
        self.assertEqual(standing.ask("GET", question, basic("gw-taken", fresh))[0].status, 200)

    def test_who_waits_for_changes_hears_nothing_after_it_was_revoked(self):
        secret = credential(self.nodes.cluster_key, "gw-waiting", [OUTSIDE])
        proof = basic("gw-waiting", secret)
        line = Line(self.portals)
        _, text = line.ask("GET", f"{FEED}/snapshot?environments={OUTSIDE}", proof)
        last = json.loads(text.splitlines()[-1])
        number, tag = (self.find(last, name) for name in ("to", "tag"))
        self.revoke("gw-waiting")
        line.connection.request(
            "GET", f"{FEED}/changes?environments={OUTSIDE}&since={number}&tag={tag}&wait=6s",
            headers=proof)
        answer = line.connection.getresponse()
        self.assertEqual(answer.status, 401, answer.read())

    def find(self, value, name):
        """The member of this name, wherever it stands."""
        if isinstance(value, dict):
            for key, inner in value.items():
                found = inner if key == name else self.find(inner, name)
                if found is not None:
                    return found
        return None

    def test_a_credential_of_a_file_that_was_changed_is_none(self):
        parts = self.secret.split(".")
        widened = ".".join([*parts[:-4], "SW50ZXJuYWw", *parts[-3:]])
        renamed = ".".join([parts[0], "gw-1", *parts[2:]])
        line = Line(self.portals)
        for name, secret in (("gw-out", widened), ("gw-1", renamed), ("gw-1", self.secret),
                             ("gw-out", self.secret[:-1]), ("gw-out", "")):
            answer, text = line.ask("GET", f"{FEED}/snapshot?environments={OUTSIDE}",
                                    basic(name, secret))
            self.assertEqual(answer.status, 401, text)
            self.assertEqual(answer.headers["Gatehouse-Node"], "refused")


if __name__ == "__main__":
    unittest.main()
