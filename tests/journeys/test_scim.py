# SPDX-License-Identifier: Apache-2.0
"""SCIM 2.0: what a directory does to users and groups from outside."""

import unittest
import urllib.parse

from support.server import FORM, PASSWORD, Server, basic, bearer, call, form
from support.walk import ADMIN, DEVPORTAL, User

USERS = "/Users"
SCIM_TYPE = "application/scim+json"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Scim(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.admin = User(cls.server)

    def ask(self, method, path, body=None, headers=None):
        headers = {"Content-Type": SCIM_TYPE, **basic("admin", PASSWORD), **(headers or {})}
        return call(self.server.url("/scim2" + path), method, body, headers)

    def must(self, status, method, path, body=None, headers=None):
        answer = self.ask(method, path, body, headers)
        self.assertEqual(answer.status, status, answer)
        return answer.json() if answer.body else None

    def refused(self, status, kind, answer):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["content-type"], SCIM_TYPE)
        body = answer.json()
        self.assertEqual(body["schemas"], ["urn:ietf:params:scim:api:messages:2.0:Error"])
        self.assertEqual((body["status"], body.get("scimType")), (str(status), kind))

    def create(self, name, **more):
        return self.must(201, "POST", "/Users", {
            "schemas": [USER], "userName": name, "password": "A-long-Passw0rd!", **more})

    def patch(self, user, *operations, status=200):
        return self.must(status, "PATCH", f"/Users/{user['id']}",
                         {"schemas": [PATCH], "Operations": list(operations)})

    def find(self, filter_text, **more):
        query = urllib.parse.urlencode({"filter": filter_text, **more})
        return self.must(200, "GET", f"/Users?{query}")

    def names(self, filter_text, **more):
        return [user["userName"] for user in self.find(filter_text, **more)["Resources"]]

    def test_who_may(self):
        for path in ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/ResourceTypes/User",
                     f"/Schemas/{USER}"):
            with self.subTest(path):
                answer = call(self.server.url("/scim2" + path))
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.headers["content-type"], SCIM_TYPE)
        password = self.admin.create_user("plain", ["Internal/subscriber"])
        for headers, status in (({"Authorization": ""}, 401), (basic("admin", "wrong"), 401),
                                (basic("plain", password), 403),
                                (bearer(self.admin.token["access_token"]), 200)):
            with self.subTest(str(headers)):
                answer = self.ask("GET", "/Users", headers=headers)
                self.assertEqual(answer.status, status, answer)
        oneself = self.ask("GET", "/Me", headers=basic("plain", password))
        self.assertEqual(oneself.json()["userName"], "plain")

    def test_a_user_comes_changes_and_goes(self):
        created = self.ask("POST", "/Users", {
            "schemas": [USER, ENTERPRISE], "userName": "scimmy", "externalId": "E-1",
            "password": "A-long-Passw0rd!", "name": {"familyName": "S", "givenName": "C"},
            "emails": [{"value": "c@work.org", "type": "work", "primary": True},
                       {"value": "c@home.org", "type": "home"}],
            ENTERPRISE: {"department": "Sales"}, "id": "mine", "groups": [{"value": "x"}]})
        self.assertEqual(created.status, 201, created)
        user = created.json()
        self.assertEqual(created.headers["location"], user["meta"]["location"])
        self.assertEqual(created.headers["etag"], user["meta"]["version"])
        self.assertNotIn("password", user)
        self.assertNotEqual(user["id"], "mine")
        self.assertEqual(user[ENTERPRISE], {"department": "Sales"})
        ours = self.admin.must(200, "GET", f"{ADMIN}/users/scimmy").json()
        self.assertEqual((ours["email"], ours["status"]), ("c@work.org", "ACTIVE"))
        portal = self.server.url(f"{DEVPORTAL}/settings")
        self.assertEqual(call(portal, headers=basic("scimmy", "A-long-Passw0rd!")).status, 200)

        path = f"/Users/{user['id']}"
        self.assertEqual(self.must(200, "GET", path), user)
        replaced = self.must(200, "PUT", path, {"userName": "scimmy", "title": "Chief",
                                                "active": False})
        self.assertEqual((replaced["title"], replaced["active"]), ("Chief", False))
        self.assertNotIn("name", replaced)
        self.assertEqual(call(portal, headers=basic("scimmy", "A-long-Passw0rd!")).status, 401)
        self.assertEqual(self.admin.must(200, "GET", f"{ADMIN}/users/scimmy").json()["status"],
                         "DISABLED")
        renamed = self.ask("PUT", path, {"userName": "other"})
        self.refused(400, "mutability", renamed)
        self.must(204, "DELETE", path)
        self.refused(404, None, self.ask("GET", path))
        self.refused(404, None, self.ask("DELETE", path))

    def test_clients_hear_what_a_directory_has_verified(self):
        user = self.create("verified", emails=[{"value": "v@work.org", "verified": True}],
                           phoneNumbers=[{"value": "+31 6", "verified": False}])
        client = basic(*self.admin.client)
        fields = form(grant_type="password", username="verified", password="A-long-Passw0rd!",
                      scope="openid email phone")
        token = call(self.server.url("/oauth2/token"), "POST", fields, {**FORM, **client}).json()
        told = call(self.server.url("/oauth2/userinfo"), headers=bearer(token["access_token"]))
        self.assertEqual(told.json(), {
            "sub": user["id"], "email": "v@work.org", "email_verified": True,
            "phone_number": "+31 6", "phone_number_verified": False})

    def test_patches_change_what_they_name(self):
        user = self.create("patched", emails=[{"value": "p@work.org", "type": "work"}])
        changed = self.patch(
            user,
            {"op": "Replace", "path": "active", "value": "False"},
            {"op": "add", "path": "name.familyName", "value": "P"},
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": "q@work.org"})
        self.assertEqual((changed["active"], changed["name"]), (False, {"familyName": "P"}))
        ours = self.admin.must(200, "GET", f"{ADMIN}/users/patched").json()
        self.assertEqual((ours["email"], ours["status"]), ("q@work.org", "DISABLED"))
        changed = self.patch(user, {"op": "replace", "value": {"active": True, "title": "T"}})
        self.assertEqual((changed["active"], changed["title"]), (True, "T"))
        self.patch(user, {"op": "replace", "path": "password", "value": "Another-Passw0rd!"})
        portal = self.server.url(f"{DEVPORTAL}/settings")
        self.assertEqual(call(portal, headers=basic("patched", "Another-Passw0rd!")).status, 200)
        path = f"/Users/{user['id']}"
        for operations, kind in (([{"op": "move", "path": "title"}], "invalidSyntax"),
                                 ([{"op": "remove"}], "noTarget"),
                                 ([{"op": "add", "path": "a b", "value": 1}], "invalidPath"),
                                 ([{"op": "replace", "path": "active", "value": 7}],
                                  "invalidValue"),
                                 ([], "invalidSyntax")):
            with self.subTest(kind):
                answer = self.ask("PATCH", path, {"schemas": [PATCH], "Operations": operations})
                self.refused(400, kind, answer)

    def test_filters_find_whom_they_name(self):
        for index, name in enumerate(("fi-anna", "fi-bert", "fi-carl")):
            self.create(name, title=f"T{index}", emails=[
                {"value": f"{name}@{'work' if index else 'home'}.org", "type": "work"}])
        cases = (
            ('userName eq "FI-ANNA"', ["fi-anna"]),
            ('userName sw "fi-" and emails.value co "@work.org"', ["fi-bert", "fi-carl"]),
            ('userName sw "fi-" and not (title eq "T1")', ["fi-anna", "fi-carl"]),
            ('emails[type eq "work" and value sw "fi-carl"]', ["fi-carl"]),
            ('userName eq "nobody-at-all"', []),
            ('userName sw "fi-" and nickName pr', []),
        )
        for text, names in cases:
            with self.subTest(text):
                self.assertEqual(self.names(text), names)
        for text in ("userName", 'userName is "x"', "(", 'userName eq "x'):
            with self.subTest(text):
                query = urllib.parse.urlencode({"filter": text})
                self.refused(400, "invalidFilter", self.ask("GET", f"/Users?{query}"))
        searched = self.must(200, "POST", "/Users/.search", {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "filter": 'userName sw "fi-"', "startIndex": 2, "count": 1})
        self.assertEqual((searched["totalResults"], searched["startIndex"],
                          searched["itemsPerPage"]), (3, 2, 1))
        self.assertEqual(searched["Resources"][0]["userName"], "fi-bert")

    def test_lists_have_pages_and_an_order(self):
        for name in ("pa-c", "pa-a", "pa-b"):
            self.create(name, title=name[::-1])
        mine = 'userName sw "pa-"'
        self.assertEqual(self.names(mine, sortBy="title", sortOrder="descending"),
                         ["pa-c", "pa-b", "pa-a"])
        self.assertEqual(self.names(mine, startIndex=3), ["pa-c"])
        self.assertEqual(self.names(mine, startIndex=9), [])
        counted = self.find(mine, count=0)
        self.assertEqual((counted["totalResults"], counted["Resources"]), (3, []))
        every = self.must(200, "GET", "/Users?startIndex=1&count=2")
        self.assertEqual(every["itemsPerPage"], 2)
        self.assertGreaterEqual(every["totalResults"], 4)
        short = self.find(mine, attributes="userName", count=1)["Resources"][0]
        self.assertEqual(set(short), {"schemas", "id", "userName"})
        without = self.find(mine, excludedAttributes="title,meta", count=1)["Resources"][0]
        self.assertIn("userName", without)
        self.assertNotIn("title", without)

    def test_projections_reach_into_attributes(self):
        user = self.must(201, "POST", "/Users", {
            "schemas": [USER, ENTERPRISE], "userName": "proj", "title": "T",
            "name": {"givenName": "P", "familyName": "J"},
            "emails": [{"value": "p@work.org", "type": "work", "primary": True},
                       {"value": "p@home.org", "type": "home"}],
            ENTERPRISE: {"department": "Sales", "costCenter": "7"}})
        path = f"/Users/{user['id']}"
        table = (
            ("attributes=name.givenName", {"name": {"givenName": "P"}}),
            ("attributes=NAME.givenname,title", {"name": {"givenName": "P"}, "title": "T"}),
            ("attributes=emails.value", {"emails": [{"value": "p@work.org"},
                                                    {"value": "p@home.org"}]}),
            (f"attributes={ENTERPRISE}:department", {ENTERPRISE: {"department": "Sales"}}),
            (f"attributes={USER}:title", {"title": "T"}),
            ("attributes=password", {}), ("attributes=nothing", {}))
        for query, wanted in table:
            with self.subTest(query):
                found = self.must(200, "GET", f"{path}?{query}")
                self.assertEqual({key: value for key, value in found.items()
                                  if key not in ("id", "schemas")}, wanted)
                self.assertEqual(found["id"], user["id"])
        less = self.must(200, "GET", f"{path}?excludedAttributes=name.givenName,emails,id")
        self.assertEqual((less["name"], less["title"], less["id"]),
                         ({"familyName": "J"}, "T", user["id"]))
        self.assertNotIn("emails", less)

    def test_who_lacks_what_is_sorted_by_is_last(self):
        self.create("so-none")
        self.create("so-b", emails=[{"value": "z@x.org"}, {"value": "b@x.org", "primary": True}])
        self.create("so-c", emails=[{"value": "c@x.org"}])
        mine = 'userName sw "so-"'
        self.assertEqual(self.names(mine, sortBy="emails"), ["so-b", "so-c", "so-none"])
        self.assertEqual(self.names(mine, sortBy="emails.value", sortOrder="descending"),
                         ["so-none", "so-c", "so-b"])

    def test_the_configuration_tells_the_truth(self):
        told = self.must(200, "GET", "/ServiceProviderConfig")
        self.assertEqual(
            {name: told[name]["supported"] for name in
             ("patch", "bulk", "filter", "changePassword", "sort", "etag")},
            dict.fromkeys(("patch", "bulk", "filter", "changePassword", "sort", "etag"), True))
        most = told["bulk"]["maxOperations"]
        delete = {"method": "DELETE", "path": "/Groups/nobody"}
        self.assertEqual(len(self.bulk([delete] * most)), most)
        self.refused(413, None, self.ask("POST", "/Bulk", self.bulk_body([delete] * (most + 1))))
        large = {"method": "PUT", "path": "/Groups/nobody",
                 "data": {"title": "x" * told["bulk"]["maxPayloadSize"]}}
        self.refused(413, None, self.ask("POST", "/Bulk", self.bulk_body([large])))
        self.assertLessEqual(
            self.must(200, "GET", "/Users?count=100000")["itemsPerPage"],
            told["filter"]["maxResults"])
        # changePassword
        self.create("changer")
        user = self.find('userName eq "changer"')["Resources"][0]
        self.patch(user, {"op": "replace", "path": "password", "value": "Another-Passw0rd!"})
        self.assertEqual(self.ask("GET", "/Me", headers=basic("changer", "Another-Passw0rd!"))
                         .status, 200)

    @staticmethod
    def bulk_body(operations, **more):
        return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
                "Operations": operations, **more}

    def bulk(self, operations, **more):
        answer = self.must(200, "POST", "/Bulk", self.bulk_body(operations, **more))
        self.assertEqual(answer["schemas"],
                         ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"])
        return answer["Operations"]

    def test_bulk_makes_users_and_their_group_at_once(self):
        # The group comes before those who are its members.
        done = self.bulk([
            {"method": "POST", "path": "/Groups", "bulkId": "g",
             "data": {"displayName": "bulkers", "members": [{"value": "bulkId:a"},
                                                            {"value": "bulkId:b"}]}},
            {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"userName": "bulk-a"}},
            {"method": "post", "path": "/Users", "bulkId": "b", "data": {"userName": "bulk-b"}},
            {"method": "PATCH", "path": f"{USERS}/bulkId:a", "data": {
                "schemas": [PATCH],
                "Operations": [{"op": "add", "path": "title", "value": "Chief"}]}}])
        self.assertEqual([(each["method"], each.get("bulkId"), each["status"]) for each in done],
                         [("POST", "a", "201"), ("POST", "b", "201"), ("PATCH", None, "200"),
                          ("POST", "g", "201")])
        for each in done:
            self.assertNotIn("response", each)
            self.assertTrue(each["location"].startswith("https://"))
            self.assertTrue(each["version"].startswith("W/"))
        group = self.find_group("bulkers")
        self.assertEqual({member["display"] for member in group["members"]},
                         {"bulk-a", "bulk-b"})
        user = self.find('userName eq "bulk-a"')["Resources"][0]
        self.assertEqual(user["title"], "Chief")
        gone = self.bulk([
            {"method": "PUT", "path": f"/Users/{user['id']}", "version": 'W/"old"',
             "data": {"userName": "bulk-a"}},
            {"method": "DELETE", "path": f"/Users/{user['id']}",
             "version": user["meta"]["version"]}])
        self.assertEqual([each["status"] for each in gone], ["412", "204"])
        self.assertEqual(self.names('userName eq "bulk-a"'), [])

    def find_group(self, name):
        query = urllib.parse.urlencode({"filter": f'displayName eq "{name}"'})
        return self.must(200, "GET", f"/Groups?{query}")["Resources"][0]

    def test_bulk_says_what_failed_and_stops_when_told(self):
        self.create("bulk-taken")
        fails = {"method": "POST", "path": "/Users", "data": {"userName": "bulk-taken"}}
        works = {"method": "POST", "path": "/Users", "bulkId": "w",
                 "data": {"userName": "bulk-works"}}
        done = self.bulk([dict(fails, bulkId="1"), dict(fails, bulkId="2"), works],
                         failOnErrors=2)
        self.assertEqual([each["status"] for each in done], ["409", "409"])
        self.assertEqual(done[0]["response"]["scimType"], "uniqueness")
        self.assertEqual(self.names('userName eq "bulk-works"'), [])
        done = self.bulk([dict(fails, bulkId="1"), works], failOnErrors=2)
        self.assertEqual([each["status"] for each in done], ["409", "201"])

    def test_bulk_does_not_wait_for_what_never_comes(self):
        done = self.bulk([
            {"method": "POST", "path": "/Groups", "bulkId": "x",
             "data": {"displayName": "bulk-x", "members": [{"value": "bulkId:y"}]}},
            {"method": "POST", "path": "/Groups", "bulkId": "y",
             "data": {"displayName": "bulk-y", "members": [{"value": "bulkId:x"}]}},
            {"method": "DELETE", "path": f"{USERS}/bulkId:nobody"}])
        self.assertEqual([each["status"] for each in done], ["409", "409", "409"])

    def test_bulk_is_for_administrators_and_refuses_what_is_none(self):
        password = self.admin.create_user("nobulk", ["Internal/subscriber"])
        denied = self.ask("POST", "/Bulk", self.bulk_body([]), basic("nobulk", password))
        self.assertEqual(denied.status, 403)
        self.assertEqual(self.ask("GET", "/Bulk").status, 405)
        for operation in ({"method": "GET", "path": "/Users"},
                          {"method": "DELETE", "path": "/Me"},
                          {"method": "POST", "path": "/Users", "data": {}}):
            with self.subTest(str(operation)):
                self.assertEqual(
                    self.ask("POST", "/Bulk", self.bulk_body([operation])).status, 400)

    def test_people_change_what_is_theirs(self):
        user = self.create("owner", externalId="E-7", title="T",
                           **{ENTERPRISE: {"department": "Sales"}})
        own = basic("owner", "A-long-Passw0rd!")

        def change(status, *operations, headers=own):
            return self.ask_as(status, "PATCH", {"schemas": [PATCH],
                                                 "Operations": list(operations)}, headers)
        change(200, {"op": "replace", "path": "nickName", "value": "O"},
               {"op": "add", "path": "emails", "value": [{"value": "o@x.org", "primary": True}]})
        self.assertEqual(self.find('userName eq "owner"')["Resources"][0]["nickName"], "O")
        # That an address is somebody's is for others to say.
        checked = {"value": "o@x.org", "verified": True}
        change(200, {"op": "replace", "path": "emails",
                     "value": [{**checked, "primary": True}]})
        self.assertNotIn("verified", self.ask_as(200, "GET", None, own)["emails"][0])
        self.ask("PATCH", f"/Users/{user['id']}", {"schemas": [PATCH], "Operations": [
            {"op": "replace", "path": "emails", "value": [checked]}]})
        change(200, {"op": "add", "path": "emails",
                     "value": [{"value": "boss@x.org", "verified": True}]})
        self.assertEqual({entry["value"]: entry.get("verified")
                          for entry in self.ask_as(200, "GET", None, own)["emails"]},
                         {"o@x.org": True, "boss@x.org": None})
        both = {**self.ask_as(200, "GET", None, own), "EMAILS": [],
                "emails": [{"value": "boss@x.org", "primary": True, "verified": True}]}
        self.ask_as(200, "PUT", both, own)
        self.assertNotIn("verified", self.ask_as(200, "GET", None, own)["emails"][0])
        for operation in ({"op": "replace", "path": "externalId", "value": "E-1"},
                          {"op": "replace", "path": "userName", "value": "admin2"},
                          {"op": "add", "path": "entitlements", "value": [{"value": "all"}]},
                          {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Board"}):
            with self.subTest(str(operation)):
                change(400, operation)
        change(409, {"op": "replace", "path": "active", "value": False})
        # Groups are no part of what is written.
        change(200, {"op": "add", "path": "groups", "value": [
            {"value": self.find_group("admin")["id"]}]})
        self.assertNotIn("admin", [group["display"] for group in
                                   self.ask_as(200, "GET", None, own)["groups"]])
        # Whoever replaces all keeps what is not theirs.
        replaced = self.ask_as(200, "PUT", {"userName": "owner", "displayName": "D"}, own)
        self.assertEqual((replaced["externalId"], replaced[ENTERPRISE]["department"]),
                         ("E-7", "Sales"))
        self.assertNotIn("nickName", replaced)
        # A token does not change who its user is.
        person = User(self.server, "owner", "A-long-Passw0rd!")
        change(403, {"op": "replace", "path": "nickName", "value": "X"},
               headers=bearer(person.token["access_token"]))
        self.ask_as(403, "DELETE", None, bearer(person.token["access_token"]))
        change(200, {"op": "replace", "path": "password", "value": "Another-Passw0rd!"})
        self.ask_as(401, "GET", None, own)
        own = basic("owner", "Another-Passw0rd!")
        self.assertEqual(self.ask_as(200, "GET", None, own)["id"], user["id"])
        self.assertEqual(self.ask("POST", "/Me", {}, own).status, 405)

    def test_people_remove_themselves_but_no_administrator_does(self):
        self.create("leaver")
        own = basic("leaver", "A-long-Passw0rd!")
        self.ask_as(204, "DELETE", None, own)
        self.ask_as(401, "GET", None, own)
        self.assertEqual(self.names('userName eq "leaver"'), [])
        self.ask_as(409, "DELETE", None, basic("admin", PASSWORD))

    def ask_as(self, status, method, body, headers):
        return self.must(status, method, "/Me", body, headers)

    def test_versions_keep_two_writers_apart(self):
        user = self.create("versioned")
        path = f"/Users/{user['id']}"
        version = user["meta"]["version"]
        unchanged = self.ask("GET", path, headers={"If-None-Match": version})
        self.assertEqual((unchanged.status, unchanged.body), (304, b""))
        self.must(200, "PUT", path, {"userName": "versioned", "title": "1"},
                  {"If-Match": version})
        late = self.ask("PUT", path, {"userName": "versioned", "title": "2"},
                        {"If-Match": version})
        self.assertEqual(late.status, 412)
        self.assertEqual(self.ask("DELETE", path, headers={"If-Match": version}).status, 412)
        self.assertEqual(self.must(200, "GET", path)["title"], "1")

    def test_what_cannot_be_is_refused_in_its_own_form(self):
        self.create("taken")
        for body, status, kind in (
            ({"userName": "taken"}, 409, "uniqueness"), ({}, 400, "invalidValue"),
            ({"userName": "a b"}, 400, "invalidValue"),
            ({"userName": "short", "password": "x"}, 400, "invalidValue"),
            ({"userName": "typed", "active": "yes"}, 400, "invalidValue"),
            ("{", 400, "invalidSyntax"), ("[]", 400, "invalidSyntax"),
        ):
            with self.subTest(str(body)):
                self.refused(status, kind, self.ask("POST", "/Users", body))
        self.refused(404, None, self.ask("GET", "/Nothing"))
        self.assertEqual(self.ask("PUT", "/Users", {}).status, 405)
        boss = self.find('userName eq "admin"')["Resources"][0]
        self.assertEqual(self.ask("DELETE", f"/Users/{boss['id']}").status, 409)

    def test_groups_are_roles(self):
        anna, bert = self.create("gr-anna"), self.create("gr-bert")
        group = self.must(201, "POST", "/Groups", {
            "schemas": [GROUP], "displayName": "crew", "members": [{"value": anna["id"]}]})
        roles = self.admin.must(200, "GET", f"{ADMIN}/users/gr-anna").json()["roles"]
        self.assertIn("crew", roles)
        path = f"/Groups/{group['id']}"

        def members():
            return sorted(member["display"] for member in self.must(200, "GET", path)["members"])

        def patch(*operations, status=200):
            return self.must(status, "PATCH", path,
                             {"schemas": [PATCH], "Operations": list(operations)})

        patch({"op": "add", "path": "members", "value": [{"value": bert["id"]}]})
        self.assertEqual(members(), ["gr-anna", "gr-bert"])
        patch({"op": "remove", "path": f'members[value eq "{anna["id"]}"]'})
        self.assertEqual(members(), ["gr-bert"])
        self.assertEqual([entry["display"] for entry in
                          self.must(200, "GET", f"/Users/{bert['id']}")["groups"]],
                         ["Internal/everyone", "crew"])
        self.refused(409, "uniqueness", self.ask("DELETE", path))
        patch({"op": "add", "path": "members", "value": [{"value": "nobody"}]}, status=400)
        self.must(200, "PUT", path, {"displayName": "crew", "members": []})
        self.assertEqual(members(), [])
        found = self.must(200, "GET", "/Groups?filter=" +
                          urllib.parse.quote('displayName eq "Crew"'))
        self.assertEqual([entry["id"] for entry in found["Resources"]], [group["id"]])
        self.refused(400, "mutability", self.ask("PUT", path, {"displayName": "crew2"}))
        self.must(204, "DELETE", path)
        self.refused(404, None, self.ask("GET", path))
        everyone = self.must(200, "GET", "/Groups?count=100")["Resources"]
        self.assertIn("Internal/creator", [entry["displayName"] for entry in everyone])

    def test_rights_by_groups_count_at_once(self):
        user = self.create("gr-carl")
        groups = self.must(200, "GET", "/Groups?count=100")["Resources"]
        path = next(f"/Groups/{entry['id']}" for entry in groups
                    if entry["displayName"] == "Internal/subscriber")
        self.must(200, "PATCH", path, {"schemas": [PATCH], "Operations": [
            {"op": "add", "path": "members", "value": [{"value": user["id"]}]}]})
        carl = User(self.server, "gr-carl", "A-long-Passw0rd!")
        self.assertEqual(carl.call("GET", f"{DEVPORTAL}/applications").status, 200)
        self.must(200, "PATCH", path, {"schemas": [PATCH], "Operations": [
            {"op": "remove", "path": "members", "value": [{"value": user["id"]}]}]})
        self.assertEqual(carl.call("GET", f"{DEVPORTAL}/applications").status, 403)

    def test_every_tenant_has_its_own(self):
        self.create("onlyhere")
        self.admin.must(201, "POST", f"{ADMIN}/tenants", {
            "domain": "scim.example.com",
            "administrator": {"userName": "boss", "password": "Tenant-Passw0rd!"}})
        boss = basic("boss@scim.example.com", "Tenant-Passw0rd!")
        listed = self.must(200, "GET", "/Users", headers=boss)
        self.assertEqual([user["userName"] for user in listed["Resources"]], ["boss"])
        here = self.find('userName eq "onlyhere"')["Resources"][0]
        self.assertEqual(self.ask("GET", f"/Users/{here['id']}", headers=boss).status, 404)


if __name__ == "__main__":
    unittest.main()
