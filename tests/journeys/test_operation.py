# SPDX-License-Identifier: Apache-2.0
"""What an operator meets: ports, locks, broken files, signals, backup, restore, passwords, keys."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest

from support.backend import Recorder
from support.server import BINARY, PASSWORD, Server, basic, bearer, call
from support.walk import DEVPORTAL, PUBLISHER, User, token_of


def run(*arguments, **environment):
    return subprocess.run(
        [BINARY, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
        check=False,
    )


class Start(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="gatehouse-start-"))

    def test_a_bad_configuration_names_file_line_and_key(self):
        file = os.path.join(self.folder, "deployment.toml")
        with open(file, "w", encoding="utf-8") as out:
            out.write("[server]\nhostname = \"a\"\nport_ofset = 3\n")
        for command in (("serve", "--config", file), ("check-config", file)):
            result = run(*command)
            self.assertEqual(result.returncode, 2, result)
            self.assertIn(f"{file}:3", result.stderr)
            self.assertIn("server.port_ofset", result.stderr)

    def test_unknown_commands_and_options_exit_2(self):
        for arguments in ((), ("fly",), ("serve", "--fast")):
            self.assertEqual(run(*arguments).returncode, 2, arguments)

    def test_a_taken_port_is_named(self):
        server = Server(data_dir=self.folder)
        with socket.socket() as taken:
            taken.bind(("0.0.0.0", server.port(8243)))
            taken.listen()
            result = run("serve", "--data-dir", self.folder, "--port-offset", str(server.offset))
        self.assertEqual(result.returncode, 1, result)
        self.assertIn(str(server.port(8243)), result.stderr)

    def test_a_second_server_on_the_same_data_is_refused(self):
        with Server(data_dir=self.folder) as first:
            offset = str(first.offset + 100)
            second = run("serve", "--data-dir", self.folder, "--port-offset", offset)
            self.assertEqual(second.returncode, 1, second)
            self.assertIn(self.folder, second.stderr)
            self.assertEqual(first.status("/healthz").status, 200)

    def test_a_newer_database_is_refused_and_unharmed(self):
        with Server(data_dir=self.folder) as server:
            User(server)
        file = os.path.join(self.folder, "api_manager.db")
        with sqlite3.connect(file) as database:
            columns = [row[1] for row in database.execute("PRAGMA table_info(schema_migration)")]
            row = database.execute("SELECT * FROM schema_migration").fetchone()
            newer = [
                "0999_future.sql" if name == "name" else value for name, value in zip(columns, row)
            ]
            marks = ",".join("?" * len(newer))
            database.execute(f"INSERT INTO schema_migration VALUES ({marks})", newer)
        database.close()
        result = run("serve", "--data-dir", self.folder)
        self.assertEqual(result.returncode, 1, result)
        self.assertIn("newer", result.stderr)
        with sqlite3.connect(file) as database:
            database.execute("DELETE FROM schema_migration WHERE name = '0999_future.sql'")
        database.close()
        with Server(data_dir=self.folder) as server:
            User(server)


class Running(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Recorder())

    def test_signals_end_it_cleanly(self):
        for number, seconds_max in ((signal.SIGINT, 2), (signal.SIGTERM, 5)):
            with Server() as server:
                begin = time.monotonic()
                self.assertEqual(server.stop(number), 0, server.log())
                self.assertLess(time.monotonic() - begin, seconds_max)

    def test_secrets_are_private_and_not_in_any_file(self):
        with Server() as server:
            admin = User(server)
            admin.publish("Secrets", self.backend.url)
            application = admin.create_application("secrets", "Unlimited", "OAUTH")
            keys = admin.generate_keys(application["applicationId"])
            token = token_of(server, keys)
            call(server.gateway("/secrets/1.0.0/x"), headers=bearer(token))
            server.stop()
            for name in ("cluster.key", "tls.key"):
                mode = os.stat(os.path.join(server.data_dir, name)).st_mode & 0o777
                self.assertEqual(mode, 0o600, name)
            secrets = [PASSWORD, token, keys["consumerSecret"], admin.token["access_token"],
                       admin.token["refresh_token"], admin.client[1]]
            for folder, _, files in os.walk(server.data_dir):
                for file in files:
                    with open(os.path.join(folder, file), "rb") as content:
                        text = content.read()
                    for secret in secrets:
                        self.assertNotIn(secret.encode(), text, file)

    def test_backup_and_restore_bring_everything_back(self):
        with Server() as server:
            admin = User(server)
            api = admin.publish("Kept", self.backend.url)
            application = admin.create_application("kept", "Unlimited", "OAUTH")
            admin.subscribe(api["id"], application["applicationId"])
            token = token_of(server, admin.generate_keys(application["applicationId"]))
            backup = tempfile.mkdtemp(prefix="gatehouse-backup-")
            self.addCleanup(shutil.rmtree, backup, ignore_errors=True)
            target = os.path.join(backup, "first")
            made = run("backup", "--data-dir", server.data_dir, target)
            self.assertEqual(made.returncode, 0, made)
            admin.publish("Lost", self.backend.url)
            server.stop()
            put = run("restore", "--data-dir", server.data_dir, target)
            self.assertEqual(put.returncode, 0, put)
            server.start()
            answer = call(server.gateway("/kept/1.0.0/x"), headers=bearer(token))
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(call(server.gateway("/lost/1.0.0/x")).status, 404)

    def test_a_lost_password_is_reset_beside_the_running_server(self):
        with Server() as server:
            User(server)
            result = run("user", "reset-password", "admin", "--data-dir", server.data_dir)
            self.assertEqual(result.returncode, 0, result)
            fresh = result.stdout.split()[-1]
            url = server.url(f"{DEVPORTAL}/applications")
            deadline = time.monotonic() + 3
            while call(url, headers=basic("admin", PASSWORD)).status == 200:
                self.assertLess(time.monotonic(), deadline)
            self.assertEqual(call(url, headers=basic("admin", fresh)).status, 200)

    def test_signing_keys_rotate_without_breaking_tokens(self):
        with Server() as server:
            admin = User(server)
            api = admin.publish("Rotated", self.backend.url)
            application = admin.create_application("rotated", "Unlimited", "JWT")
            admin.subscribe(api["id"], application["applicationId"])
            keys = admin.generate_keys(application["applicationId"])
            token = token_of(server, keys)
            before = len(call(server.url("/oauth2/jwks")).json()["keys"])
            result = run("keys", "rotate", "--data-dir", server.data_dir)
            self.assertEqual(result.returncode, 0, result)
            deadline = time.monotonic() + 3
            while len(call(server.url("/oauth2/jwks")).json()["keys"]) == before:
                self.assertLess(time.monotonic(), deadline)
            for value in (token, token_of(server, keys)):
                answer = call(server.gateway("/rotated/1.0.0/x"), headers=bearer(value))
                self.assertEqual(answer.status, 200, answer)

    def test_internal_interfaces_are_not_reachable(self):
        with Server() as server:
            paths = ("/internal/keys/v1/authenticate", "/internal/keys/v1/validate",
                     "/internal/data/v1/snapshot", "/internal/data/v1/usage")
            for path in paths:
                for url in (server.url(path), server.gateway(path), server.gateway(path, "http")):
                    for method in ("GET", "POST"):
                        answer = call(url, method, headers=basic("admin", PASSWORD))
                        self.assertEqual(answer.status, 404, (url, answer))
            for path in (f"{PUBLISHER}/apis", f"{DEVPORTAL}/applications", "/oauth2/introspect"):
                answer = call(server.gateway(path), headers=basic("admin", PASSWORD))
                self.assertEqual(answer.status, 404)


if __name__ == "__main__":
    unittest.main()
