# SPDX-License-Identifier: Apache-2.0
"""Another server's tokens open APIs here: oidc-provider (npm), with a silent server beside it."""

import concurrent.futures
import contextlib
import time
import unittest

from journeys.test_tenants import create_tenant
from support.backend import Recorder
from support.providers import OidcProvider, SilentProvider
from support.server import Server, basic, bearer, call
from support.walk import ADMIN, DEVPORTAL, PUBLISHER, User, operation, token_of

CACHE_SECONDS = 2
# Of a call that waits for nobody but the provider that answers.
QUICK_SECONDS_MAX = 2.5
MANAGER = "Elsewhere"


class KeyManagers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.provider = cls.enterClassContext(OidcProvider())
        cls.silent = cls.enterClassContext(SilentProvider())
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server("server.allow_private_fetches=true"))
        cls.admin = User(cls.server)
        # First by name, so that it is the first to be asked.
        cls.admin.must(201, "POST", f"{ADMIN}/key-managers", {
            "name": "A silent one", "type": "custom", "issuer": cls.silent.url,
            "introspectionEndpoint": f"{cls.silent.url}/introspect",
            "clientRegistrationEndpoint": f"{cls.silent.url}/register",
            "enableOAuthAppCreation": True,
            "certificates": {"type": "JWKS", "value": f"{cls.silent.url}/jwks"},
        })
        cls.manager = cls.create_manager()
        cls.api = cls.admin.publish(
            "Foreign", cls.backend.url,
            scopes=[{"scope": {"name": "menu:write", "displayName": "w", "description": "",
                               "bindings": []}, "shared": False}],
            operations=[operation("GET", "/*"),
                        operation("POST", "/*", scopes=["menu:write"])],
        )
        application = cls.admin.create_application("Foreign")
        cls.application = application["applicationId"]
        cls.admin.subscribe(cls.api["id"], cls.application)
        cls.mapped = cls.admin.must(
            200, "POST", f"{DEVPORTAL}/applications/{cls.application}/map-keys",
            {"consumerKey": "shop", "keyType": "PRODUCTION", "keyManager": MANAGER}).json()

    @classmethod
    def create_manager(cls):
        found = cls.discover(f"{cls.provider.issuer}/.well-known/openid-configuration")
        assert found["valid"], found
        body = found["value"]
        body.update(name=MANAGER, enableOAuthAppCreation=True)
        body["additionalProperties"] = {
            "client_id": "gateway", "client_secret": "secret-of-gateway",
            "cache_seconds": CACHE_SECONDS, "initial_access_token": "initial-access-token",
        }
        return cls.admin.must(201, "POST", f"{ADMIN}/key-managers", body).json()

    @classmethod
    def discover(cls, url):
        boundary = "xxBOUNDARYxx"
        parts = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in (("url", url), ("type", "custom")))
        answer = cls.admin.call(
            "POST", f"{ADMIN}/key-managers/discover", (parts + f"--{boundary}--\r\n").encode(),
            {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        assert answer.status == 200, answer
        return answer.json()

    def get(self, token, method="GET", path="/foreign/1.0.0/menu"):
        begun = time.monotonic()
        answer = call(self.server.gateway(path), method, None, bearer(token))
        self.took = time.monotonic() - begun
        return answer

    def refused(self, answer, status, code):
        self.assertEqual((answer.status, str(answer.json()["code"])), (status, code), answer)

    def test_discovery_fills_in_what_a_key_manager_needs(self):
        self.assertEqual(self.manager["issuer"], self.provider.issuer)
        self.assertEqual(self.manager["certificates"]["type"], "JWKS")
        self.assertTrue(self.manager["introspectionEndpoint"].startswith(self.provider.issuer))
        self.assertEqual(self.manager["additionalProperties"]["client_secret"], "")
        self.assertFalse(self.discover(f"{self.provider.issuer}/nothing")["valid"])
        listed = self.admin.must(200, "GET", f"{DEVPORTAL}/key-managers").json()["list"]
        self.assertIn(MANAGER, [item["name"] for item in listed])

    def test_a_jwt_is_verified_at_the_gateway(self):
        token = self.provider.token("shop", "urn:jwt")
        self.assertEqual(token.count("."), 2)
        self.assertEqual(self.get(token).status, 200)
        sent = dict((name.lower(), value) for name, value in self.backend.last()["headers"])
        self.assertNotIn("authorization", sent)
        head, claims, signature = token.split(".")
        forged = ".".join((head, claims, signature[:-8] + "AAAAAAAA"))
        self.refused(self.get(forged), 401, "900901")
        # Its scopes count, its other clients do not.
        self.refused(self.get(token, "POST"), 403, "900910")
        writing = self.provider.token("shop", "urn:jwt", "menu:read menu:write")
        self.assertEqual(self.get(writing, "POST").status, 200)
        self.refused(self.get(self.provider.token("stranger", "urn:jwt")), 403, "900908")

    def test_an_opaque_token_holds_until_it_is_revoked_there(self):
        token = self.provider.token("shop", "urn:opaque")
        self.assertNotIn(".", token)
        self.assertEqual(self.get(token).status, 200)
        self.provider.revoke("shop", token)
        revoked = time.monotonic()
        while True:
            answer = self.get(token)
            passed = time.monotonic() - revoked
            if answer.status != 200:
                break
            self.assertLess(passed, CACHE_SECONDS + 2)
            time.sleep(0.05)
        self.assertEqual(answer.status in (401, 503), True, answer)

    def test_a_silent_server_holds_up_nobody_else(self):
        ours = token_of(self.server, self.admin.generate_keys(self.application, "SANDBOX"))
        for _ in range(8):
            self.get("a-token-that-the-silent-one-may-know")
        self.assertEqual(self.get(self.provider.token("shop", "urn:opaque")).status, 200)
        self.assertLess(self.took, QUICK_SECONDS_MAX)
        self.assertEqual(self.get(self.provider.token("shop", "urn:jwt")).status, 200)
        self.assertLess(self.took, QUICK_SECONDS_MAX)
        self.assertEqual(self.get(ours).status, 200)
        self.assertLess(self.took, QUICK_SECONDS_MAX)

    def test_an_api_chooses_its_key_managers(self):
        api = self.admin.publish("OursAlone", self.backend.url,
                                 keyManagers=["Resident Key Manager"])
        self.admin.subscribe(api["id"], self.application)
        token = self.provider.token("shop", "urn:jwt")
        self.refused(self.get(token, path="/oursalone/1.0.0/menu"), 401, "900901")

    def test_keys_are_tied_to_one_application(self):
        other = self.admin.create_application("Another")["applicationId"]
        answer = self.admin.call(
            "POST", f"{DEVPORTAL}/applications/{other}/map-keys",
            {"consumerKey": "shop", "keyType": "PRODUCTION", "keyManager": MANAGER})
        self.assertEqual(answer.status, 409, answer)
        self.assertEqual(self.mapped["mode"], "MAPPED")
        used = self.admin.call("DELETE", f"{ADMIN}/key-managers/{self.manager['id']}")
        self.assertEqual((used.status, used.json()["code"]), (409, 909021), used)

    def generate(self, application, manager, grants=("client_credentials",)):
        return self.admin.call(
            "POST", f"{DEVPORTAL}/applications/{application}/generate-keys",
            {"keyType": "PRODUCTION", "keyManager": manager,
             "grantTypesToBeSupported": list(grants)})

    def test_keys_are_made_at_the_other_key_manager(self):
        application = self.admin.create_application("MadeThere")["applicationId"]
        self.admin.subscribe(self.api["id"], application)
        answer = self.generate(application, MANAGER)
        self.assertEqual(answer.status, 200, answer)
        keys = answer.json()
        client, secret = keys["consumerKey"], keys["consumerSecret"]
        self.assertEqual((keys["mode"], keys["keyManager"]), ("CREATED", MANAGER))
        for resource in ("urn:jwt", "urn:opaque"):
            token = self.provider.token(client, resource, secret=secret)
            self.assertEqual(self.get(token).status, 200, resource)

        one = f"{DEVPORTAL}/applications/{application}/oauth-keys/{keys['keyMappingId']}"
        changed = self.admin.must(
            200, "PUT", one, {"supportedGrantTypes": ["client_credentials", "authorization_code"],
                              "callbackUrl": "https://shop.example/back"}).json()
        self.assertIn("authorization_code", changed["supportedGrantTypes"])
        self.assertEqual(self.get(self.provider.token(client, "urn:jwt", secret=secret)).status,
                         200)
        # This server keeps a client's secret for ever.
        refused = self.admin.call("POST", f"{one}/regenerate-secret", {})
        self.assertEqual((refused.status, refused.json()["code"]), (400, 901405), refused)

        self.admin.must(200, "DELETE", one)
        self.assertEqual(self.provider.ask_token(client, secret, "urn:jwt").status, 401)
        again = self.generate(application, MANAGER).json()
        self.admin.must(200, "DELETE", f"{DEVPORTAL}/applications/{application}")
        self.assertEqual(self.provider.ask_token(again["consumerKey"], again["consumerSecret"],
                                                 "urn:jwt").status, 401)
        self.assertNotIn(secret, self.server.log())

    def test_what_the_other_key_manager_refuses_is_said_in_its_words(self):
        application = self.admin.create_application("Refused")["applicationId"]
        answer = self.admin.call(
            "POST", f"{DEVPORTAL}/applications/{application}/generate-keys",
            {"keyType": "PRODUCTION", "keyManager": MANAGER, "callbackUrl": "no address",
             "grantTypesToBeSupported": ["authorization_code"]})
        self.assertEqual(answer.status, 400, answer)
        self.assertIn("redirect_uris", answer.json()["description"] + answer.json()["message"])
        bare = self.admin.must(
            201, "POST", f"{ADMIN}/key-managers",
            {"name": "Bare", "type": "custom", "issuer": "https://bare.example"}).json()
        cannot = self.generate(application, "Bare")
        self.assertEqual((cannot.status, cannot.json()["code"]), (400, 901405), cannot)
        self.admin.must(200, "DELETE", f"{ADMIN}/key-managers/{bare['id']}")

    def test_a_server_that_never_answers_holds_up_no_other_keys(self):
        application = self.admin.create_application("Silent")["applicationId"]
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            waiting = [threads.submit(self.generate, application, "A silent one")
                       for _ in range(8)]
            begun = time.monotonic()
            self.assertEqual(self.generate(application, "Resident Key Manager").status, 200)
            self.assertEqual(self.get(self.provider.token("shop", "urn:jwt")).status, 200)
            self.assertLess(time.monotonic() - begun, QUICK_SECONDS_MAX)
            self.assertEqual({answer.result().status for answer in waiting}, {503})

    def test_a_claim_mapping_says_what_claims_mean(self):
        path = f"{ADMIN}/key-managers/{self.manager['id']}"
        before = self.admin.must(200, "GET", path).json()
        token = self.provider.token("shop", "urn:jwt")
        self.refused(self.get(token, "POST"), 403, "900910")
        mapping = [{"remoteClaim": "scope", "localClaim": "scope"},
                   {"remoteClaim": "realm.roles", "localClaim": "scope"}]
        self.admin.must(200, "PUT", path, {**before, "claimMapping": mapping})
        try:
            self.assertEqual(self.get(token, "POST").status, 200)
            self.assertEqual(self.get(token).status, 200)
            other = [{"remoteClaim": "jti", "localClaim": "client_id"}]
            self.admin.must(200, "PUT", path, {**before, "claimMapping": other})
            self.refused(self.get(token), 403, "900908")
        finally:
            self.admin.must(200, "PUT", path, before)
        self.assertEqual(self.get(token).status, 200)

    def test_a_switched_off_key_manager_opens_nothing(self):
        second = self.admin.must(
            201, "POST", f"{ADMIN}/key-managers",
            {"name": "Second", "type": "custom", "issuer": "https://second.example",
             "introspectionEndpoint": "https://second.example/introspect", "enabled": False},
        ).json()
        listed = self.admin.must(200, "GET", f"{DEVPORTAL}/key-managers").json()["list"]
        self.assertNotIn("Second", [item["name"] for item in listed])
        self.admin.must(200, "DELETE", f"{ADMIN}/key-managers/{second['id']}")

    def test_private_addresses_are_refused_by_default(self):
        with Server() as strict:
            answer = call(
                strict.url(f"{ADMIN}/key-managers"), "POST",
                {"name": "Inside", "type": "custom", "issuer": self.provider.issuer,
                 "certificates": {"type": "JWKS", "value": f"{self.provider.issuer}/jwks"}},
                basic("admin", self.admin.password))
            self.assertEqual(answer.status, 400, answer)


class Global(unittest.TestCase):
    """One key manager of every tenant."""

    def test_its_tokens_open_apis_of_every_tenant_that_mapped_the_client(self):
        with contextlib.ExitStack() as stack:
            provider = stack.enter_context(OidcProvider())
            backend = stack.enter_context(Recorder())
            server = stack.enter_context(Server("server.allow_private_fetches=true"))
            admin = User(server)
            made = admin.must(201, "POST", f"{ADMIN}/global-key-managers", {
                "name": "Everybodys", "type": "custom", "issuer": provider.issuer,
                "introspectionEndpoint": f"{provider.issuer}/token/introspection",
                "certificates": {"type": "JWKS", "value": f"{provider.issuer}/jwks"},
                "additionalProperties": {"client_id": "gateway",
                                         "client_secret": "secret-of-gateway"},
            }).json()
            boss = create_tenant(admin, "second.example.com")
            for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{made['id']}"),
                                 ("PUT", f"/{made['id']}"), ("DELETE", f"/{made['id']}")):
                answer = boss.call(method, f"{ADMIN}/global-key-managers{path}",
                                   made if method in ("POST", "PUT") else None)
                self.assertEqual(answer.status, 403, (method, answer))
            urls = []
            for user, prefix in ((admin, ""), (boss, "/t/second.example.com")):
                for base in (PUBLISHER, DEVPORTAL, ADMIN):
                    listed = user.must(200, "GET", f"{base}/key-managers").json()["list"]
                    self.assertIn("Everybodys", [item["name"] for item in listed])
                api = user.publish("Global", backend.url, keyManagers=["Everybodys"])
                application = user.create_application("Global")["applicationId"]
                user.subscribe(api["id"], application)
                user.must(200, "POST", f"{DEVPORTAL}/applications/{application}/map-keys",
                          {"consumerKey": "shop", "keyType": "PRODUCTION",
                           "keyManager": "Everybodys"})
                urls.append(server.gateway(f"{prefix}/global/1.0.0/menu"))
            # The same token is remembered for one tenant, then asked for by the other.
            for resource in ("urn:jwt", "urn:opaque"):
                token = provider.token("shop", resource)
                for url in urls * 2:
                    self.assertEqual(call(url, headers=bearer(token)).status, 200, resource)
                stranger = provider.token("stranger", resource)
                for url in urls:
                    self.assertEqual(call(url, headers=bearer(stranger)).status, 403, resource)
            one = f"{ADMIN}/key-managers/{made['id']}"
            usages = admin.must(200, "GET", f"{one}/api-usages").json()
            self.assertEqual([api["name"] for api in usages["apis"]], ["Global"])
            usages = admin.must(200, "GET", f"{one}/app-usages").json()
            self.assertEqual((usages["applicationCount"], usages["applications"][0]["name"]),
                             (1, "Global"))
            used = admin.call("DELETE", f"{ADMIN}/global-key-managers/{made['id']}")
            self.assertEqual((used.status, used.json()["code"]), (409, 909021))


if __name__ == "__main__":
    unittest.main()
