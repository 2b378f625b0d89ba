# SPDX-License-Identifier: Apache-2.0
"""Accounts: rules of passwords, locks, approval of new ones, and what a removed one leaves."""

import contextlib
import glob
import os
import sqlite3
import subprocess
import unittest

from support.backend import Recorder
from support.browser import Browser
from support.postgres import Postgres
from support.server import BINARY, FORM, Server, basic, call, form
from support.walk import ADMIN, DEVPORTAL, PUBLISHER, User

CONFIG = f"{ADMIN}/tenant-config"


def sign_up(server, name, password="A-long-Passw0rd!"):
    return call(server.url(f"{DEVPORTAL}/self-signup"), "POST", {
        "userName": name, "password": password, "email": f"{name}@example.org"})


class Accounts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.admin = User(cls.server)

    def configure(self, **sections):
        self.admin.must(200, "PUT", CONFIG, sections)
        self.addCleanup(self.admin.must, 200, "PUT", CONFIG, {})

    def status_of(self, name):
        return self.admin.must(200, "GET", f"{ADMIN}/users/{name}").json()["status"]

    def log_in(self, name, password):
        return call(self.server.url(f"{DEVPORTAL}/applications"), headers=basic(name, password))

    def test_the_policy_of_passwords_holds_wherever_one_is_set(self):
        self.configure(PasswordPolicy={"MinLength": 10, "MaxLength": 20, "MinClasses": 3})
        self.admin.create_user("ruled", [], "Good-enough1")
        for password, good in (("Short-1", False), ("a" * 12, False), ("lower-case-1", True),
                               ("Much-too-long-password1", False), ("ALLUPPER1234", False),
                               ("Upper-lower", True)):
            with self.subTest(password):
                wanted = 200 if good else 400
                changed = self.admin.call("PUT", f"{ADMIN}/users/ruled", {"password": password})
                self.assertEqual(changed.status, wanted, changed)
                if not good:
                    self.assertEqual(changed.json()["code"], 901452)
                    self.assertEqual(sign_up(self.server, "never", password).json()["code"], 901452)
        named = {"userName": "Name-As-Passw0rd", "password": "name-as-passw0rd", "roles": []}
        self.assertEqual(self.admin.call("POST", f"{ADMIN}/users", named).json()["code"], 901452)
        settings = call(self.server.url(f"{DEVPORTAL}/settings")).json()
        self.assertEqual((settings["passwordPolicyMinLength"], settings["passwordPolicyMaxLength"]),
                         (10, 20))

    def test_a_password_does_not_come_back_too_soon(self):
        self.configure(PasswordPolicy={"History": 2})
        self.admin.create_user("forgetful", ["Internal/subscriber"], "password-one")
        path = f"{ADMIN}/users/forgetful"
        for password, status in (("password-one", 400), ("password-two", 200),
                                 ("password-one", 400), ("password-three", 200),
                                 ("password-one", 200)):
            with self.subTest(password):
                answer = self.admin.call("PUT", path, {"password": password})
                self.assertEqual(answer.status, status, answer)

    def test_wrong_passwords_lock_an_account_until_an_administrator_opens_it(self):
        self.configure(AccountLock={"FailedAttempts": 3, "UnlockMinutes": 60})
        password = self.admin.create_user("guessed", ["Internal/subscriber"])
        for _ in range(3):
            self.assertEqual(self.log_in("guessed", "wrong").status, 401)
        locked = self.log_in("guessed", password)
        self.assertEqual((locked.status, locked.body), (401, self.log_in("nobody", "x").body))
        self.assertEqual(self.status_of("guessed"), "LOCKED")
        self.server.restart()
        self.assertEqual(self.log_in("guessed", password).status, 401)
        self.admin.must(200, "PUT", f"{ADMIN}/users/guessed", {"status": "ACTIVE"})
        self.assertEqual(self.log_in("guessed", password).status, 200)
        self.assertEqual(self.status_of("guessed"), "ACTIVE")

    def test_a_status_other_than_active_keeps_a_user_out(self):
        password = self.admin.create_user("resting", ["Internal/subscriber"])
        resting = User(self.server, "resting", password)
        for status in ("LOCKED", "DISABLED"):
            with self.subTest(status):
                self.admin.must(200, "PUT", f"{ADMIN}/users/resting", {"status": status})
                self.assertEqual(self.status_of("resting"), status)
                self.assertEqual(self.log_in("resting", password).status, 401)
                self.assertEqual(resting.call("GET", f"{DEVPORTAL}/applications").status, 401)
        self.admin.must(200, "PUT", f"{ADMIN}/users/resting", {"status": "ACTIVE"})
        self.assertEqual(self.log_in("resting", password).status, 200)

    def test_a_first_password_opens_only_the_page_for_another_one(self):
        self.configure(PasswordPolicy={"MinLength": 10})
        made = self.admin.must(201, "POST", f"{ADMIN}/users", {
            "userName": "newcomer", "password": "first-password", "mustChangePassword": True,
            "roles": ["Internal/subscriber"]}).json()
        self.assertIs(made["mustChangePassword"], True)
        self.assertEqual(self.log_in("newcomer", "first-password").status, 401)

        browser = Browser()
        browser.open(self.server.url("/oauth2/account"))
        self.assertEqual(browser.submit(username="newcomer", password="first-password"), 200)
        self.assertEqual(browser.page().labels, {"new_password", "repeat_password"})
        for password in ("first-password", "too-short"):
            with self.subTest(password):
                self.assertEqual(
                    browser.submit(new_password=password, repeat_password=password), 400)
        own = "of-her-own-1"
        self.assertEqual(browser.submit(new_password=own, repeat_password=own), 303)
        browser.open(self.server.url("/oauth2/account"))
        self.assertIn("newcomer", browser.text)
        self.assertEqual(self.log_in("newcomer", own).status, 200)
        self.assertEqual(self.log_in("newcomer", "first-password").status, 401)
        path = f"{ADMIN}/users/newcomer"
        self.assertIs(self.admin.must(200, "GET", path).json()["mustChangePassword"], False)

        # An administrator asks for it again, also of who works by Basic at present.
        self.admin.must(200, "PUT", path, {"mustChangePassword": True})
        self.assertEqual(self.log_in("newcomer", own).status, 401)
        self.server.restart()
        self.assertEqual(self.log_in("newcomer", own).status, 401)

    def test_new_accounts_wait_where_the_tenant_wants_it(self):
        self.configure(SelfSignUp={"ApprovalRequired": True,
                                   "SignUpRoles": ["Internal/subscriber", "Internal/creator"]})
        for name in ("welcome", "unwelcome"):
            answer = sign_up(self.server, name)
            self.assertEqual((answer.status, answer.json()["status"]), (201, "PENDING"))
        self.assertEqual(self.log_in("welcome", "A-long-Passw0rd!").status, 401)
        workflows = f"{ADMIN}/workflows"
        waiting = self.admin.must(200, "GET", f"{workflows}?workflowType=AM_USER_SIGNUP").json()
        self.assertEqual(waiting["count"], 2)
        task = {entry["properties"]["userName"]: entry["referenceId"] for entry in waiting["list"]}
        others = self.admin.must(200, "GET", f"{workflows}?workflowType=AM_API_STATE").json()
        self.assertEqual(others["count"], 0)
        one = self.admin.must(200, "GET", f"{workflows}/{task['welcome']}").json()
        self.assertEqual((one["workflowType"], one["workflowStatus"]), ("USER_SIGNUP", "CREATED"))

        def decide(name, status):
            return self.admin.call("POST", f"{workflows}/update-workflow-status"
                                   f"?workflowReferenceId={task[name]}", {"status": status})

        self.assertEqual(decide("welcome", "MAYBE").status, 400)
        self.assertEqual(decide("welcome", "APPROVED").json()["status"], "APPROVED")
        self.assertEqual(decide("unwelcome", "REJECTED").status, 200)
        for name in task:
            answer = decide(name, "APPROVED")
            self.assertEqual((answer.status, answer.json()["code"]), (404, 900557))
        self.assertEqual(self.log_in("welcome", "A-long-Passw0rd!").status, 200)
        roles = self.admin.must(200, "GET", f"{ADMIN}/users/welcome").json()["roles"]
        self.assertIn("Internal/creator", roles)
        self.assertEqual(self.admin.call("GET", f"{ADMIN}/users/unwelcome").status, 404)

    def test_a_tenant_may_close_its_door(self):
        self.configure(SelfSignUp={"Enabled": False})
        answer = sign_up(self.server, "outsider")
        self.assertEqual((answer.status, answer.json()["code"]), (403, 909013))


