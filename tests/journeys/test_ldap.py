# SPDX-License-Identifier: Apache-2.0
"""Users of an LDAP directory beside our own."""

import base64
import glob
import os
import socket
import time
import unittest

from support.directory import BASE, MANAGER, MANAGER_PASSWORD, Directory, group, person
from support.server import FORM, PASSWORD, Server, basic, call, form
from support.walk import ADMIN, DEVPORTAL, User

STORES = f"{ADMIN}/user-stores"
PEOPLE = f"ou=people,{BASE}"
ANSWER_SECONDS_MAX = 4  # three of the directory, and the way there


def member(name):
    return f"uid={name},{PEOPLE}"


class Ldap(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = cls.enterClassContext(Directory(
            person("lena", "lena-secret", mail="lena@example.org"),
            person("otto", "otto-secret"), person("nora", "nora-secret"),
            person("admin", "not-ours"), person("twin", "twin-secret"),
            person("guess", "guess-secret"),
            group("Developers", member("lena"), member("twin")),
            group("Staff", f"cn=Developers,ou=groups,{BASE}", member("otto")),
            group("Loop", f"cn=Circle,ou=groups,{BASE}"),
            group("Circle", f"cn=Loop,ou=groups,{BASE}", member("nora"))))
        cls.server = cls.enterClassContext(Server())
        cls.admin = User(cls.server)

    def settings(self, **more):
        return {"name": "Company", "urls": [self.directory.url("ldaps")], "userBase": PEOPLE,
                "caCertificates": base64.b64encode(self.directory.certificate()).decode(),
                "bindDn": MANAGER, "bindPassword": MANAGER_PASSWORD,
                "userFilter": "(objectClass=inetOrgPerson)",
                "groupBase": f"ou=groups,{BASE}", "defaultRoles": ["Internal/subscriber"],
                "groupRoles": [{"group": "developers", "role": "Internal/creator"},
                               {"group": "Staff", "role": "Internal/publisher"}], **more}

    def connect(self, **more):
        store = self.admin.must(201, "POST", STORES, self.settings(**more)).json()
        self.addCleanup(self.admin.call, "DELETE", f"{STORES}/{store['id']}")
        return store

    def log_in(self, name, password):
        return call(self.server.url(f"{DEVPORTAL}/applications"), headers=basic(name, password))

    def user(self, name):
        return self.admin.must(200, "GET", f"{ADMIN}/users/{name}").json()

    def test_a_person_becomes_a_user_at_the_first_login(self):
        self.assertEqual(self.log_in("lena", "lena-secret").status, 401)
        self.connect()
        for password in ("wrong", "", "lena-secret "):
            self.assertEqual(self.log_in("lena", password).status, 401)
        self.assertEqual(self.admin.call("GET", f"{ADMIN}/users/lena").status, 404)
        lena = User(self.server, "lena", "lena-secret")
        lena.must(200, "GET", f"{DEVPORTAL}/applications")
        user = self.user("lena")
        self.assertEqual(user["email"], "lena@example.org")
        self.assertEqual(set(user["roles"]),
                         {"Internal/everyone", "Internal/subscriber", "Internal/creator"})
        # The same user again, in any case of letters.
        self.assertEqual(self.log_in("LENA", "lena-secret").status, 200)
        names = [entry["userName"] for entry in
                 self.admin.must(200, "GET", f"{ADMIN}/users?limit=1000").json()["list"]]
        self.assertEqual([name for name in names if name.lower() == "lena"], ["lena"])

    def test_groups_within_groups_count_where_they_are_wanted(self):
        self.connect(nestedGroups=True)
        User(self.server, "twin", "twin-secret")
        self.assertEqual(set(self.user("twin")["roles"]),
                         {"Internal/everyone", "Internal/subscriber", "Internal/creator",
                          "Internal/publisher"})
        # Groups that contain each other end.
        self.assertEqual(self.log_in("nora", "nora-secret").status, 200)

    def test_what_changes_there_changes_here_at_the_next_login(self):
        self.connect()
        otto = User(self.server, "otto", "otto-secret")
        self.assertIn("Internal/publisher", self.user("otto")["roles"])
        self.directory.modify(f"dn: cn=Staff,ou=groups,{BASE}\nchangetype: modify\n"
                              f"delete: member\nmember: {member('otto')}\n")
        otto.ask_token("apim:subscribe")
        self.assertNotIn("Internal/publisher", self.user("otto")["roles"])

    def test_a_directory_cannot_take_over_an_account_of_ours(self):
        self.connect()
        self.assertEqual(self.log_in("admin", "not-ours").status, 401)
        self.assertEqual(self.log_in("admin", PASSWORD).status, 200)

    def test_what_is_typed_is_no_filter(self):
        self.connect()
        for name in ("*", "le*", "lena)(uid=*", "*)(|(uid=*", "lena)(userPassword=*", "\\6cena",
                     "lena\x00", "(lena)"):
            with self.subTest(repr(name)):
                self.assertEqual(self.log_in(name, "lena-secret").status, 401)

    def test_a_user_who_is_disabled_here_stays_out(self):
        self.connect()
        self.assertEqual(self.log_in("nora", "nora-secret").status, 200)
        self.admin.must(200, "PUT", f"{ADMIN}/users/nora", {"status": "DISABLED"})
        self.assertEqual(self.log_in("nora", "nora-secret").status, 401)
        self.admin.must(200, "PUT", f"{ADMIN}/users/nora", {"status": "ACTIVE"})
        self.assertEqual(self.log_in("nora", "nora-secret").status, 200)

    def test_wrong_passwords_are_counted_here(self):
        self.connect()
        User(self.server, "guess", "guess-secret")
        for _ in range(10):
            self.assertEqual(self.log_in("guess", "wrong").status, 401)
        self.assertEqual(self.user("guess")["status"], "LOCKED")
        self.admin.must(200, "PUT", f"{ADMIN}/users/guess", {"status": "ACTIVE"})

    def test_transport(self):
        rows = (
            ("starttls", {"urls": [self.directory.url()], "startTls": True}, 200),
            ("plain to this machine", {"urls": [self.directory.url()]}, 200),
            ("another authority", {"caCertificates": ""}, 503),
            ("another name", {"urls": [self.directory.url("ldaps").replace("127.0.0.1",
                                                                           "localhost")]}, 503),
            ("the next one answers", {"urls": ["ldaps://127.0.0.1:1",
                                               self.directory.url("ldaps")]}, 200),
            ("wrong account", {"bindPassword": "no"}, 503),
        )
        for name, more, status in rows:
            with self.subTest(name):
                store = self.admin.must(201, "POST", STORES, self.settings(**more)).json()
                # A grant asks each time, while pairs that held as Basic are remembered.
                answer = call(self.server.url("/oauth2/token"), "POST",
                              form(grant_type="password", username="lena",
                                   password="lena-secret"),
                              {**FORM, **basic(*self.admin.client)})
                self.admin.must(200, "DELETE", f"{STORES}/{store['id']}")
                self.assertEqual(answer.status, status, answer)

    def test_a_dead_directory_disturbs_nobody_else(self):
        self.connect()
        password = self.admin.create_user("homely", ["Internal/subscriber"])
        self.directory.stop()
        try:
            self.assertEqual(self.log_in("homely", password).status, 200)
            for _ in range(3):
                began = time.monotonic()
                self.assertEqual(self.log_in("unheard", "of").status, 503)
                self.assertLess(time.monotonic() - began, ANSWER_SECONDS_MAX)
        finally:
            self.directory.start()

    def test_a_directory_that_does_not_answer_is_not_waited_for(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(16)
            url = f"ldap://127.0.0.1:{silent.getsockname()[1]}"
            self.connect(urls=[url])
            threads = self.threads()
            for _ in range(3):
                began = time.monotonic()
                self.assertEqual(self.log_in("unheard", "of").status, 503)
                self.assertLess(time.monotonic() - began, ANSWER_SECONDS_MAX)
            self.assertEqual(self.log_in("admin", PASSWORD).status, 200)
            self.assertEqual(self.threads(), threads)

    def threads(self):
        return len(glob.glob(f"/proc/{self.server.process.pid}/task/*"))

    def test_settings_that_cannot_be_are_refused(self):
        for more in ({"urls": []}, {"urls": ["http://localhost"]},
                     {"urls": ["ldap://directory.example.org"]}, {"urls": ["ldap://h/dc=x"]},
                     {"urls": ["ldaps://h ldap://evil"]}, {"userFilter": "objectClass=*"},
                     {"nameAttribute": "uid)(x=*"}, {"caCertificates": "AAAA"},
                     {"defaultRoles": ["no such role"]},
                     {"startTls": True}, {"groupRoles": [{"group": "x", "role": "no such"}]}):
            with self.subTest(str(more)):
                answer = self.admin.call("POST", STORES, self.settings(**more))
                self.assertEqual(answer.status, 400, answer)

    def test_the_password_of_the_account_stays_secret(self):
        store = self.connect(name="Secret")
        path = f"{STORES}/{store['id']}"
        self.assertEqual(store["bindPassword"], "")
        self.assertNotIn(MANAGER_PASSWORD.encode(), self.admin.must(200, "GET", path).body)
        self.assertNotIn(MANAGER_PASSWORD.encode(), self.admin.must(200, "GET", STORES).body)
        # What was read can be sent back, and the password stays.
        self.admin.must(200, "PUT", path, self.admin.must(200, "GET", path).json())
        self.assertEqual(self.log_in("lena", "lena-secret").status, 200)
        duplicate = self.admin.call("POST", STORES, self.settings(name="Secret"))
        self.assertEqual((duplicate.status, duplicate.json()["code"]), (409, 909016))
        for path in glob.glob(os.path.join(self.server.data_dir, "**"), recursive=True):
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    self.assertNotIn(MANAGER_PASSWORD.encode(), file.read(), path)

    def test_a_directory_belongs_to_its_tenant(self):
        self.admin.must(201, "POST", f"{ADMIN}/tenants", {
            "domain": "ldap.example.com",
            "administrator": {"userName": "boss", "password": "Tenant-Passw0rd!"}})
        boss = User(self.server, "boss@ldap.example.com", "Tenant-Passw0rd!")
        store = boss.must(201, "POST", STORES, self.settings()).json()
        self.assertEqual(self.admin.call("GET", f"{STORES}/{store['id']}").status, 404)
        self.assertEqual(self.log_in("twin@ldap.example.com", "twin-secret").status, 200)
        self.assertEqual(boss.must(200, "GET", f"{ADMIN}/users/twin").json()["userName"], "twin")


if __name__ == "__main__":
    unittest.main()
