# SPDX-License-Identifier: Apache-2.0
"""All of it on PostgreSQL: the walk, restarts of either side, passwords, commands."""

import os
import signal
import subprocess
import threading
import unittest

from journeys import test_walk
from support.backend import Recorder
from support.postgres import PASSWORD as DATABASE_PASSWORD
from support.postgres import DATABASES, Postgres
from support.server import BINARY, Server, bearer, call
from support.walk import DEVPORTAL, User, token_of


class Walk(test_walk.Walk):
    """The acceptance walk, its restart in the middle included, on three databases."""

    @classmethod
    def setUpClass(cls):
        cls.postgres = cls.enterClassContext(Postgres())
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server(*cls.postgres.settings()))
        cls.admin = User(cls.server)

    def test_nothing_of_it_is_in_a_file(self):
        files = os.listdir(self.server.data_dir)
        self.assertFalse([name for name in files if name.endswith(".db")], files)
        self.assertEqual(self.postgres.sql("SELECT COUNT(*) FROM um_user", "user_manager"), "1")

    def test_the_password_is_in_no_log(self):
        self.assertNotIn(DATABASE_PASSWORD, self.server.log())
        self.assertNotIn("s3cret", self.server.log())


class WalkOnThreeServers(test_walk.Walk):
    """The same with each of the databases on a server of its own."""

    @classmethod
    def setUpClass(cls):
        cls.servers = {name: cls.enterClassContext(Postgres()) for name in DATABASES}
        for name, server in cls.servers.items():
            server.sql(f"CREATE DATABASE {name}")
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server(
            *(f"database.{name}={server.url(name)}" for name, server in cls.servers.items())))
        cls.admin = User(cls.server)

    def test_each_database_is_where_its_url_says(self):
        for table, place in (("um_user", "user_manager"), ("am_api", "api_manager"),
                             ("reg_content", "registry")):
            for name, server in self.servers.items():
                found = server.sql(f"SELECT to_regclass('{table}') IS NOT NULL", name)
                self.assertEqual(found, "t" if name == place else "f", (table, name))

    def test_calls_need_no_registry(self):
        """One of the three is away: what does not need it goes on."""
        application = self.admin.create_application("without", "Unlimited", "OAUTH")
        self.servers["registry"].stop()
        try:
            keys = self.admin.generate_keys(application["applicationId"])
            self.assertTrue(token_of(self.server, keys))
        finally:
            self.servers["registry"].start()


class WalkOnThreeSchemas(test_walk.Walk):
    """The same in one database."""

    @classmethod
    def setUpClass(cls):
        cls.postgres = cls.enterClassContext(Postgres())
        settings = []
        for name in DATABASES:
            cls.postgres.sql(f"CREATE SCHEMA {name}")
            url = cls.postgres.url("postgres", options=f"-csearch_path={name}")
            settings.append(f"database.{name}={url}")
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server(*settings))
        cls.admin = User(cls.server)

    def test_each_schema_has_its_tables(self):
        for table, place in (("um_user", "user_manager"), ("am_api", "api_manager"),
                             ("reg_content", "registry")):
            self.assertEqual(self.postgres.sql(
                f"SELECT schemaname FROM pg_tables WHERE tablename = '{table}'"), place)


