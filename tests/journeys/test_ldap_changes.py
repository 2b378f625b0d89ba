# SPDX-License-Identifier: Apache-2.0
"""What changes in a directory changes here, without anybody logging in."""

import base64
import time
import unittest

from support.browser import Browser
from support.directory import (ACTIVE_DIRECTORY, BASE, MANAGER, MANAGER_PASSWORD, Directory,
                               account, account_group, group, person)
from support.server import FORM, Server, basic, bearer, call, form
from support.walk import ADMIN, DEVPORTAL, User

STORES = f"{ADMIN}/user-stores"
PEOPLE = f"ou=people,{BASE}"
INTERVAL_SECONDS = 1
SECONDS_MAX = 20  # a round, and slack for a loaded machine
EVERYONE, SUBSCRIBER = "Internal/everyone", "Internal/subscriber"


def uid(name):
    return f"uid={name},{PEOPLE}"


def cn(name, unit="people"):
    return f"cn={name},ou={unit},{BASE}"


class Following(unittest.TestCase):
    """A server that looks after its users every second, beside a directory."""

    entries = ()
    schema = ""
    limits = ""
    store = {}

    @classmethod
    def setUpClass(cls):
        cls.directory = cls.enterClassContext(
            Directory(*cls.entries, schema=cls.schema, limits=cls.limits))
        cls.server = cls.enterClassContext(
            Server(f"login.directory_interval_s={INTERVAL_SECONDS}"))
        cls.admin = User(cls.server)
        cls.admin.must(201, "POST", STORES, {
            "name": "Company", "urls": [cls.directory.url("ldaps")], "userBase": PEOPLE,
            "caCertificates": base64.b64encode(cls.directory.certificate()).decode(),
            "bindDn": MANAGER, "bindPassword": MANAGER_PASSWORD,
            "groupBase": f"ou=groups,{BASE}", "defaultRoles": [SUBSCRIBER], **cls.store})

    def grant(self, name, password):
        return call(self.server.url("/oauth2/token"), "POST",
                    form(grant_type="password", username=name, password=password),
                    {**FORM, **basic(*self.admin.client)})

    def token_works(self, user):
        return call(self.server.url(f"{DEVPORTAL}/applications"),
                    headers=bearer(user.token["access_token"])).status == 200

    def refresh(self, user):
        return call(self.server.url("/oauth2/token"), "POST",
                    form(grant_type="refresh_token",
                         refresh_token=user.token["refresh_token"]),
                    {**FORM, **basic(*user.client)})

    def sign_in(self, name, password):
        browser = Browser()
        self.assertEqual(browser.open(self.server.url("/oauth2/account")), 200)
        fields = dict(browser.page().forms[0]["fields"], username=name, password=password)
        status = browser.open(self.server.url("/oauth2/account"), fields)
        self.assertIn(status, (302, 303), browser.text)
        return browser

    def signed_in(self, browser):
        browser.open(self.server.url("/oauth2/account"))
        return 'name="password"' not in browser.text

    def user(self, name):
        return self.admin.must(200, "GET", f"{ADMIN}/users/{name}").json()

    def soon(self, what, message):
        """A round comes each second; what it does is seen some time after it has begun."""
        deadline = time.monotonic() + SECONDS_MAX
        while not what():
            self.assertLess(time.monotonic(), deadline, message)
            time.sleep(0.05)


