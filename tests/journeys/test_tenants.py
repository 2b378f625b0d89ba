# SPDX-License-Identifier: Apache-2.0
"""Tenants: what each has of its own, and that none sees anything of another."""

import re
import time
import unittest

from contract.test_contract import BASES, VALUES, operations
from support.backend import Recorder
from support.server import FORM, PASSWORD, Server, basic, bearer, call, form
from support.walk import ADMIN, DEVPORTAL, PUBLISHER, User, token_of

TENANTS = f"{ADMIN}/tenants"
ADMIN_PASSWORD = "Tenant-Passw0rd!"
TAKES_EFFECT_MS_MAX = 50


def create_tenant(admin, domain):
    admin.must(201, "POST", TENANTS, {
        "domain": domain,
        "administrator": {"userName": "boss", "password": ADMIN_PASSWORD,
                          "email": f"boss@{domain}"}})
    return User(admin.server, f"boss@{domain}", ADMIN_PASSWORD)


def set_active(admin, domain, active):
    admin.must(200, "PUT", f"{TENANTS}/{domain}", {"active": active})


class Tenants(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server())
        cls.admin = User(cls.server)

    def published(self, boss, name):
        api = boss.publish(name, self.backend.url)
        application = boss.create_application(f"{name}App", token_type="OAUTH")
        boss.subscribe(api["id"], application["applicationId"])
        keys = boss.generate_keys(application["applicationId"])
        return api, application, keys

    def test_only_the_first_tenant_sees_tenants(self):
        boss = create_tenant(self.admin, "curious.example.com")
        for method, path, body in (
            ("GET", TENANTS, None),
            ("POST", TENANTS, {"domain": "more.example.com", "administrator": {
                "userName": "x", "password": ADMIN_PASSWORD}}),
            ("GET", f"{TENANTS}/carbon.super", None),
            ("PUT", f"{TENANTS}/curious.example.com", {"active": True}),
            ("DELETE", f"{TENANTS}/carbon.super", None),
        ):
            with self.subTest(f"{method} {path}"):
                answer = boss.call(method, path, body)
                self.assertEqual((answer.status, answer.json()["code"]), (403, 900915))

    def test_a_tenant_has_a_domain_of_its_own(self):
        create_tenant(self.admin, "own.example.com")
        again = {"domain": "OWN.example.com",
                 "administrator": {"userName": "x", "password": ADMIN_PASSWORD}}
        self.assertEqual(self.admin.call("POST", TENANTS, again).json()["code"], 909010)
        for domain in ("", "no-dot", "a b.org", "-x.org", "x..org", "x.org/y", "%2e.org"):
            with self.subTest(domain):
                body = {**again, "domain": domain}
                self.assertEqual(self.admin.call("POST", TENANTS, body).status, 400)
        listed = self.admin.must(200, "GET", f"{TENANTS}?limit=1000").json()
        domains = [tenant["domain"] for tenant in listed["list"]]
        self.assertEqual(domains[0], "carbon.super")
        self.assertEqual(domains.count("own.example.com"), 1)

    def test_a_tenant_begins_with_defaults_of_its_own(self):
        boss = create_tenant(self.admin, "defaults.example.com")
        policies = boss.must(200, "GET", f"{ADMIN}/throttling/policies/subscription").json()
        self.assertEqual({"Bronze", "Silver", "Gold", "Unlimited", "Unauthenticated"},
                         {policy["policyName"] for policy in policies["list"]})
        environments = boss.must(200, "GET", f"{ADMIN}/environments").json()["list"]
        self.assertEqual([environment["name"] for environment in environments], ["Default"])
        roles = boss.must(200, "GET", f"{ADMIN}/roles").json()["list"]
        self.assertIn("Internal/creator", [role["name"] for role in roles])
        users = boss.must(200, "GET", f"{ADMIN}/users").json()["list"]
        self.assertEqual([user["userName"] for user in users], ["boss"])

    def test_apis_of_a_tenant_are_called_below_its_domain(self):
        boss = create_tenant(self.admin, "paths.example.com")
        api, _, keys = self.published(boss, "Paths")
        token = token_of(self.server, keys)
        url = self.server.gateway("/t/paths.example.com/paths/1.0.0/x")
        self.assertEqual(call(url, headers=bearer(token)).status, 200)
        self.assertEqual(call(self.server.gateway("/paths/1.0.0/x"), headers=bearer(token)).status,
                         404)
        shown = boss.must(200, "GET", f"{DEVPORTAL}/apis/{api['id']}").json()
        self.assertIn("/t/paths.example.com/paths/1.0.0",
                      shown["endpointURLs"][0]["URLs"]["https"])

    def test_two_tenants_may_use_the_same_names(self):
        one = create_tenant(self.admin, "same-one.example.com")
        two = create_tenant(self.admin, "same-two.example.com")
        for boss in (one, two):
            _, _, keys = self.published(boss, "Same")
            domain = boss.name.split("@")[1]
            url = self.server.gateway(f"/t/{domain}/same/1.0.0/x")
            self.assertEqual(call(url, headers=bearer(token_of(self.server, keys))).status, 200)
        other = self.server.gateway("/t/same-one.example.com/same/1.0.0/x")
        self.assertEqual(call(other, headers=bearer(token_of(self.server, keys))).status, 403)

    def test_user_names_carry_the_domain_wherever_they_are_taken(self):
        boss = create_tenant(self.admin, "names.example.com")
        password = boss.create_user("mary", ["Internal/subscriber"])
        mary = User(self.server, "mary@names.example.com", password)
        mary.must(200, "GET", f"{DEVPORTAL}/applications")
        applications = self.server.url(f"{DEVPORTAL}/applications")
        self.assertEqual(call(applications, headers=basic(mary.name, password)).status, 200)
        self.assertEqual(call(applications, headers=basic("mary", password)).status, 401)
        # The administrator of the tenant may say it or leave it.
        for name in ("mary", "mary@names.example.com"):
            self.assertEqual(boss.must(200, "GET", f"{ADMIN}/users/{name}").json()["userName"],
                             "mary")
        # A client belongs to its tenant, and so do those who use it.
        answer = call(self.server.url("/oauth2/token"), "POST",
                      form(grant_type="password", username="admin", password=PASSWORD),
                      {**FORM, **basic(*mary.client)})
        self.assertEqual((answer.status, answer.json()["error"]), (400, "invalid_grant"))
        changed = mary.call("POST", f"{DEVPORTAL}/me/change-password", {
            "currentPassword": password, "newPassword": "Another-Passw0rd!"})
        self.assertEqual(changed.status, 200, changed)

    def test_no_name_means_two_users(self):
        self.admin.create_user("sue@later.example.com", ["Internal/subscriber"])
        boss = create_tenant(self.admin, "later.example.com")
        body = {"userName": "sue", "password": ADMIN_PASSWORD, "email": "s@example.org",
                "roles": []}
        self.assertEqual(boss.call("POST", f"{ADMIN}/users", body).json()["code"], 909001)
        User(self.server, "sue@later.example.com", "A-long-Passw0rd!")
        taken = {**body, "userName": "boss@later.example.com"}
        self.assertEqual(self.admin.call("POST", f"{ADMIN}/users", taken).json()["code"], 909001)
        signed_up = call(self.server.url(f"{DEVPORTAL}/self-signup"), "POST", {
            "userName": "boss@later.example.com", "password": ADMIN_PASSWORD,
            "email": "b@example.org"})
        self.assertEqual(signed_up.status, 409)

    def test_whoever_is_anonymous_says_whose_portal(self):
        boss = create_tenant(self.admin, "shop.example.com")
        boss.publish("ShopApi", self.backend.url)
        apis = self.server.url(f"{DEVPORTAL}/apis?limit=1000")

        def names(headers):
            return [api["name"] for api in call(apis, headers=headers).json()["list"]]

        self.assertNotIn("ShopApi", names({}))
        self.assertEqual(names({"X-WSO2-Tenant": "shop.example.com"}), ["ShopApi"])
        # Credentials say it themselves.
        self.assertNotIn("ShopApi", names({**bearer(self.admin.token["access_token"]),
                                           "X-WSO2-Tenant": "shop.example.com"}))
        unknown = call(apis, headers={"X-WSO2-Tenant": "nobody.example.com"})
        self.assertEqual((unknown.status, unknown.json()["code"]), (404, 909011))
        joined = call(self.server.url(f"{DEVPORTAL}/self-signup"), "POST", {
            "userName": "walkin", "password": ADMIN_PASSWORD, "email": "w@example.org"},
            {"X-WSO2-Tenant": "shop.example.com"})
        self.assertEqual(joined.status, 201, joined)
        User(self.server, "walkin@shop.example.com", ADMIN_PASSWORD)

    def test_a_tenant_that_is_switched_off_is_as_if_it_were_not_there(self):
        boss = create_tenant(self.admin, "off.example.com")
        _, _, keys = self.published(boss, "Off")
        token = token_of(self.server, keys)
        url = self.server.gateway("/t/off.example.com/off/1.0.0/x")
        self.assertEqual(call(url, headers=bearer(token)).status, 200)
        set_active(self.admin, "off.example.com", False)
        self.assertEqual(call(url, headers=bearer(token)).status, 404)
        self.assertEqual(boss.call("GET", f"{PUBLISHER}/apis").status, 401)
        portal = self.server.url(f"{DEVPORTAL}/applications")
        self.assertEqual(call(portal, headers=basic(boss.name, ADMIN_PASSWORD)).status, 401)
        grant = call(self.server.url("/oauth2/token"), "POST",
                     form(grant_type="password", username=boss.name, password=ADMIN_PASSWORD),
                     {**FORM, **basic(*boss.client)})
        self.assertEqual(grant.status, 400)
        set_active(self.admin, "off.example.com", True)
        self.assertEqual(call(url, headers=bearer(token)).status, 200)
        self.assertEqual(boss.call("GET", f"{PUBLISHER}/apis").status, 200)

    def test_a_client_for_all_tenants_serves_their_users_at_home(self):
        boss = create_tenant(self.admin, "saas.example.com")
        password = boss.create_user("anna", ["admin"])
        for saas in (False, True):
            client = call(self.server.url("/client-registration/v0.17/register"), "POST",
                          {"clientName": f"tool-{saas}", "grantType": "password",
                           "saasApp": saas}, basic("admin", PASSWORD)).json()
            self.assertEqual(client["isSaasApplication"], saas)
            answer = call(self.server.url("/oauth2/token"), "POST",
                          form(grant_type="password", username="anna@saas.example.com",
                               password=password, scope="apim:admin"),
                          {**FORM, **basic(client["clientId"], client["clientSecret"])})
            if not saas:
                self.assertEqual(answer.json()["error"], "invalid_grant")
                continue
            own = bearer(answer.json()["access_token"])
            path = self.server.url(f"{ADMIN}/tenant-info/anna")
            self.assertEqual(call(path, headers=own).json()["tenantDomain"], "saas.example.com")
            # What ends her at home ends what she holds elsewhere.
            boss.must(200, "PUT", f"{ADMIN}/users/anna", {
                "userName": "anna", "email": "anna@saas.example.com", "roles": ["admin"],
                "status": "LOCKED"})
            self.assertEqual(call(path, headers=own).status, 401)

    def test_a_user_of_a_tenant_that_is_switched_off_is_gone_at_the_gateway(self):
        """The API and the client are of a tenant that goes on: only the user's has changed."""
        boss = create_tenant(self.admin, "staff.example.com")
        password = boss.create_user("staff", ["admin"])
        client = call(self.server.url("/client-registration/v0.17/register"), "POST",
                      {"clientName": "staff tool", "grantType": "password", "saasApp": True},
                      basic("admin", PASSWORD)).json()
        api = self.admin.publish("Staffed", self.backend.url)
        application = self.admin.create_application("Staffed")["applicationId"]
        self.admin.subscribe(api["id"], application)
        keys = {"consumerKey": client["clientId"], "consumerSecret": client["clientSecret"]}
        self.admin.must(200, "POST", f"{DEVPORTAL}/applications/{application}/map-keys",
                        {**keys, "keyType": "PRODUCTION"})
        answer = call(self.server.url("/oauth2/token"), "POST",
                      form(grant_type="password", username="staff@staff.example.com",
                           password=password),
                      {**FORM, **basic(client["clientId"], client["clientSecret"])})
        own = bearer(answer.json()["access_token"])
        url = self.server.gateway("/staffed/1.0.0/x")
        self.assertEqual(call(url, headers=own).status, 200)
        set_active(self.admin, "staff.example.com", False)
        changed = time.monotonic()
        while (status := call(url, headers=own).status) == 200:
            self.assertLess((time.monotonic() - changed) * 1000, TAKES_EFFECT_MS_MAX)
        self.assertEqual(status, 401)

    def test_the_first_tenant_stays(self):
        for method, body in (("PUT", {"active": False}), ("DELETE", None)):
            answer = self.admin.call(method, f"{TENANTS}/carbon.super", body)
            self.assertEqual((answer.status, answer.json()["code"]), (409, 909007))

    def test_a_removed_tenant_leaves_nothing(self):
        boss = create_tenant(self.admin, "gone.example.com")
        api, _, keys = self.published(boss, "Gone")
        token = token_of(self.server, keys)
        answer = self.admin.call("DELETE", f"{TENANTS}/gone.example.com")
        self.assertEqual((answer.status, answer.json()["code"]), (409, 909012))
        set_active(self.admin, "gone.example.com", False)
        self.admin.must(200, "DELETE", f"{TENANTS}/gone.example.com")
        self.assertEqual(self.admin.call("GET", f"{TENANTS}/gone.example.com").status, 404)
        url = self.server.gateway("/t/gone.example.com/gone/1.0.0/x")
        self.assertEqual(call(url, headers=bearer(token)).status, 404)
        again = create_tenant(self.admin, "gone.example.com")
        self.assertEqual(again.call("GET", f"{PUBLISHER}/apis/{api['id']}").status, 404)
        self.assertEqual(again.must(200, "GET", f"{PUBLISHER}/apis").json()["count"], 0)
        self.assertEqual(call(url, headers=bearer(token)).status, 404)