class Removal(unittest.TestCase):
    """A removed user leaves an id and nothing that tells who it was."""

    NAME = "zebulonquist"
    MAIL = "post@zebulonian.example"
    FAMILY = "Quistenberg-Zebulon"
    PHONE = "+49-555-0199-2718"
    TEXTS = (NAME, MAIL, FAMILY, PHONE)

    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server(*cls.settings()))
        cls.admin = User(cls.server)

    @classmethod
    def settings(cls):
        return ()

    def test_who_owns_what_others_use_needs_a_successor(self):
        password = self.admin.create_user("owner", ["Internal/creator", "Internal/publisher",
                                                    "Internal/subscriber"])
        owner = User(self.server, "owner", password)
        api = owner.publish("Owned", self.backend.url)
        application = owner.create_application("OwnedApp")
        owner.subscribe(api["id"], application["applicationId"])
        answer = self.admin.call("DELETE", f"{ADMIN}/users/owner")
        self.assertEqual((answer.status, answer.json()["code"]), (409, 909014))
        for name in ("Owned", "OwnedApp"):
            self.assertIn(name, answer.json()["description"])
        for successor, status in (("owner", 400), ("nobody", 404)):
            answer = self.admin.call("DELETE", f"{ADMIN}/users/owner?successor={successor}")
            self.assertEqual(answer.status, status, answer)
        owner.must(200, "GET", f"{PUBLISHER}/apis/{api['id']}")

    def test_a_successor_gets_no_client_of_somebody_else(self):
        """At another key manager anybody may map any name, that of a client here included."""
        password = self.admin.create_user("somebody", ["Internal/creator"])
        url = self.server.url("/client-registration/v0.17/register")
        client = call(url, "POST", {"clientName": "mine", "owner": "somebody",
                                    "grantType": "client_credentials"},
                      basic("somebody", password)).json()

        def token_status():
            return call(self.server.url("/oauth2/token"), "POST",
                        form(grant_type="client_credentials"),
                        {**FORM, **basic(client["clientId"], client["clientSecret"])}).status

        other = self.admin.must(
            201, "POST", f"{ADMIN}/key-managers",
            {"name": "Elsewhere", "type": "custom", "issuer": "https://elsewhere.example",
             "introspectionEndpoint": "https://elsewhere.example/introspect"}).json()
        taker = User(self.server, "taker", self.admin.create_user("taker", ["Internal/subscriber"]))
        application = taker.create_application("Taken")["applicationId"]
        taker.must(200, "POST", f"{DEVPORTAL}/applications/{application}/map-keys",
                   {"consumerKey": client["clientId"], "keyType": "PRODUCTION",
                    "keyManager": "Elsewhere"})
        self.admin.create_user("heir", ["Internal/subscriber"])
        self.admin.must(200, "DELETE", f"{ADMIN}/users/taker?successor=heir")
        self.assertEqual(token_status(), 200)
        # A client goes with its owner.
        self.admin.must(200, "DELETE", f"{ADMIN}/users/somebody")
        self.assertEqual(token_status(), 401)
        self.admin.must(200, "DELETE", f"{ADMIN}/users/heir?successor=admin")
        self.admin.must(200, "DELETE", f"{DEVPORTAL}/applications/{application}")
        self.admin.must(200, "DELETE", f"{ADMIN}/key-managers/{other['id']}")

    def test_nothing_tells_who_it_was(self):
        password = self.admin.create_user(self.NAME, [
            "Internal/creator", "Internal/publisher", "Internal/subscriber"])
        user = User(self.server, self.NAME, password)
        api = user.publish("Inherited", self.backend.url)
        application = user.create_application("InheritedApp", token_type="OAUTH")
        user.subscribe(api["id"], application["applicationId"])
        keys = user.generate_keys(application["applicationId"])
        user.must(200, "GET", f"{DEVPORTAL}/applications")
        url = self.server.gateway("/inherited/1.0.0/x")
        generate = (f"{DEVPORTAL}/applications/{application['applicationId']}/oauth-keys/"
                    f"{keys['keyMappingId']}/generate-token")
        token = user.must(200, "POST", generate, {"validityPeriod": 3600}).json()["accessToken"]
        self.assertEqual(call(url, headers={"Authorization": f"Bearer {token}"}).status, 200)
        found = self.admin.must(200, "GET", f"{PUBLISHER}/apis?query=provider:{self.NAME}").json()
        self.assertEqual(found["count"], 1)
        self.leave_traces(user, password)
        # What is searched afterwards is found before, or the search is worth nothing.
        self.assertEqual(self.found_in_databases(), set(self.TEXTS))

        self.admin.must(200, "DELETE", f"{ADMIN}/users/{self.NAME}?successor=admin")

        self.assertEqual(user.call("GET", f"{PUBLISHER}/apis").status, 401)
        self.assertEqual(call(url, headers={"Authorization": f"Bearer {token}"}).status, 200)
        passed = self.admin.must(200, "GET", f"{PUBLISHER}/apis/{api['id']}").json()
        self.assertEqual(passed["provider"], "admin")
        found = self.admin.must(200, "GET", f"{PUBLISHER}/apis?query=provider:{self.NAME}").json()
        self.assertEqual(found["count"], 0)
        found = self.admin.must(200, "GET", f"{PUBLISHER}/apis?query=provider:admin").json()
        self.assertIn("Inherited", [entry["name"] for entry in found["list"]])
        found = self.admin.must(200, "GET", f"{PUBLISHER}/apis?query=inherited").json()
        self.assertEqual(found["count"], 1)
        applications = self.admin.must(200, "GET", f"{DEVPORTAL}/applications").json()["list"]
        self.assertIn("InheritedApp", [entry["name"] for entry in applications])
        self.admin.must(200, "GET", f"{DEVPORTAL}/applications/{application['applicationId']}")

        self.assertEqual(self.found_in_databases(), set())
        self.server.stop()
        try:
            self.check_files()
        finally:
            self.server.start()
        self.assertEqual(call(url, headers={"Authorization": f"Bearer {token}"}).status, 200)

    def leave_traces(self, user, password):
        """A profile, a session, a consent's page, wrong passwords, calls, and a link."""
        listed = self.admin.must(
            200, "GET", f"/scim2/Users?filter=userName%20eq%20%22{self.NAME}%22")
        person = listed.json()["Resources"][0]
        patched = self.admin.call("PATCH", f"/scim2/Users/{person['id']}", {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "add", "value": {
                "name": {"familyName": self.FAMILY},
                "phoneNumbers": [{"value": self.PHONE, "type": "mobile"}],
                "emails": [{"value": self.MAIL, "primary": True}]}}]})
        self.assertEqual(patched.status, 200, patched)
        page = self.server.url("/oauth2/account")
        browser = Browser()
        for typed in ("wrong", password):
            browser.open(page)
            fields = dict(browser.page().forms[0]["fields"], username=self.NAME, password=typed)
            browser.open(page, fields)
        self.assertEqual(browser.open(page), 200)
        self.assertIn(self.NAME, browser.text)
        call(self.server.url(f"{DEVPORTAL}/applications"), headers=basic(self.NAME, "wrong"))
        call(self.server.url(f"/scim2/Users/{self.NAME}"), headers=basic(self.NAME, password))
        call(self.server.gateway("/inherited/1.0.0/y"), headers=basic(self.NAME, password))
        user.must(200, "GET", f"{DEVPORTAL}/applications")
        linked = subprocess.run(
            [BINARY, "user", "reset-password", self.NAME, "--link", "--data-dir",
             self.server.data_dir, *(part for setting in self.server.settings
                                     for part in ("--set", setting))],
            capture_output=True, check=False)
        self.assertEqual(linked.returncode, 0, linked.stderr)

    def found_in_databases(self):
        """Which of the texts a row of the three databases has, in whatever column."""
        found = set()
        for name in ("user_manager", "api_manager", "registry"):
            path = os.path.join(self.server.data_dir, f"{name}.db")
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                tables = [row[0] for row in database.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'")]
                for table in tables:
                    for row in database.execute(f'SELECT * FROM "{table}"'):
                        for value in row:
                            found |= self.texts_in(value)
        return found

    def texts_in(self, value):
        content = value if isinstance(value, bytes) else str(value).encode()
        return {text for text in self.TEXTS if text.lower().encode() in content.lower()}

    def check_files(self):
        self.check_databases()
        logs = [os.path.join(self.server.data_dir, name)
                for name in os.listdir(self.server.data_dir)
                if ".log" in name or name.endswith(".db-wal")]
        self.assertIn(self.server.log_path, logs)
        for path in logs:
            with self.subTest(os.path.basename(path)):
                self.check_bytes(path)

    def check_databases(self):
        databases = glob.glob(os.path.join(self.server.data_dir, "*.db"))
        self.assertEqual(len(databases), 3)
        for path in databases:
            with self.subTest(os.path.basename(path)):
                self.check_bytes(path)
                with sqlite3.connect(path) as database:
                    database.execute("VACUUM")
                self.check_bytes(path)

    def check_bytes(self, path):
        with open(path, "rb") as file:
            self.assertEqual(self.texts_in(file.read()), set())


class RemovalFromPostgres(Removal):
    """The same of every column of every table in PostgreSQL."""

    @classmethod
    def settings(cls):
        cls.postgres = cls.enterClassContext(Postgres())
        return cls.postgres.settings()

    def found_in_databases(self):
        found = set()
        for name in ("user_manager", "api_manager", "registry"):
            columns = [line.split("|") for line in self.postgres.sql(
                "SELECT table_name, column_name, data_type FROM information_schema.columns "
                "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')",
                name).splitlines()]
            self.assertGreater(len(columns), 5, name)
            for table, column, kind in columns:
                as_text = (f"encode(\"{column}\", 'escape')" if kind == "bytea"
                           else f'"{column}"::text')
                joined = self.postgres.sql(
                    f"SELECT string_agg(DISTINCT lower({as_text}), ' ') FROM \"{table}\" WHERE "
                    + " OR ".join(f"strpos(lower({as_text}), lower('{text}')) > 0"
                                  for text in self.TEXTS), name)
                found |= self.texts_in(joined)
        return found

    def check_databases(self):
        self.assertEqual(glob.glob(os.path.join(self.server.data_dir, "*.db")), [])


if __name__ == "__main__":
    unittest.main()
