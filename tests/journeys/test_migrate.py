# SPDX-License-Identifier: Apache-2.0
"""An installation moves from SQLite files to PostgreSQL, and back."""

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
import unittest

from support.backend import Recorder
from support.postgres import PASSWORD as DATABASE_PASSWORD
from support.postgres import Postgres
from support.server import BINARY, FORM, PASSWORD, Server, basic, bearer, call, form
from support.walk import ADMIN, DEVPORTAL, PUBLISHER, User, expect, token_of

NAMES = ("user_manager", "api_manager", "registry")
RUN_SECONDS_MAX = 300
TOKENS = 100_000


def migrate(*arguments):
    return subprocess.run([BINARY, "migrate", *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=False)


class Migrate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = cls.enterClassContext(Postgres())
        cls.backend = cls.enterClassContext(Recorder())

    def folder(self):
        folder = tempfile.mkdtemp(prefix="gatehouse-migrate-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def migrated(self, *arguments, code=0):
        done = migrate(*arguments)
        self.assertEqual(done.returncode, code, done)
        self.assertNotIn(DATABASE_PASSWORD, done.stdout + done.stderr)
        return done

    def settings(self, database):
        """What the closing message says to put into the configuration, with the password."""
        return [f"database.{name}={self.postgres.url(database)}?options=-csearch_path%3D{name}"
                for name in NAMES]

    def database(self, name):
        self.postgres.sql(f"CREATE DATABASE {name}")
        return self.postgres.url(name)

    def live(self, server):
        """Something of everything that an installation has."""
        admin = User(server)
        state = {"admin": admin, "password": admin.create_user("olga", ["Internal/subscriber"])}
        admin.must(201, "POST", f"{ADMIN}/roles", {"name": "Kitchen"})
        state["api"] = admin.publish("Kept", self.backend.url)
        application = admin.create_application("kept", "Unlimited", "OAUTH")
        state["subscription"] = admin.subscribe(state["api"]["id"], application["applicationId"])
        state["keys"] = admin.generate_keys(application["applicationId"])
        state["token"] = token_of(server, state["keys"])
        jwts = admin.create_application("jwts", "Unlimited", "JWT")
        admin.subscribe(state["api"]["id"], jwts["applicationId"])
        state["jwt"] = token_of(server, admin.generate_keys(jwts["applicationId"]))
        state["refresh"] = self.password_token(server, state, "olga", state["password"])
        state["revoked"] = token_of(server, state["keys"])
        self.revoke(server, state, state["revoked"])
        for _ in range(5):
            self.assertEqual(self.status(server, state["token"]), 200)
        self.wait_for_usage(server, admin, 5)
        return state

    @staticmethod
    def status(server, token):
        return call(server.gateway("/kept/1.0.0/menu"), headers=bearer(token)).status

    @staticmethod
    def of_client(server, path, state, **fields):
        secret = basic(state["keys"]["consumerKey"], state["keys"]["consumerSecret"])
        return expect(call(server.url(path), "POST", form(**fields), {**FORM, **secret}), 200, path)

    def password_token(self, server, state, name, password):
        return self.of_client(server, "/oauth2/token", state, grant_type="password",
                              username=name, password=password).json()["refresh_token"]

    def revoke(self, server, state, token):
        self.of_client(server, "/oauth2/revoke", state, token=token)

    def wait_for_usage(self, server, admin, count):
        now = int(time.time() * 1000)
        path = (f"/api/am/analytics/v1/usage?from={now - 600_000}&to={now + 600_000}"
                "&group=application")
        deadline = time.monotonic() + 10
        while sum(row["count"] for row in admin.must(200, "GET", path).json()["list"]) < count:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def check(self, server, state):
        """All of it is there, and goes on."""
        admin = state["admin"]
        admin.server = server
        for kind in ("token", "jwt"):
            self.assertEqual(self.status(server, state[kind]), 200, kind)
        self.assertEqual(self.status(server, state["revoked"]), 401)
        # The tokens of our own REST APIs, the portal's objects, and the contents that they name.
        listed = admin.must(200, "GET", f"{DEVPORTAL}/subscriptions/"
                                        f"{state['subscription']['subscriptionId']}").json()
        self.assertEqual(listed["apiId"], state["api"]["id"])
        definition = admin.must(200, "GET", f"{PUBLISHER}/apis/{state['api']['id']}/swagger").json()
        self.assertIn("/*", definition["paths"])
        roles = admin.must(200, "GET", f"{ADMIN}/roles").json()["list"]
        self.assertIn("Kitchen", [role["name"] for role in roles])
        # Passwords, secrets of clients and refresh tokens.
        self.password_token(server, state, "olga", state["password"])
        User(server, "admin", PASSWORD)
        again = self.of_client(server, "/oauth2/token", state, grant_type="refresh_token",
                               refresh_token=state["refresh"]).json()
        state["refresh"] = again["refresh_token"]
        fresh = token_of(server, state["keys"])
        self.assertEqual(self.status(server, fresh), 200)
        self.wait_for_usage(server, admin, 8)
        # A signing key that was sealed before signs.
        jwks = call(server.url("/oauth2/jwks")).json()["keys"]
        self.assertEqual(len(jwks), state["signing_keys"])
        # What is done now reaches the gateway, which knew another history.
        self.revoke(server, state, fresh)
        self.assertEqual(self.status(server, fresh), 401)
        name = f"Later{len(state.setdefault('later', []))}"
        state["later"].append(admin.publish(name, self.backend.url))
        self.assertEqual(call(server.gateway(f"/{name.lower()}/1.0.0/x")).status, 401)

    def test_there_and_back_again(self):
        url = self.database("whole")
        with Server() as server:
            state = self.live(server)
            state["signing_keys"] = len(call(server.url("/oauth2/jwks")).json()["keys"])
            files = f"sqlite:{server.data_dir}"
            # Not while it runs.
            refused = self.migrated("--from", files, "--to", url, code=1)
            self.assertIn("in use by another process", refused.stderr)
            server.stop()
            said = self.migrated("--from", files, "--to", url).stdout
            self.assertIn(os.path.join(server.data_dir, "cluster.key"), said)
            for setting in self.settings("whole"):
                name, _, value = setting.partition("=")
                shown = re.sub(r"(//\w+):[^@]*@", r"\1@", value)
                self.assertIn(f"{name.removeprefix('database.')} = \"{shown}\"", said)
            # A second time there is something in the way.
            refused = self.migrated("--from", files, "--to", url, code=1)
            self.assertIn("has rows", refused.stderr)

            server.settings = self.settings("whole")
            for name in NAMES:
                os.rename(os.path.join(server.data_dir, f"{name}.db"),
                          os.path.join(server.data_dir, f"{name}.former"))
            server.start()
            self.check(server, state)
            back = self.folder()
            configuration = os.path.join(back, "deployment.toml")
            with open(configuration, "w", encoding="utf-8") as out:
                out.write("[database]\n" + "".join(
                    "{} = \"{}\"\n".format(*setting.removeprefix("database.").split("=", 1))
                    for setting in server.settings))
            refused = self.migrated("--from", configuration, "--to", f"sqlite:{back}/data", code=1)
            self.assertIn("A server is at work", refused.stderr)
            server.stop()
            self.migrated("--from", configuration, "--to", f"sqlite:{back}/data")
            shutil.copy(os.path.join(server.data_dir, "cluster.key"), f"{back}/data/cluster.key")
            with Server(data_dir=f"{back}/data", offset=server.offset) as returned:
                self.check(returned, state)

    def many_tokens(self):
        """A data folder with a row for each of many tokens."""
        folder = self.folder()
        with Server(data_dir=folder) as server:
            server.stop()
        with sqlite3.connect(os.path.join(folder, "api_manager.db")) as database:
            database.executemany(
                "INSERT INTO am_token (hash, part, tenant_id, kind, family, client_id, user_id, "
                "scopes, grant_type, issued_at_ms, expires_at_ms, used_at_ms) "
                "VALUES (?, 0, 1, 'access', ?, 'client', 'user', 'default', 'password', 1, 2, 0)",
                ((number.to_bytes(32, "big"), f"family-{number}") for number in range(TOKENS)))
        database.close()
        return folder

    def test_a_move_that_is_killed_leaves_nothing_half_done(self):
        folder = self.many_tokens()
        url = self.database("killed")
        arguments = [BINARY, "migrate", "--from", f"sqlite:{folder}", "--to", url]
        # At the beginning, and before the tokens, when the other two databases are there already.
        for seen in ("user_manager um_role:", "api_manager am_policy:"):
            with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as move:
                for line in move.stdout:
                    if line.startswith(seen):
                        move.kill()
                        break
                self.assertEqual(move.wait(), -9, f"'{seen}' was not seen in time")
            refused = subprocess.run(
                [BINARY, "serve", "--data-dir", self.folder(), *(
                    argument for setting in self.settings("killed")
                    for argument in ("--set", setting))],
                capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(refused.returncode, 1, refused)
            self.assertIn("run it again", refused.stderr)
            self.assertEqual(
                self.postgres.sql("SELECT COUNT(*) FROM api_manager.am_token", "killed"), "0")
        said = self.migrated("--from", f"sqlite:{folder}", "--to", url).stdout
        self.assertIn(f"am_token: {TOKENS} rows\n", said)
        count = self.postgres.sql("SELECT COUNT(*) FROM api_manager.am_token", "killed")
        self.assertEqual(count, str(TOKENS))
        print(re.search("Moved.*", said)[0])
        with Server(*self.settings("killed"), data_dir=folder) as server:
            User(server)

    def test_what_cannot_be_moved_is_named(self):
        folder = self.folder()
        url = self.postgres.url("postgres")
        for arguments, code, said in (
                (("--from", f"sqlite:{folder}"), 2, "--to"),
                (("--from", "mysql:here", "--to", url), 2, "mysql:here"),
                (("--from", f"sqlite:{folder}/none", "--to", url), 1, "There is no database"),
                (("--from", f"sqlite:{folder}", "--to", "postgres://nobody@127.0.0.1:1/x"), 1,
                 "does not answer")):
            with self.subTest(arguments=arguments):
                self.assertIn(said, self.migrated(*arguments, code=code).stderr)

    def test_without_a_target_the_tables_are_brought_up_to_date(self):
        folder = self.folder()
        self.migrated("--data-dir", folder)
        self.assertEqual({name for name in os.listdir(folder) if name.endswith(".db")},
                         {f"{name}.db" for name in NAMES})


if __name__ == "__main__":
    unittest.main()
