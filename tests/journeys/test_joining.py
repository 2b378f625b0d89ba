# SPDX-License-Identifier: Apache-2.0
"""A machine becomes a node of the cluster by a token, once, and gets what it needs and no more."""

import base64
import concurrent.futures
import contextlib
import glob
import http.client
import itertools
import json
import os
import shutil
import ssl
import stat
import subprocess
import tempfile
import unittest
from http.server import BaseHTTPRequestHandler

from support.authority import Authority
from support.backend import Recorder, Served
from support.cluster import key_of
from support.profiles import until
from support.server import BINARY, Answer, Server, basic, call
from support.walk import User

AUTHORITIES, JOIN = "/internal/cluster/v1/authorities", "/internal/cluster/v1/join"
COMMAND_SECONDS_MAX = 60
AT_ONCE = 12
ADDRESSES = itertools.count(1)


def run(*arguments, **more):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True,
                          timeout=COMMAND_SECONDS_MAX, check=False, **more)


def secret_in(token):
    """What the cluster is shown of a token."""
    raw = base64.urlsafe_b64decode(token.removeprefix("ghj1_") + "==")
    return base64.urlsafe_b64encode(raw[:32]).decode().rstrip("=")


class Joining(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.key = key_of(cls.server)

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="gatehouse-journey-"))
        self.url = f"https://localhost:{self.server.port(9443)}"

    def token(self, name, profile="gateway", *more):
        done = run("cluster", "join-token", name, "--profile", profile, *more, "--data-dir",
                   self.server.data_dir, "--set", f"server.port_offset={self.server.offset}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"gatehouse cluster join {self.url} ghj1_", done.stdout)
        return done.stdout.split()[-1]

    def join(self, token, *more, url=None, folder=None):
        return run("cluster", "join", url or self.url, token, "--directory",
                   folder or self.folder, *more)

    def show(self, token, more=None):
        """Each time from another address: who fails often is slowed down."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.server.port(9443), timeout=30,
            context=ssl._create_unverified_context(),
            source_address=(f"127.0.1.{next(ADDRESSES)}", 0))
        with contextlib.closing(connection):
            connection.request("POST", JOIN,
                               json.dumps({"token": secret_in(token), **(more or {})}),
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())

    def file(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def names(self):
        return sorted(os.listdir(self.folder))

    def test_a_gateway_joins_and_serves(self):
        done = self.join(self.token("gw-new"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.names(), ["ca.crt", "cluster.secret"])
        for name in self.names():
            mode = os.stat(os.path.join(self.folder, name)).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600, name)
        self.assertNotIn(self.key, self.file("cluster.secret"))
        settings = [line.replace(" = ", "=").replace('"', "") for line in done.stdout.splitlines()
                    if line.startswith("cluster.")]
        self.assertEqual(len(settings), 2)
        backend = self.enterContext(Recorder())
        gateway = self.enterContext(Server(
            *settings, f"gateway.control_plane={self.url}", f"gateway.key_manager={self.url}",
            "server.workers=1", arguments=("--profile", "gateway"), started=(200, 503)))
        api = User(self.server).publish("Joined", backend.url)
        until(lambda: call(gateway.gateway("/joined/1.0.0/x")).status == 401)
        # Without NATS its name is not configured: it stands under the one of its credential.
        self.assertTrue(api["id"])
        admin = User(self.server)
        deployments = f"/api/am/publisher/v4/apis/{api['id']}/deployments"

        def stands():
            listed = admin.must(200, "GET", deployments).json()["list"]
            return any(one["name"].startswith("gw-new/")
                       for place in listed for one in place["gateways"])

        until(stands)

    def test_a_key_manager_gets_the_cluster_key_and_no_credential(self):
        done = self.join(self.token("km-new", "key-manager"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.names(), ["ca.crt", "cluster.key"])
        self.assertEqual(self.file("cluster.key"), self.key)
        mode = os.stat(os.path.join(self.folder, "cluster.key")).st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)

    def test_a_gateways_token_never_yields_the_cluster_key(self):
        for profile in ("gateway", "traffic-manager", "gateway,traffic-manager"):
            answer = self.show(self.token("gw-greedy", profile),
                               {"profiles": ["key-manager"], "profile": "control-plane",
                                "environments": ["Internal"], "node": "km-1"})
            self.assertEqual(answer.status, 200, answer)
            for form in (self.key, self.key.hex().encode(), base64.b64encode(self.key),
                         base64.urlsafe_b64encode(self.key).rstrip(b"="), b"cluster_key"):
                self.assertNotIn(form, answer.body)
            self.assertEqual(answer.json()["environments"], ["Default"])
            self.assertEqual(answer.json()["node"], "gw-greedy")

    def test_the_environments_are_those_of_the_token(self):
        token = self.token("gw-out", "gateway", "--environment", "External", "--environment",
                           "Partners")
        self.assertEqual(self.join(token).returncode, 0)
        secret = self.file("cluster.secret").decode().strip()
        for wanted, status in (("External,Partners", 200), ("Partners", 200), ("Default", 403),
                               ("External,Internal", 403)):
            answer = call(self.server.url("/internal/data/v1/snapshot?environments=" + wanted),
                          headers=basic("gw-out", secret))
            self.assertEqual(answer.status, status, answer)

    def test_a_token_counts_once(self):
        token = self.token("gw-once")
        self.assertEqual(self.join(token).returncode, 0)
        other = os.path.join(self.folder, "other")
        done = self.join(token, folder=other)
        self.assertEqual(done.returncode, 1)
        self.assertIn("used", done.stderr)
        self.assertEqual(os.listdir(other), ["ca.crt"])
        self.assertNotIn(b"credential", self.show(token).body)

    def test_of_many_at_the_same_moment_one_is_let_in(self):
        token = self.token("km-raced", "key-manager")
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(lambda _: self.show(token), range(AT_ONCE)))
        with_key = [one for one in answers if b"cluster_key" in one.body]
        self.assertEqual(len(with_key), 1, answers)
        self.assertTrue(all(one.status == 401 for one in answers if one not in with_key))

    def test_the_cluster_keeps_no_token(self):
        token = self.token("gw-kept")
        secret = secret_in(token)
        raw = base64.urlsafe_b64decode(secret + "=")
        for path in glob.glob(os.path.join(self.server.data_dir, "**"), recursive=True):
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    content = file.read()
                for form in (token.encode(), secret.encode(), raw, raw.hex().encode()):
                    self.assertNotIn(form, content, path)

    def test_files_that_are_there_stay_and_cost_no_token(self):
        with open(os.path.join(self.folder, "cluster.key"), "wb") as file:
            file.write(b"precious")
        token = self.token("km-again", "key-manager")
        done = self.join(token)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--force", done.stderr)
        self.assertEqual(self.file("cluster.key"), b"precious")
        self.assertEqual(self.join(token, "--force").returncode, 0)
        self.assertEqual(self.file("cluster.key"), self.key)

    def test_what_is_no_token_is_said_before_anybody_is_asked(self):
        for text in ("x", "ghj1_", "ghj1_AAAA"):
            done = self.join(text, url="https://localhost:1")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("TOKEN", done.stderr)

    def test_from_standard_input(self):
        token = self.token("gw-piped")
        self.assertEqual(run("cluster", "join", self.url, "-", "--directory", self.folder,
                             input=token + "\n").returncode, 0)
        self.assertIn("cluster.secret", self.names())

    def test_who_cannot_join_is_told_so(self):
        place = ("--data-dir", self.server.data_dir)
        for arguments, said in (
                (("gw x", "--profile", "gateway"), "NODE"),
                (("gw", "--profile", "gatehouse"), "--profile"),
                (("gw", "--profile", "gateway", "--environment", "a,b"), "--environment"),
                (("gw", "--profile", "gateway", "--minutes", "0"), "--minutes"),
                (("gw", "--profile", "gateway", "--set", "server.profile=gateway", "--set",
                  "cluster.secret_file=s"), "server.profile")):
            done = run("cluster", "join-token", *arguments, *place)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(said, done.stderr)

    def test_init_makes_a_key_and_leaves_one_that_is_there(self):
        place = os.path.join(self.folder, "new")
        self.assertEqual(run("cluster", "init", place).returncode, 0)
        path = os.path.join(place, "cluster.key")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path, "rb") as file:
            key = file.read()
        self.assertEqual(len(key), 32)
        again = run("cluster", "init", place)
        self.assertEqual(again.returncode, 1)
        self.assertIn("--force", again.stderr)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), key)
        self.assertEqual(run("cluster", "init", place, "--force").returncode, 0)
        with open(path, "rb") as file:
            self.assertNotEqual(file.read(), key)


class Strangers(unittest.TestCase):
    """Whoever stands between the new machine and the cluster, and whoever guesses."""

    def setUp(self):
        stack = self.enterContext(contextlib.ExitStack())
        self.server = stack.enter_context(Server())
        self.folder = tempfile.mkdtemp(prefix="gatehouse-journey-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.authority = Authority(self.folder, "stranger")
        done = run("cluster", "join-token", "km-1", "--profile", "key-manager", "--data-dir",
                   self.server.data_dir)
        self.token = done.stdout.split()[-1]

    def join(self, url):
        return run("cluster", "join", url, self.token, "--directory",
                   os.path.join(self.folder, "joined"))

    def impostor(self, authorities):
        """A server with a certificate of its own that shows these authorities."""
        asked = []

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked.append((self.command, self.path, body))
                self.send_response(200)
                self.send_header("Content-Length", str(len(authorities)))
                self.end_headers()
                self.wfile.write(authorities)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        served = self.enterContext(Served(Handler, *self.authority.issue("localhost")))
        served.server.handle_error = lambda *_: None  # a handshake that is broken off
        return served.url.replace("127.0.0.1", "localhost"), asked

    def assert_token_is_good(self):
        done = self.join(f"https://localhost:{self.server.port(9443)}")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_who_shows_other_authorities_never_sees_the_token(self):
        with open(self.authority.ca, "rb") as file:
            url, asked = self.impostor(file.read())
        done = self.join(url)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not of the cluster that has made this token", done.stderr)
        self.assertEqual([(method, path) for method, path, _ in asked], [("GET", AUTHORITIES)])
        self.assert_token_is_good()

    def test_who_shows_the_right_authorities_with_another_certificate_neither(self):
        url, asked = self.impostor(call(self.server.url(AUTHORITIES)).body)
        done = self.join(url)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertEqual([(method, path) for method, path, _ in asked], [("GET", AUTHORITIES)])
        self.assert_token_is_good()

    def test_who_guesses_is_slowed_down(self):
        url = self.server.url(JOIN)
        statuses = []
        for _ in range(12):
            guess = base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
            answer = call(url, "POST", {"token": guess})
            statuses.append(answer.status)
        self.assertEqual(statuses[:5], [401] * 5)
        self.assertEqual(statuses[-1], 429)
        self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
        self.assertLessEqual(statuses.count(401), 7)

    def test_what_is_no_question_is_refused_alike(self):
        url = self.server.url(JOIN)
        for body in ({}, {"token": ""}, {"token": 7}, {"token": "A" * 100_000}):
            answer = call(url, "POST", body)
            self.assertIn(answer.status, (400, 401), answer)
        self.assertEqual(call(url, "GET").status, 405)
        self.assertEqual(call(self.server.gateway(JOIN), "POST", {}).status, 404)

    def test_a_token_of_a_revoked_node_is_worth_nothing(self):
        self.assertEqual(run("cluster", "revoke", "km-1", "--data-dir",
                             self.server.data_dir).returncode, 0)
        done = self.join(f"https://localhost:{self.server.port(9443)}")
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