class Isolation(unittest.TestCase):
    """Walks every operation that reads, with the ids of two tenants."""

    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server())
        cls.admin = User(cls.server)
        cls.boss = {}
        cls.ids = {}
        for word in ("quokka", "numbat"):
            boss = create_tenant(cls.admin, f"{word}.example.com")
            cls.boss[word] = boss
            cls.ids[word] = cls.fill(boss, word)

    @classmethod
    def fill(cls, boss, word):
        """One of each thing, with the word in its name; ids by the name of the path parameter."""
        password = boss.create_user(f"{word}user", ["Internal/subscriber"])
        boss.must(201, "POST", f"{ADMIN}/roles", {"name": f"{word}role"})
        policies = {level: boss.create_policy(level, f"{word}{level}", 5)
                    for level in ("application", "subscription", "advanced")}
        environment = boss.must(201, "POST", f"{ADMIN}/environments", {
            "name": f"{word}env", "displayName": f"{word}env",
            "vhosts": [{"host": f"{word}.example.com"}]}).json()
        api = boss.create_api(f"{word}api", cls.backend.url, tags=[f"{word}tag"])
        revision = boss.deploy(api["id"])
        boss.change_lifecycle(api["id"], "Publish")
        application = boss.create_application(f"{word}app")
        subscription = boss.subscribe(api["id"], application["applicationId"])
        keys = boss.generate_keys(application["applicationId"])
        User(boss.server, f"{word}user@{word}.example.com", password)
        return {
            "apiId": api["id"], "revisionId": revision["id"],
            "applicationId": application["applicationId"],
            "subscriptionId": subscription["subscriptionId"],
            "keyMappingId": keys["keyMappingId"], "environmentId": environment["id"],
            "policyId": [policy["policyId"] for policy in policies.values()],
            "userName": f"{word}user", "username": f"{word}user", "roleId": f"{word}role",
            "role": f"{word}role", "policyName": f"{word}subscription", "domain":
            f"{word}.example.com", "scopeName": "apim:subscribe",
        }

    def reads(self):
        return [row for row in operations()
                if row["method"] in ("GET", "HEAD") and row["api"] in
                ("publisher", "devportal", "admin", "analytics")]

    def test_no_list_has_anything_of_another_tenant(self):
        walked, found = 0, set()
        for word, other in (("quokka", "numbat"), ("numbat", "quokka")):
            for row in self.reads():
                if "{" in row["path"]:
                    continue
                with self.subTest(f"{word}: {row['api']} {row['path']}"):
                    path = BASES[row["api"]][0] + row["path"]
                    query = "?query=example" if row["path"] == "/search" else "?limit=1000"
                    answer = self.boss[word].call("GET", path + query)
                    self.assertNotIn(other.encode(), answer.body)
                    for value in self.flat(self.ids[other]):
                        self.assertNotIn(value.encode(), answer.body)
                    walked += 1
                    if word.encode() in answer.body:
                        found.add(row["api"] + row["path"])
        self.assertGreater(walked, 30)
        # The walk would see what it looks for.
        for expected in ("publisher/apis", "devportal/apis", "devportal/applications",
                         "admin/users", "admin/roles", "admin/environments",
                         "admin/throttling/policies/advanced"):
            self.assertIn(expected, found)

    def flat(self, ids):
        for name, value in ids.items():
            if name == "scopeName":
                continue
            yield from value if isinstance(value, list) else [value]

    def test_no_id_of_another_tenant_leads_anywhere(self):
        checked = 0
        for row in self.reads():
            names = re.findall(r"\{(\w+)\}", row["path"])
            known = [name for name in names if name in self.ids["numbat"] and name != "scopeName"]
            if not known:
                continue
            with self.subTest(f"{row['api']} {row['path']}"):
                for target in self.targets(row, "numbat"):
                    answer = self.boss["quokka"].call(row["method"], target)
                    self.assertIn(answer.status, (400, 403, 404), f"{target}: {answer}")
                    self.assertNotIn(b"numbatapi", answer.body)
                checked += 1
        self.assertGreater(checked, 20)

    def targets(self, row, word):
        paths = [BASES[row["api"]][0] + row["path"]]
        for name in re.findall(r"\{(\w+)\}", row["path"]):
            value = self.ids[word].get(name, VALUES.get(name, "x"))
            values = value if isinstance(value, list) else [value]
            paths = [path.replace("{" + name + "}", each) for path in paths for each in values]
        return paths


