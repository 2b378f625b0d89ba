# SPDX-License-Identifier: Apache-2.0
"""Who may do what: roles, scopes and what a role taken away takes along."""

import time
import unittest

from support.backend import Recorder
from support.server import FORM, Server, basic, bearer, call, form
from support.walk import ADMIN, DEVPORTAL, PUBLISHER, User, operation

TAKEN_AWAY_MS_MAX = 50


class Users(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server())
        cls.admin = User(cls.server)
        cls.user = {}
        for name, role in (
            ("carla", "Internal/creator"),
            ("paul", "Internal/publisher"),
            ("susan", "Internal/subscriber"),
            ("norole", "Internal/everyone"),
        ):
            password = cls.admin.create_user(name, [role])
            cls.user[name] = User(cls.server, name, password)

    def refused(self, answer, code=900910):
        """The token lacks the scope (900910), or its user the permission (900915)."""
        self.assertEqual((answer.status, answer.json()["code"]), (403, code), answer)

    def test_a_creator_creates_and_a_publisher_publishes(self):
        carla, paul, susan = (self.user[name] for name in ("carla", "paul", "susan"))
        api = carla.create_api("Created", self.backend.url)
        revision = carla.must(
            201, "POST", f"{PUBLISHER}/apis/{api['id']}/revisions", {"description": "1"}
        ).json()
        target = [{"name": "Default", "vhost": "localhost", "displayOnDevportal": True}]
        deploy = f"{PUBLISHER}/apis/{api['id']}/deploy-revision?revisionId={revision['id']}"
        self.refused(carla.call("POST", deploy, target), 900915)
        self.refused(carla.call(
            "POST", f"{PUBLISHER}/apis/change-lifecycle?action=Publish&apiId={api['id']}"
        ))
        paul.deploy(api["id"])
        paul.change_lifecycle(api["id"], "Publish")
        body = {"name": "No", "context": "/no", "version": "1"}
        self.refused(susan.call("POST", f"{PUBLISHER}/apis", body))

    def test_a_user_without_the_role_cannot_subscribe(self):
        susan, norole = self.user["susan"], self.user["norole"]
        api = self.admin.publish("ForSusan", self.backend.url)
        application = susan.create_application("susan's")
        susan.subscribe(api["id"], application["applicationId"])
        self.refused(norole.call(
            "POST",
            f"{DEVPORTAL}/subscriptions",
            {"apiId": api["id"], "applicationId": application["applicationId"],
             "throttlingPolicy": "Unlimited"},
        ))

    def test_scopes_are_filtered_by_role(self):
        scopes = self.user["susan"].token["scope"].split()
        self.assertIn("apim:subscribe", scopes)
        self.assertNotIn("apim:api_create", scopes)
        self.assertNotIn("apim:admin", scopes)

    def test_a_role_taken_away_takes_effect_on_live_tokens(self):
        password = self.admin.create_user("fading", ["Internal/creator"])
        fading = User(self.server, "fading", password)
        self.assertEqual(fading.call("GET", f"{PUBLISHER}/apis").status, 200)
        self.admin.must(200, "PUT", f"{ADMIN}/users/fading", {
            "userName": "fading", "email": "fading@example.org", "roles": ["Internal/subscriber"]})
        changed = time.monotonic()
        while fading.call("GET", f"{PUBLISHER}/apis").status == 200:
            self.assertLess((time.monotonic() - changed) * 1000, TAKEN_AWAY_MS_MAX)
        self.refused(fading.call("POST", f"{PUBLISHER}/apis",
                                 {"name": "Gone", "context": "/gone", "version": "1"}))

    def test_scopes_of_an_api_follow_roles_at_the_gateway(self):
        api = self.admin.create_api(
            "Scoped",
            self.backend.url,
            scopes=[{"scope": {"name": "orders:write", "displayName": "Write", "description": "",
                               "bindings": ["Internal/publisher"]}, "shared": False}],
            operations=[operation("GET", "/*"), operation("POST", "/*", scopes=["orders:write"])],
        )
        self.admin.deploy(api["id"])
        self.admin.change_lifecycle(api["id"], "Publish")
        application = self.admin.create_application("Scoped", "Unlimited", "OAUTH")
        self.admin.subscribe(api["id"], application["applicationId"])
        keys = self.admin.generate_keys(application["applicationId"])
        password = self.admin.create_user("writer", ["Internal/publisher"])

        def token(scope):
            answer = call(self.server.url("/oauth2/token"), "POST",
                          form(grant_type="password", username="writer", password=password,
                               scope=scope),
                          {**FORM, **basic(keys["consumerKey"], keys["consumerSecret"])})
            self.assertEqual(answer.status, 200, answer)
            return answer.json()["access_token"]

        def write(value):
            url = self.server.gateway("/scoped/1.0.0/orders")
            return call(url, "POST", {"a": 1}, bearer(value))

        with_scope, without = token("orders:write"), token("")
        self.assertEqual(write(with_scope).status, 200)
        answer = write(without)
        self.assertEqual((answer.status, answer.json()["code"]), (403, "900910"))
        self.admin.must(200, "PUT", f"{ADMIN}/users/writer", {
            "userName": "writer", "email": "w@example.org", "roles": ["Internal/subscriber"]})
        changed = time.monotonic()
        while write(with_scope).status == 200:
            self.assertLess((time.monotonic() - changed) * 1000, TAKEN_AWAY_MS_MAX)

    def test_self_sign_up_gives_a_subscriber(self):
        answer = call(self.server.url(f"{DEVPORTAL}/self-signup"), "POST",
                      {"userName": "newcomer", "password": "A-long-Passw0rd!",
                       "email": "n@example.org"})
        self.assertEqual(answer.status, 201, answer)
        newcomer = User(self.server, "newcomer", "A-long-Passw0rd!")
        applications = newcomer.must(200, "GET", f"{DEVPORTAL}/applications").json()
        self.assertEqual([item["name"] for item in applications["list"]], ["DefaultApplication"])
        self.refused(newcomer.call("GET", f"{ADMIN}/users"))

    def test_a_deleted_user_is_gone_with_all_tokens(self):
        password = self.admin.create_user("leaving", ["Internal/subscriber"])
        leaving = User(self.server, "leaving", password)
        self.admin.must(200, "DELETE", f"{ADMIN}/users/leaving")
        self.assertEqual(leaving.call("GET", f"{DEVPORTAL}/applications").status, 401)
        url = self.server.url(f"{DEVPORTAL}/applications")
        answer = call(url, headers=basic("leaving", password))
        self.assertEqual(answer.status, 401)


if __name__ == "__main__":
    unittest.main()