class Changes(Following):
    entries = (
        person("gone", "gone-secret"), person("lena", "lena-secret", mail="lena@example.org"),
        person("otto", "otto-secret"), person("mover", "mover-secret"),
        person("stays", "stays-secret"), person("paul", "paul-secret"),
        person("barred", "barred-secret"),
        group("Staff", uid("otto"), uid("lena")), group("Makers", uid("lena")),
        *(group(f"Team {number}", uid("mover")) for number in range(130)))
    # Its own limit is far below the number of groups of one person.
    limits = "sizelimit size.soft=40 size.hard=40 size.pr=40 size.prtotal=unlimited"
    store = {"userFilter": "(objectClass=inetOrgPerson)",
             "groupRoles": [{"group": "Staff", "role": "Internal/publisher"},
                            {"group": "Makers", "role": "Internal/creator"},
                            *({"group": f"Team {number}", "role": "Internal/creator"}
                              for number in (129,))]}

    def test_whoever_is_deleted_there_is_out_here(self):
        user = User(self.server, "gone", "gone-secret")
        other = User(self.server, "stays", "stays-secret")
        browser = self.sign_in("gone", "gone-secret")
        self.assertTrue(self.token_works(user))
        self.assertTrue(self.signed_in(browser))
        self.directory.modify(f"dn: {uid('gone')}\nchangetype: delete\n")
        self.soon(lambda: not self.token_works(user), "the token lives on")
        self.assertEqual(self.refresh(user).json()["error"], "invalid_grant")
        self.assertFalse(self.signed_in(browser))
        self.assertEqual(self.grant("gone", "gone-secret").status, 400)
        self.assertEqual(call(self.server.url(f"{DEVPORTAL}/applications"),
                              headers=basic("gone", "gone-secret")).status, 401)
        self.assertEqual(self.user("gone")["status"], "DEPARTED")
        self.assertTrue(self.token_works(other))
        self.assertEqual(self.refresh(other).status, 200)

    def test_roles_follow_groups(self):
        otto = User(self.server, "otto", "otto-secret")
        self.assertIn("Internal/publisher", self.user("otto")["roles"])
        self.directory.modify(f"dn: {cn('Staff', 'groups')}\nchangetype: modify\n"
                              f"delete: member\nmember: {uid('otto')}\n")
        self.soon(lambda: set(self.user("otto")["roles"]) == {EVERYONE, SUBSCRIBER},
                  "the role stays")
        # The token that was given before has lost the scope, too.
        self.soon(lambda: otto.call("GET", "/api/am/publisher/v4/apis").status in (401, 403),
                  "the scope stays")
        self.assertTrue(self.token_works(otto))

    def test_addresses_and_names_follow(self):
        lena = User(self.server, "lena", "lena-secret")
        api = lena.create_api("Lenas", "http://127.0.0.1:1")
        application = lena.create_application("Mine")
        self.assertEqual(api["provider"], "lena")
        self.directory.modify(
            f"dn: {uid('lena')}\nchangetype: modify\nreplace: mail\nmail: l.k@example.org\n")
        self.soon(lambda: self.user("lena")["email"] == "l.k@example.org", "the address stays")
        self.directory.modify(f"dn: {uid('lena')}\nchangetype: modrdn\nnewrdn: uid=lena.klein\n"
                              "deleteoldrdn: 1\n")
        self.soon(lambda: self.admin.call("GET", f"{ADMIN}/users/lena").status == 404,
                  "the name stays")
        self.assertEqual(self.user("lena.klein")["email"], "l.k@example.org")
        self.assertTrue(self.token_works(lena), "the same user")
        self.assertEqual(self.grant("lena", "lena-secret").status, 400)
        self.assertEqual(self.grant("lena.klein", "lena-secret").status, 200)
        # What she owns says her name with the next round of the outbox.
        path = f"/api/am/publisher/v4/apis/{api['id']}"
        self.soon(lambda: self.admin.must(200, "GET", path).json()["provider"] == "lena.klein",
                  "her API says the name before")
        self.soon(lambda: lena.must(
            200, "GET", f"{DEVPORTAL}/applications/{application['applicationId']}"
        ).json()["owner"] == "lena.klein", "her application says the name before")

    def test_somebody_with_the_name_of_who_is_gone_is_somebody_else(self):
        first = User(self.server, "paul", "paul-secret")
        application = first.create_application("Of the first Paul")
        self.directory.modify(f"dn: {uid('paul')}\nchangetype: delete\n")
        self.soon(lambda: self.user("paul")["status"] == "DEPARTED", "still here")
        self.directory.modify(person("paul", "another-secret").replace(
            "objectClass", "changetype: add\nobjectClass", 1))
        self.assertEqual(self.grant("paul", "another-secret").status, 400)
        self.admin.must(200, "DELETE", f"{ADMIN}/users/paul")
        second = User(self.server, "paul", "another-secret")
        self.assertEqual(second.call(
            "GET", f"{DEVPORTAL}/applications/{application['applicationId']}").status, 404)

    def test_who_is_disabled_here_stays_so_whatever_the_directory_says(self):
        user = User(self.server, "barred", "barred-secret")
        self.admin.must(200, "PUT", f"{ADMIN}/users/barred", {"status": "DISABLED"})
        self.directory.modify(f"dn: {uid('barred')}\nchangetype: modify\n"
                              "replace: mail\nmail: b@example.org\n")
        self.soon(lambda: self.user("barred")["email"] == "b@example.org", "no round came")
        self.assertEqual(self.user("barred")["status"], "DISABLED")
        self.assertFalse(self.token_works(user))
        self.assertEqual(self.grant("barred", "barred-secret").status, 400)

    def test_many_groups_come_in_pages(self):
        User(self.server, "mover", "mover-secret")
        # The last of 130 groups, behind three of the directory's own limits.
        self.assertIn("Internal/creator", self.user("mover")["roles"])

    def test_a_directory_that_is_away_throws_nobody_out(self):
        user = User(self.server, "stays", "stays-secret")
        self.directory.stop()
        try:
            self.soon(lambda: b"user store Company:" in self.log(), "no round came")
            self.assertTrue(self.token_works(user))
        finally:
            self.directory.start()
        # A directory that was silent is left alone for a moment.
        self.soon(lambda: self.grant("stays", "stays-secret").status == 200, "it stays away")

    def log(self):
        with open(self.server.log_path, "rb") as file:
            return file.read()