class Restart(unittest.TestCase):
    """PostgreSQL goes down and comes back while clients write."""

    @classmethod
    def setUpClass(cls):
        cls.postgres = cls.enterClassContext(Postgres())
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server(*cls.postgres.settings()))
        cls.admin = User(cls.server)

    def names(self):
        listed = self.admin.must(200, "GET", f"{DEVPORTAL}/applications?limit=1000").json()["list"]
        return {application["name"] for application in listed}

    def write_until(self, over, prefix, kept, statuses):
        number = 0
        while not over.is_set():
            name = f"{prefix}-{number}"
            number += 1
            answer = self.admin.call(
                "POST", f"{DEVPORTAL}/applications",
                {"name": name, "throttlingPolicy": "Unlimited", "tokenType": "JWT"})
            statuses.append(answer.status)
            if answer.status == 201:
                kept.append(name)

    def restart_while_writing(self, number):
        over, kept, statuses = threading.Event(), [], []
        writers = [
            threading.Thread(target=self.write_until,
                             args=(over, f"{number.name}-{i}", kept, statuses))
            for i in range(3)
        ]
        for writer in writers:
            writer.start()

        def wait_for_more():
            wanted = len(kept) + 5
            while len(kept) < wanted and all(writer.is_alive() for writer in writers):
                threading.Event().wait(0.01)

        wait_for_more()
        self.postgres.stop(number)
        self.postgres.start()
        wait_for_more()
        over.set()
        for writer in writers:
            writer.join()
        self.assertLessEqual(set(statuses), {201, 503})
        self.assertLessEqual(set(kept), self.names())

    def test_no_acknowledged_write_is_lost(self):
        for number in (signal.SIGINT, signal.SIGQUIT):
            with self.subTest(number=number.name):
                self.restart_while_writing(number)

    def test_calls_go_on_while_it_is_away(self):
        api = self.admin.publish("Away", self.backend.url)
        application = self.admin.create_application("away", "Unlimited", "OAUTH")
        self.admin.subscribe(api["id"], application["applicationId"])
        token = token_of(self.server, self.admin.generate_keys(application["applicationId"]))
        url = self.server.gateway("/away/1.0.0/x")
        self.assertEqual(call(url, headers=bearer(token)).status, 200)
        self.postgres.stop()
        try:
            self.assertEqual(call(url, headers=bearer(token)).status, 200)
            self.assertEqual(self.admin.call("GET", f"{DEVPORTAL}/applications").status, 503)
        finally:
            self.postgres.start()
        answer = self.admin.call("GET", f"{DEVPORTAL}/applications")
        while answer.status == 503:
            answer = self.admin.call("GET", f"{DEVPORTAL}/applications")
        self.assertEqual(answer.status, 200)


class Start(unittest.TestCase):
    """URLs, passwords and commands."""

    @classmethod
    def setUpClass(cls):
        cls.postgres = cls.enterClassContext(Postgres())

    def run_command(self, *arguments):
        return subprocess.run([BINARY, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, check=False)

    def schemas(self, password=DATABASE_PASSWORD):
        settings = []
        for name in ("user_manager", "api_manager", "registry"):
            self.postgres.sql(f"CREATE SCHEMA IF NOT EXISTS {name}")
            url = self.postgres.url("postgres", password, options=f"-csearch_path={name}")
            settings.append(f"database.{name}={url}")
        return settings

    def test_schemas_and_a_password_file_serve_as_well(self):
        with Server() as made:
            folder = made.data_dir
            made.stop()
            with open(os.path.join(folder, "password"), "w", encoding="utf-8") as out:
                out.write(DATABASE_PASSWORD + "\n")
            settings = [*self.schemas(password=""), "database.password_file=password"]
            with Server(*settings, data_dir=folder) as server:
                User(server)
                self.check_commands(server, settings)

    def check_commands(self, server, settings):
        options = ["--data-dir", server.data_dir]
        for setting in settings:
            options += ["--set", setting]
        for command in ("backup", "restore"):
            result = self.run_command(command, *options, os.path.join(server.data_dir, "copy"))
            self.assertEqual(result.returncode, 2, result)
            self.assertIn("pg_dump", result.stderr)
        result = self.run_command("user", "reset-password", "admin", *options)
        self.assertEqual(result.returncode, 0, result)

    def test_a_wrong_password_is_said_but_not_shown(self):
        with Server() as made:
            made.stop()
            settings = self.schemas(password="wr0ng-password")
            options = ["--data-dir", made.data_dir]
            for setting in settings:
                options += ["--set", setting]
            result = self.run_command("serve", *options)
            self.assertEqual(result.returncode, 1, result)
            self.assertIn("password authentication failed", result.stderr)
            self.assertNotIn("wr0ng-password", result.stderr + result.stdout)


if __name__ == "__main__":
    unittest.main()