class Roles(unittest.TestCase):
    """What roles may do is each tenant's own business, and counts at once."""

    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server("gateway.key_cache=false",
                                                  "key_manager.key_cache=true"))
        cls.admin = User(cls.server)

    def until(self, wanted, user, path):
        changed = time.monotonic()
        while user.call("GET", path).status != wanted:
            self.assertLess((time.monotonic() - changed) * 1000, TAKES_EFFECT_MS_MAX)

    def test_scopes_of_roles_count_for_live_tokens(self):
        password = self.admin.create_user("liver", ["Internal/creator"])
        liver = User(self.server, "liver", password)
        apis = f"{PUBLISHER}/apis"
        self.assertEqual(liver.call("GET", apis).status, 200)
        before = {scope["name"]: scope["roles"] for scope in
                  self.admin.must(200, "GET", f"{ADMIN}/system-scopes").json()["list"]}
        self.assertIn("Internal/creator", before["apim:api_view"])
        without = [role for role in before["apim:api_view"] if role != "Internal/creator"]
        listed = ("apim:api_view", "apim:api_list_view", "apim:api_metadata_view")

        def bind(roles_of):
            self.admin.must(200, "PUT", f"{ADMIN}/system-scopes", {"list": [
                {"name": name, "roles": roles_of(name)} for name in listed]})

        bind(lambda name: [role for role in before[name] if role != "Internal/creator"])
        self.until(403, liver, apis)
        aliases = {"list": [{"role": "Internal/publisher", "aliases": ["Internal/creator"]}]}
        self.admin.must(200, "PUT", f"{ADMIN}/system-scopes/role-aliases", aliases)
        self.until(200, liver, apis)
        answer = self.admin.must(200, "GET", f"{ADMIN}/system-scopes/role-aliases").json()
        self.assertEqual(answer, {"count": 1, **aliases})
        self.admin.must(200, "PUT", f"{ADMIN}/system-scopes/role-aliases", {"list": []})
        self.until(403, liver, apis)
        bind(lambda name: before[name])
        self.until(200, liver, apis)
        self.assertNotIn("Internal/creator", without)

    def test_what_roles_may_do_can_be_asked(self):
        password = self.admin.create_user("asker", ["Internal/subscriber"])
        self.assertTrue(password)
        path = f"{ADMIN}/system-scopes"
        for scope, status in (("apim:subscribe", 200), ("YXBpbTpzdWJzY3JpYmU", 200),
                              ("apim:admin", 404), ("no:such", 404)):
            answer = self.admin.call("GET", f"{path}/{scope}?username=asker")
            self.assertEqual(answer.status, status, scope)

    def test_bindings_that_cannot_be_are_refused(self):
        for entry in ({"name": "no:such", "roles": []},
                      {"name": "apim:api_view", "roles": ["no such role"]},
                      {"name": "apim:admin", "roles": ["Internal/creator"]}):
            with self.subTest(entry["name"]):
                answer = self.admin.call("PUT", f"{ADMIN}/system-scopes", {"list": [entry]})
                self.assertEqual(answer.status, 400)
        self.admin.must(200, "GET", f"{ADMIN}/users")

    def test_another_tenant_keeps_its_own(self):
        boss = create_tenant(self.admin, "roles.example.com")
        boss.must(200, "PUT", f"{ADMIN}/system-scopes", {"list": [
            {"name": "apim:tier_view", "roles": []}]})
        ours = self.admin.must(200, "GET", f"{ADMIN}/system-scopes").json()["list"]
        self.assertIn("admin", next(scope["roles"] for scope in ours
                                    if scope["name"] == "apim:tier_view"))
        theirs = boss.must(200, "GET", f"{ADMIN}/system-scopes").json()["list"]
        self.assertEqual(next(scope["roles"] for scope in theirs
                              if scope["name"] == "apim:tier_view"), [])

    def test_the_configuration_of_a_tenant_says_the_same(self):
        path = f"{ADMIN}/tenant-config"
        config = self.admin.must(200, "GET", path).json()
        scopes = config["RESTAPIScopes"]["Scope"]
        self.assertIn({"Name": "apim:admin", "Roles": "admin"}, scopes)
        config["Notifications"] = [{"Type": "kept"}]
        again = self.admin.must(200, "PUT", path, config).json()
        self.assertEqual(again, config)
        schema = self.admin.must(200, "GET", f"{ADMIN}/tenant-config-schema").json()
        self.assertEqual(set(schema["properties"]),
                         {"PasswordPolicy", "AccountLock", "SelfSignUp", "TokenSigning",
                          "RESTAPIScopes"})
        for wrong in ({"PasswordPolicy": {"MinLength": 0}}, {"AccountLock": []},
                      {"SelfSignUp": {"SignUpRoles": ["no such role"]}},
                      {"TokenSigning": {"AccessTokenAlgorithm": "HS256"}},
                      {"TokenSigning": {"IdTokenAlgorithm": "none"}},
                      {"PasswordPolicy": {"MinLength": 20, "MaxLength": 10}}):
            with self.subTest(str(wrong)):
                self.assertEqual(self.admin.call("PUT", path, wrong).status, 400)


if __name__ == "__main__":
    unittest.main()
