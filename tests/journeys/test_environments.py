# SPDX-License-Identifier: Apache-2.0
"""Gateway environments: who may deploy there, who sees their addresses, and whose keys they take.

One control plane and three gateways, each of an environment of its own: Default for everybody,
Inside for the kitchen and production calls, Trials for sandbox calls.
"""

import os
import unittest

from support.backend import Recorder
from support.profiles import Parts, deployment, until
from support.server import basic, bearer, call
from support.walk import ADMIN, DEVPORTAL, PUBLISHER, User, token_of

LATE_SECONDS_MAX = 3
CONSUMER = ["Internal/subscriber"]
PROVIDER = ["Internal/creator", "Internal/publisher"]


class Environments(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.nodes = cls.enterClassContext(deployment())
        cls.backend = cls.enterClassContext(Recorder())
        cls.control = cls.nodes.node("control-plane,traffic-manager")
        cls.gateways = {
            name: cls.nodes.gateway([cls.control], [cls.control], f"gateway.environments={name}")
            for name in ("Default", "Inside", "Trials")}
        cls.nodes.start(*cls.gateways.values())
        cls.admin = User(Parts(cls.control, cls.control, None))
        cls.admin.must(201, "POST", f"{ADMIN}/roles", {"name": "Kitchen"})
        cls.passwords = {name: cls.admin.create_user(name, roles) for name, roles in {
            "chef": [*PROVIDER, "Kitchen"], "editor": PROVIDER,
            "cook": [*CONSUMER, "Kitchen"], "guest": CONSUMER}.items()}
        cls.admin.places = []
        cls.environments = {
            "Inside": cls.environment("Inside", "production",
                                      {"permissionType": "ALLOW", "roles": ["Kitchen"]}),
            "Trials": cls.environment("Trials", "sandbox", {"permissionType": "PUBLIC"})}
        default = next(one for one in cls.admin.must(200, "GET", f"{ADMIN}/environments")
                       .json()["list"] if one["name"] == "Default")
        default["vhosts"] = cls.vhosts("Default")
        cls.admin.must(200, "PUT", f"{ADMIN}/environments/{default['id']}", default)

    @classmethod
    def vhosts(cls, name):
        gateway = cls.gateways[name]
        return [{"host": "localhost", "httpPort": gateway.port(8280),
                 "httpsPort": gateway.port(8243)}]

    @classmethod
    def environment(cls, name, kind, permissions):
        return cls.admin.must(201, "POST", f"{ADMIN}/environments", {
            "name": name, "displayName": name, "type": kind, "permissions": permissions,
            "vhosts": cls.vhosts(name)}).json()

    def ask(self, user, method, path, body=None):
        who = basic(user, self.passwords[user]) if user else {}
        return call(self.control.url(path), method, body, who)

    def publish(self, name, *places):
        """An API with a backend for each type of keys, deployed there by the chef."""
        api = self.admin.create_api(name, self.backend.url, endpointConfig={
            "endpoint_type": "http",
            "production_endpoints": {"url": f"{self.backend.url}/production"},
            "sandbox_endpoints": {"url": f"{self.backend.url}/sandbox"}})
        revision = self.admin.must(201, "POST", f"{PUBLISHER}/apis/{api['id']}/revisions",
                                   {"description": "first"}).json()
        api["deploy"] = f"{PUBLISHER}/apis/{api['id']}/deploy-revision?revisionId={revision['id']}"
        answer = self.ask("chef", "POST", api["deploy"], [{"name": place} for place in places])
        self.assertEqual(answer.status, 201, answer)
        self.admin.change_lifecycle(api["id"], "Publish")
        return api

    def application(self, api):
        """Tokens by type of their keys."""
        made = self.admin.create_application(f"of {api['name']}", "Unlimited", "OAUTH")
        self.admin.subscribe(api["id"], made["applicationId"])
        return {kind: token_of(self.control, self.admin.generate_keys(made["applicationId"], kind))
                for kind in ("PRODUCTION", "SANDBOX")}

    def status_at(self, name, path, token):
        return call(self.gateways[name].gateway(path), headers=bearer(token)).status

    def test_three_users_of_the_portal_see_three_sets_of_addresses(self):
        api = self.publish("Menu", "Default", "Inside")
        token = self.application(api)["PRODUCTION"]
        seen = {}
        for user in ("cook", "guest", None):
            shown = self.ask(user, "GET", f"{DEVPORTAL}/apis/{api['id']}").json()
            definition = self.ask(user, "GET", f"{DEVPORTAL}/apis/{api['id']}/swagger").json()
            urls = [url for place in shown["endpointURLs"] for url in place["URLs"].values()]
            self.assertEqual([server["url"] for server in definition["servers"]], urls)
            self.assertEqual(shown["environmentList"],
                             [place["environmentName"] for place in shown["endpointURLs"]])
            seen[user] = {place["environmentName"]: place for place in shown["endpointURLs"]}
        self.assertEqual({user: sorted(places) for user, places in seen.items()},
                         {"cook": ["Default", "Inside"], "guest": ["Default"], None: ["Default"]})
        self.assertEqual(seen["cook"]["Inside"]["environmentType"], "production")
        self.assertEqual(seen["cook"]["Default"]["environmentType"], "hybrid")
        # The addresses are those at which it is served.
        for name, place in seen["cook"].items():
            url = place["URLs"]["https"]
            self.assertIn(f":{self.gateways[name].port(8243)}/", url)
            until(lambda url=url: call(url + "/today", headers=bearer(token)).status == 200,
                  LATE_SECONDS_MAX)

        # Once it is open to everybody, everybody sees it.
        self.change("Inside", permissions={"permissionType": "PUBLIC"})
        self.addCleanup(self.change, "Inside")
        shown = self.ask(None, "GET", f"{DEVPORTAL}/apis/{api['id']}").json()
        self.assertEqual(shown["environmentList"], ["Default", "Inside"])

    def change(self, name, **members):
        environment = self.environments[name]
        return self.admin.must(200, "PUT", f"{ADMIN}/environments/{environment['id']}",
                               {**environment, **members})

    def test_what_is_deployed_inside_is_nowhere_else(self):
        api = self.publish("Recipes", "Inside")
        token = self.application(api)["PRODUCTION"]
        path = "/recipes/1.0.0/today"
        until(lambda: self.status_at("Inside", path, token) == 200, LATE_SECONDS_MAX)
        for outside in ("Default", "Trials"):
            number = self.gateways["Inside"].status("/readyz").json()["number"]
            gateway = self.gateways[outside]
            until(lambda: gateway.status(f"/readyz?at={number}").status == 200, LATE_SECONDS_MAX)
            self.assertEqual(self.status_at(outside, path, token), 404)
            self.assertFalse(self.holds(gateway, api), outside)
        self.assertTrue(self.holds(self.gateways["Inside"], api))
        for user, urls in (("cook", 1), ("guest", 0), (None, 0)):
            answer = self.ask(user, "GET", f"{DEVPORTAL}/apis/{api['id']}")
            self.assertEqual(len(answer.json()["endpointURLs"]), urls, user)
            inside = f":{self.gateways['Inside'].port(8243)}/"
            definition = self.ask(user, "GET", f"{DEVPORTAL}/apis/{api['id']}/swagger")
            for text in (answer.body, definition.body):
                self.assertEqual(inside.encode() in text, user == "cook", user)

    @staticmethod
    def holds(gateway, api):
        for folder, _, names in os.walk(os.path.join(gateway.data_dir, "gateway")):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    if api["id"].encode() in file.read():
                        return True
        return False

    def test_only_who_has_the_role_deploys_inside(self):
        api = self.publish("Stock", "Default")
        names = {user: [one["name"] for one in
                        self.ask(user, "GET", f"{PUBLISHER}/settings").json()["environment"]]
                 for user in ("chef", "editor")}
        self.assertEqual(names, {"chef": ["Default", "Inside", "Trials"],
                                 "editor": ["Default", "Trials"]})
        inside = [{"name": "Inside", "vhost": "localhost"}]
        self.assertEqual(self.ask("editor", "POST", api["deploy"], inside).status, 403)
        self.assertEqual(self.ask("chef", "POST", api["deploy"], inside).status, 201)
        undeploy = api["deploy"].replace("deploy-revision", "undeploy-revision")
        self.assertEqual(self.ask("editor", "POST", undeploy, inside).status, 403)
        self.change("Inside", permissions={"permissionType": "DENY", "roles": ["Kitchen"]})
        self.addCleanup(self.change, "Inside")
        self.assertEqual(self.ask("chef", "POST", undeploy, inside).status, 403)
        self.assertEqual(self.ask("editor", "POST", undeploy, inside).status, 201)

    def test_an_environment_takes_keys_of_its_type(self):
        api = self.publish("Orders", "Default", "Inside", "Trials")
        tokens = self.application(api)
        path = "/orders/1.0.0/today"

        def answers(name):
            return {kind: call(self.gateways[name].gateway(path), headers=bearer(token))
                    for kind, token in tokens.items()}

        for name, served in (("Default", ["PRODUCTION", "SANDBOX"]), ("Inside", ["PRODUCTION"]),
                             ("Trials", ["SANDBOX"])):
            with self.subTest(name=name):
                until(lambda: self.status_at(name, path, tokens[served[0]]) == 200,
                      LATE_SECONDS_MAX)
                for kind, answer in answers(name).items():
                    self.assertEqual(answer.status, 200 if kind in served else 403)
                    if kind not in served:
                        self.assertEqual(answer.json()["code"], "900901")
        targets = {request["target"] for request in self.backend.requests
                   if request["target"].endswith("/today")}
        self.assertLessEqual({"/production/today", "/sandbox/today"}, targets)

        # Another type counts at once, without a new deployment.
        self.change("Inside", type="hybrid")
        until(lambda: self.status_at("Inside", path, tokens["SANDBOX"]) == 200, LATE_SECONDS_MAX)
        self.change("Inside")
        until(lambda: self.status_at("Inside", path, tokens["SANDBOX"]) == 403, LATE_SECONDS_MAX)
        self.assertEqual(self.status_at("Inside", path, tokens["PRODUCTION"]), 200)


if __name__ == "__main__":
    unittest.main()
