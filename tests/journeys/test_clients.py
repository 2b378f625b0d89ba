# SPDX-License-Identifier: Apache-2.0
"""Clients, their secrets, and the keys that are no tokens."""

import time
import unittest

from support.backend import Recorder
from support.server import FORM, PASSWORD, Server, basic, bearer, call, form
from support.walk import DEVPORTAL, PUBLISHER, User, token_of

LAST_USE_SECONDS_MAX = 10


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server())
        cls.admin = User(cls.server)
        cls.api = cls.admin.publish("Keys", cls.backend.url,
                                    securityScheme=["oauth2", "api_key"])
        cls.application = cls.admin.create_application("Keys")["applicationId"]
        cls.admin.subscribe(cls.api["id"], cls.application)
        cls.keys = cls.admin.generate_keys(cls.application)
        cls.base = f"{DEVPORTAL}/applications/{cls.application}"

    def get(self, headers, path="/keys/1.0.0/menu"):
        return call(self.server.gateway(path), "GET", None, headers)

    def token_status(self, client, secret):
        return call(self.server.url("/oauth2/token"), "POST",
                    form(grant_type="client_credentials"),
                    {**FORM, **basic(client, secret)}).status

    def test_a_client_registers_reads_and_removes_itself(self):
        answer = call(self.server.url("/oauth2/register"), "POST",
                      {"client_name": "Shop", "redirect_uris": ["https://shop.example/back"],
                       "grant_types": ["authorization_code", "client_credentials"]},
                      basic("admin", PASSWORD))
        self.assertEqual(answer.status, 201, answer)
        client = answer.json()
        self.assertEqual(self.token_status(client["client_id"], client["client_secret"]), 200)
        path = "/oauth2/register/" + client["client_id"]
        self.assertTrue(client["registration_client_uri"].endswith(path))
        uri = self.server.url(path)
        own = bearer(client["registration_access_token"])
        self.assertEqual(call(uri, headers=own).json()["client_name"], "Shop")
        self.assertEqual(call(uri).status, 401)
        self.assertEqual(call(uri, "DELETE", headers=own).status, 204)
        self.assertEqual(self.token_status(client["client_id"], client["client_secret"]), 401)
        self.assertNotIn(client["client_secret"], self.server.log())

    def test_a_secret_is_replaced_without_an_outage(self):
        one = f"{self.base}/oauth-keys/{self.keys['keyMappingId']}"
        made = self.admin.must(
            201, "POST", f"{one}/generate-secret",
            {"additionalProperties": {"description": "next", "expiresIn": 86400}}).json()
        client = self.keys["consumerKey"]
        self.assertEqual(self.token_status(client, self.keys["consumerSecret"]), 200)
        self.assertEqual(self.token_status(client, made["secretValue"]), 200)
        listed = self.admin.must(200, "GET", f"{one}/secrets").json()["list"]
        self.assertEqual(len(listed), 2)
        self.assertNotIn(made["secretValue"], str(listed))
        self.admin.must(204, "POST", f"{one}/revoke-secret", {"secretId": made["secretId"]})
        self.assertEqual(self.token_status(client, made["secretValue"]), 401)
        last = next(item for item in listed if item["secretId"] != made["secretId"])
        refused = self.admin.call("POST", f"{one}/revoke-secret", {"secretId": last["secretId"]})
        self.assertEqual(refused.status, 409, refused)

    def test_several_tokens_of_one_application_live_side_by_side(self):
        tokens = {token_of(self.server, self.keys) for _ in range(5)}
        self.assertEqual(len(tokens), 5)
        for token in tokens:
            self.assertEqual(self.get(bearer(token)).status, 200)

    def test_an_existing_client_is_mapped_by_whoever_knows_its_secret(self):
        answer = call(self.server.url("/oauth2/register"), "POST",
                      {"redirect_uris": [], "grant_types": ["client_credentials"]},
                      basic("admin", PASSWORD))
        client = answer.json()
        application = self.admin.create_application("Mapped")["applicationId"]
        self.admin.subscribe(self.api["id"], application)
        url = f"{DEVPORTAL}/applications/{application}/map-keys"
        body = {"consumerKey": client["client_id"], "keyType": "SANDBOX"}
        for secret in ("", "wrong"):
            refused = self.admin.call("POST", url, {**body, "consumerSecret": secret})
            self.assertEqual((refused.status, refused.json()["code"]), (400, 901414), refused)
        mapped = self.admin.must(
            200, "POST", url, {**body, "consumerSecret": client["client_secret"]}).json()
        token = token_of(self.server, {"consumerKey": client["client_id"],
                                       "consumerSecret": client["client_secret"]})
        self.assertEqual(self.get(bearer(token)).status, 200)
        # What was not made here is not removed here.
        self.admin.must(200, "DELETE", f"{DEVPORTAL}/applications/{application}/oauth-keys/"
                                       f"{mapped['keyMappingId']}")
        self.assertEqual(self.token_status(client["client_id"], client["client_secret"]), 200)
        self.assertEqual(self.get(bearer(token)).status, 403)

    def api_key(self, **body):
        return self.admin.must(200, "POST", f"{self.base}/api-keys/PRODUCTION/generate",
                               body).json()["apikey"]

    def test_an_api_key_opens_what_it_may(self):
        key = self.api_key(keyName="plain")
        self.assertEqual(self.get({"apikey": key}).status, 200)
        sent = dict((name.lower(), value) for name, value in self.backend.last()["headers"])
        self.assertNotIn("apikey", sent)
        elsewhere = self.api_key(keyName="net",
                                 additionalProperties={"permittedIP": "192.0.2.0/24"})
        self.assertEqual(self.get({"apikey": elsewhere}).status, 403)
        here = self.api_key(keyName="here", additionalProperties={"permittedIP": "127.0.0.0/8"})
        self.assertEqual(self.get({"apikey": here}).status, 200)
        page = self.api_key(keyName="page",
                            additionalProperties={"permittedReferer": "https://a.example/*"})
        self.assertEqual(self.get({"apikey": page}).status, 403)
        self.assertEqual(self.get({"apikey": page, "Referer": "https://a.example/x"}).status, 200)
        bad = self.admin.call("POST", f"{self.base}/api-keys/PRODUCTION/generate",
                              {"additionalProperties": {"permittedIP": "everywhere"}})
        self.assertEqual(bad.status, 400, bad)

    def test_an_api_key_says_when_it_was_used_and_is_replaced(self):
        key = self.api_key(keyName="used")
        listing = f"{self.base}/api-keys/PRODUCTION"

        def info():
            listed = self.admin.must(200, "GET", listing).json()["list"]
            return next(item for item in listed if item["keyName"] == "used")

        self.assertNotIn("lastUsed", info())
        called = time.time() * 1000
        self.assertEqual(self.get({"apikey": key}).status, 200)
        deadline = time.monotonic() + LAST_USE_SECONDS_MAX
        while "lastUsed" not in info():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        self.assertLess(abs(info()["lastUsed"] - called), 2000)
        again = self.admin.must(200, "POST", f"{listing}/regenerate",
                                {"keyUUID": info()["keyUUID"]}).json()["apikey"]
        self.assertEqual(self.get({"apikey": key}).status, 401)
        self.assertEqual(self.get({"apikey": again}).status, 200)
        self.admin.must(200, "POST", f"{listing}/revoke", {"apikey": again})
        self.assertEqual(self.get({"apikey": again}).status, 401)

    def test_a_key_of_one_api_calls_as_the_application_it_is_tied_to(self):
        keys = f"{DEVPORTAL}/apis/{self.api['id']}/api-keys"
        made = self.admin.must(200, "POST", f"{keys}/generate",
                               {"keyName": "bound", "keyType": "PRODUCTION"}).json()["apikey"]
        identity = self.admin.must(200, "GET", keys).json()["list"][0]["keyUUID"]
        self.assertEqual(self.get({"apikey": made}).status, 401)
        self.admin.must(200, "POST", f"{keys}/associate",
                        {"keyUUID": identity, "applicationUUID": self.application})
        self.assertEqual(self.get({"apikey": made}).status, 200)
        self.assertEqual(self.admin.must(200, "GET", keys).json()["list"][0]["associatedApp"],
                         "Keys")
        other = self.admin.publish("Others", self.backend.url,
                                   securityScheme=["oauth2", "api_key"])
        self.admin.subscribe(other["id"], self.application)
        self.assertEqual(self.get({"apikey": made}, "/others/1.0.0/menu").status, 401)
        self.admin.must(200, "POST", f"{keys}/dissociate", {"keyUUID": identity})
        self.assertEqual(self.get({"apikey": made}).status, 401)

    def test_a_test_key_opens_an_api_that_is_not_published(self):
        api = self.admin.create_api("Draft", self.backend.url)
        self.admin.deploy(api["id"])
        key = self.admin.must(200, "POST", f"{PUBLISHER}/apis/{api['id']}/generate-key").json()
        self.assertEqual(key["validityTime"], 60)
        answer = self.get({"Internal-Key": key["apikey"]}, "/draft/1.0.0/menu")
        self.assertEqual(answer.status, 200, answer)
        sent = dict((name.lower(), value) for name, value in self.backend.last()["headers"])
        self.assertNotIn("internal-key", sent)
        self.assertEqual(self.get({"Internal-Key": key["apikey"]}).status, 401)
        self.assertEqual(self.get({"Internal-Key": "x"}, "/draft/1.0.0/menu").status, 401)
        self.assertEqual(
            call(self.server.url(f"{PUBLISHER}/apis"),
                 headers={"Internal-Key": key["apikey"]}).status, 401)


if __name__ == "__main__":
    unittest.main()