def guid(number):
    return bytes((0, 255, 42, 40, 41, 92, 0x41, number)) * 2  # with what filters must escape


class ActiveDirectory(Following):
    entries = (
        account("anna", "anna-secret", guid(1), mail="anna@corp.example"),
        account("berta", "berta-secret", guid(2)),
        account("closed", "closed-secret", guid(3), control=514),
        account("over", "over-secret", guid(4), accountExpires=132223104000000000),
        account("never", "never-secret", guid(5), accountExpires=9223372036854775807),
        account("letters", "letters-secret", b"ABCDEFGHIJKLMNOP"),
        account_group("Developers", cn("anna")),
        account_group("Everyone in IT", cn("Developers", "groups")),
        account_group("Company", cn("Everyone in IT", "groups")),
        f"dn: ou=branch,{PEOPLE}\nobjectClass: referral\nobjectClass: extensibleObject\n"
        f"ou: branch\nref: ldap://127.0.0.1:1/ou=branch,{PEOPLE}")
    schema = ACTIVE_DIRECTORY
    store = {"userFilter": "(objectClass=user)", "nameAttribute": "sAMAccountName",
             "idAttribute": "objectGUID", "nestedGroups": True,
             "groupRoles": [{"group": "Company", "role": "Internal/creator"},
                            {"group": "Developers", "role": "Internal/publisher"}]}

    def set(self, name, attribute, value):
        self.directory.modify(f"dn: {cn(name)}\nchangetype: modify\n"
                              f"replace: {attribute}\n{attribute}: {value}\n")

    def test_people_log_in_by_their_account_name_with_the_roles_of_nested_groups(self):
        # A referral to elsewhere lies below the base, and is not followed.
        anna = User(self.server, "anna", "anna-secret")
        self.assertTrue(self.token_works(anna))
        self.assertEqual(set(self.user("anna")["roles"]),
                         {EVERYONE, SUBSCRIBER, "Internal/creator", "Internal/publisher"})
        self.assertEqual(self.user("anna")["email"], "anna@corp.example")

    def test_disabled_and_expired_accounts_stay_out_with_the_right_password(self):
        # slapd takes the password all the same, so it is we who refuse.
        for name in ("closed", "over"):
            with self.subTest(name):
                self.assertEqual(self.grant(name, f"{name}-secret").status, 400)
                self.assertEqual(self.admin.call("GET", f"{ADMIN}/users/{name}").status, 404)
        self.assertEqual(self.grant("never", "never-secret").status, 200)

    def test_a_disabled_account_ends_and_comes_back_without_its_tokens(self):
        for name in ("berta", "letters"):
            with self.subTest(name):
                user = User(self.server, name, f"{name}-secret")
                browser = self.sign_in(name, f"{name}-secret")
                self.set(name, "userAccountControl", 514)
                self.soon(lambda u=user: not self.token_works(u), "the token lives on")
                self.assertEqual(self.refresh(user).json()["error"], "invalid_grant")
                self.assertFalse(self.signed_in(browser))
                self.assertEqual(self.grant(name, f"{name}-secret").status, 400)
                self.set(name, "userAccountControl", 512)
                self.soon(lambda n=name: self.user(n)["status"] == "ACTIVE", "stays out")
                self.assertEqual(self.grant(name, f"{name}-secret").status, 200)
                self.assertFalse(self.token_works(user))
                self.assertEqual(self.refresh(user).json()["error"], "invalid_grant")

    def test_people_may_log_in_by_their_principal_name(self):
        store = self.admin.must(200, "GET", STORES).json()["list"][0]
        changed = dict(store, nameAttribute="userPrincipalName", bindPassword=MANAGER_PASSWORD)
        self.admin.must(200, "PUT", f"{STORES}/{store['id']}", changed)
        try:
            self.assertEqual(self.grant("never@corp.example", "never-secret").status, 200)
            self.assertEqual(self.grant("closed@corp.example", "closed-secret").status, 400)
        finally:
            self.admin.must(200, "PUT", f"{STORES}/{store['id']}",
                            dict(store, bindPassword=MANAGER_PASSWORD))


del Following  # its heirs are the tests

if __name__ == "__main__":
    unittest.main()
