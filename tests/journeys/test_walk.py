# SPDX-License-Identifier: Apache-2.0
"""The acceptance walk: publish, subscribe, invoke, revoke; then all of it after a restart."""

import unittest

from support.backend import Recorder
from support.server import FORM, Server, basic, bearer, call, form
from support.walk import User, token_of


class Walk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server())
        cls.admin = User(cls.server)

    def invoke(self, token, scheme="https"):
        return call(self.server.gateway("/walk/1.0.0/menu?size=2", scheme), headers=bearer(token))

    def test_each_step_takes_effect_at_once(self):
        self.assertEqual(self.admin.token["token_type"], "Bearer")
        self.assertIn("refresh_token", self.admin.token)
        self.assertIn("apim:admin", self.admin.token["scope"].split())

        api = self.admin.publish("Walk", self.backend.url)
        for token_type in ("OAUTH", "JWT"):
            with self.subTest(token_type=token_type):
                name = "walk-" + token_type
                application = self.admin.create_application(name, "Unlimited", token_type)
                keys = self.admin.generate_keys(application["applicationId"])
                token = token_of(self.server, keys)
                self.check_faults(token)
                self.admin.subscribe(api["id"], application["applicationId"])
                self.check_calls(token)
                self.check_generated_token(application, keys)
                self.check_restart(token)
                self.check_revocation(keys, token)

    def check_faults(self, token):
        answer = call(self.server.gateway("/walk/1.0.0/menu"))
        self.assertEqual((answer.status, answer.json()["code"]), (401, "900902"))
        answer = self.invoke("wrong")
        self.assertEqual((answer.status, answer.json()["code"]), (401, "900901"))
        answer = self.invoke(token)  # not subscribed yet
        self.assertEqual((answer.status, answer.json()["code"]), (403, "900908"))
        answer = call(self.server.gateway("/nowhere/1.0.0/menu"))
        self.assertEqual((answer.status, answer.json()["code"]), (404, "404"))

    def check_calls(self, token):
        for scheme in ("https", "http"):
            answer = self.invoke(token, scheme)
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(answer.json()["target"], "/menu?size=2")
            self.assertIn("activityid", answer.headers)
        names = [name.lower() for name, _ in self.backend.last()["headers"]]
        self.assertNotIn("authorization", names)

    def check_generated_token(self, application, keys):
        path = (
            f"/api/am/devportal/v3/applications/{application['applicationId']}"
            f"/oauth-keys/{keys['keyMappingId']}/generate-token"
        )
        body = {"consumerSecret": keys["consumerSecret"], "validityPeriod": 600, "scopes": []}
        generated = self.admin.must(200, "POST", path, body).json()
        self.assertEqual(self.invoke(generated["accessToken"]).status, 200)
        self.assertEqual(generated["validityTime"], 600)

    def check_restart(self, token):
        self.server.restart()
        self.assertEqual(self.invoke(token).status, 200)

    def check_revocation(self, keys, token):
        other = token_of(self.server, keys)
        answer = call(
            self.server.url("/oauth2/revoke"),
            "POST",
            form(token=token),
            {**FORM, **basic(keys["consumerKey"], keys["consumerSecret"])},
        )
        self.assertEqual(answer.status, 200)
        answer = self.invoke(token)
        self.assertEqual((answer.status, answer.json()["code"]), (401, "900901"))
        self.assertEqual(self.invoke(other).status, 200)

    def test_the_token_endpoint_has_one_behaviour_everywhere(self):
        application = self.admin.create_application("aliases", "Unlimited", "OAUTH")
        keys = self.admin.generate_keys(application["applicationId"])
        headers = {**FORM, **basic(keys["consumerKey"], keys["consumerSecret"])}
        urls = [
            self.server.url("/oauth2/token"),
            self.server.url("/oauth2endpoints/token"),
            self.server.gateway("/token"),
        ]
        for body in ("grant_type=unknown", "grant_type=client_credentials&grant_type=password", ""):
            answers = [call(url, "POST", body, headers) for url in urls]
            self.assertEqual(len({(a.status, a.body) for a in answers}), 1, answers)
            self.assertEqual(answers[0].status, 400)
        for url in urls:
            answer = call(url, "POST", "grant_type=client_credentials", headers)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.json()["expires_in"], 3600)


if __name__ == "__main__":
    unittest.main()
