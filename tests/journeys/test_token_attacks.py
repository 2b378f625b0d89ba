# SPDX-License-Identifier: Apache-2.0
"""Forged tokens, stale verdicts, ended keys, replays and double credentials, sent to a running
server. The verdict comes from the backend's record."""

import base64
import hashlib
import hmac
import json
import time
import unittest
import urllib.parse

from authlib.jose import JsonWebKey, JsonWebSignature
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from support.backend import Recorder
from support.browser import Browser
from support.server import FORM, PASSWORD, Server, basic, bearer, call, form
from support.walk import ADMIN, DEVPORTAL, PUBLISHER, User, operation, token_of

CALLBACK = "https://client.example/back"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PATH = "/guarded/1.0.0/menu"


def encode(data):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def compact(header, payload, signature=b""):
    payload = payload if isinstance(payload, str) else encode(payload)
    return f"{encode(header)}.{payload}.{encode(signature)}"


class TokenAttacks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server("gateway.unknown_tokens_max=0"))
        cls.base = f"https://localhost:{cls.server.port(9443)}"
        cls.admin = User(cls.server)
        path = f"{ADMIN}/tenant-config"
        config = cls.admin.must(200, "GET", path).json()
        config["TokenSigning"] = {"AccessTokenAlgorithm": "ES256", "IdTokenAlgorithm": "RS256"}
        cls.admin.must(200, "PUT", path, config)
        cls.api = cls.admin.publish(
            "Guarded", cls.backend.url,
            scopes=[{"scope": {"name": "menu:write", "displayName": "w", "description": "",
                               "bindings": []}, "shared": False}],
            operations=[operation("GET", "/*"), operation("POST", "/*", scopes=["menu:write"])])
        cls.other = cls.admin.publish("Other", cls.backend.url)

    def client(self, name, token_type="JWT"):
        """An application that subscribes to the API: its id, its keys and its subscription."""
        application = self.admin.create_application(name, token_type=token_type)["applicationId"]
        subscription = self.admin.subscribe(self.api["id"], application)
        return application, self.admin.generate_keys(application), subscription

    def status(self, token, method="GET", path=PATH):
        """What the gateway says; a call that it refuses has not reached the backend."""
        before = self.backend.count()
        answer = call(self.server.gateway(path), method, None, bearer(token))
        self.assertEqual(self.backend.count() - before, 1 if answer.status == 200 else 0)
        return answer.status

    def token(self, client=None, **fields):
        headers = {**FORM, **(basic(*client) if client else {})}
        return call(self.base + "/oauth2/token", "POST", form(**fields), headers)

    def introspects(self, token, keys):
        answer = call(self.base + "/oauth2/introspect", "POST", form(token=token),
                      {**FORM, **basic(keys["consumerKey"], keys["consumerSecret"])})
        return answer.json()["active"]

    # --- Class 10: forged JSON tokens -------------------------------------------------------

    def forgeries(self, good):
        """(name, token): each is wrong in one point."""
        header_text, payload, signature = good.split(".")
        header = json.loads(decode(header_text))
        claims = json.loads(decode(payload))
        raw = decode(signature)
        for name in ("none", "None", "NONE", "nOnE", ""):
            yield f"alg {name!r}", compact({**header, "alg": name}, payload)
            yield f"alg {name!r}, signed", compact({**header, "alg": name}, payload, raw)
        published = call(self.base + "/oauth2/jwks").json()["keys"]
        for key in published:
            as_key = JsonWebKey.import_key(key)
            for secret in (as_key.as_pem(is_private=False), json.dumps(key).encode(),
                           as_key.as_pem(is_private=False).strip()):
                forged = {**header, "alg": "HS256", "kid": key["kid"]}
                text = f"{encode(forged)}.{payload}".encode()
                yield "HS256 by the public key", (
                    text.decode() + "." + encode(hmac.digest(secret, text, hashlib.sha256)))
        own = JsonWebKey.generate_key("EC", "P-256", is_private=True)
        jwk = own.as_dict(is_private=False)

        def by_own(**more):
            return JsonWebSignature().serialize_compact(
                {"typ": header["typ"], "alg": "ES256", **more}, decode(payload), own).decode()

        yield "a stranger's key", by_own()
        yield "a stranger's key under our kid", by_own(kid=header["kid"])
        yield "jwk", by_own(jwk=jwk)
        for name in ("jku", "x5u"):
            yield name, by_own(**{name: self.backend.url + "/keys"})
        for kid in ("../../../../dev/null", "' OR '1'='1", "", "0", header["kid"].upper() + "x"):
            yield f"kid {kid!r}", compact({**header, "kid": kid}, payload, raw)
        yield "crit", compact({**header, "crit": ["exp"]}, payload, raw)
        yield "b64", compact({**header, "b64": False, "crit": ["b64"]}, payload, raw)
        yield "a signature of zeros", compact(header, payload, bytes(64))
        yield "an empty signature", f"{header_text}.{payload}."
        half = len(raw) // 2
        der = encode_dss_signature(int.from_bytes(raw[:half], "big"),
                                   int.from_bytes(raw[half:], "big"))
        yield "DER for raw", f"{header_text}.{payload}.{encode(der)}"
        yield "padding", good + "=="
        yield "a padded payload", f"{header_text}.{payload}==.{signature}"
        yield "longer claims", compact(header, {**claims, "scope": "apim:admin"}, raw)
        yield "a later end", compact(header, {**claims, "exp": claims["exp"] + 1}, raw)
        yield "an end as text", compact(header, {**claims, "exp": str(claims["exp"])}, raw)
        yield "five parts", f"{header_text}.{payload}.{signature}.{payload}.{signature}"
        yield "two parts", f"{header_text}.{payload}"
        other = json.loads(decode(payload))
        other["client_id"] = other["azp"] = "another"
        yield "another client", compact(header, other, raw)

    def test_no_forged_token_passes(self):
        _, keys, _ = self.client("forged")
        good = token_of(self.server, keys)
        self.assertEqual(json.loads(decode(good.split(".")[0]))["alg"], "ES256")
        self.assertEqual(self.status(good), 200)
        before = self.backend.count()
        for name, forged in self.forgeries(good):
            with self.subTest(name):
                answer = call(self.server.gateway(PATH), headers=bearer(forged))
                self.assertEqual((answer.status, str(answer.json()["code"])), (401, "900901"))
                self.assertFalse(self.introspects(forged, keys))
        self.assertEqual(self.backend.count(), before)  # nor has anybody fetched a key there
        self.assertEqual(self.status(good), 200)

    # --- Class 11: verdicts that are remembered too long or for too much --------------------

    def test_a_verdict_counts_for_what_it_was_given(self):
        for token_type in ("JWT", "OAUTH"):
            _, keys, _ = self.client("verdict-" + token_type, token_type)
            plain, wide = token_of(self.server, keys), token_of(self.server, keys, "menu:write")
            for token, post in ((plain, 403), (wide, 200), (plain, 403)):
                self.assertEqual(self.status(token), 200)
                self.assertEqual(self.status(token, "POST"), post)
                self.assertEqual(self.status(token, path="/other/1.0.0/menu"), 403)

    def test_a_revoked_token_is_refused_at_once_however_well_it_is_remembered(self):
        for token_type in ("JWT", "OAUTH"):
            _, keys, _ = self.client("revoked-" + token_type, token_type)
            token, beside = token_of(self.server, keys), token_of(self.server, keys)
            for _ in range(3):
                self.assertEqual(self.status(token), 200)
            call(self.base + "/oauth2/revoke", "POST", form(token=token),
                 {**FORM, **basic(keys["consumerKey"], keys["consumerSecret"])})
            self.assertEqual(self.status(token), 401)
            self.assertEqual(self.status(beside), 200)
            self.assertFalse(self.introspects(token, keys))

    def test_a_withdrawn_consent_ends_every_token_at_the_gateway(self):
        for token_type in ("JWT", "OAUTH"):
            application = self.admin.create_application("withdrawn-" + token_type,
                                                        token_type=token_type)["applicationId"]
            self.admin.subscribe(self.api["id"], application)
            keys = self.admin.must(
                200, "POST", f"{DEVPORTAL}/applications/{application}/generate-keys",
                {"keyType": "PRODUCTION", "callbackUrl": CALLBACK, "validityTime": 3600,
                 "grantTypesToBeSupported": ["authorization_code", "client_credentials"]}).json()
            browser = Browser()
            self.authorize(browser, {"client_id": keys["consumerKey"]})
            browser.submit(username="admin", password=PASSWORD)
            browser.submit(consent="approve")
            tokens = self.token(
                (keys["consumerKey"], keys["consumerSecret"]), grant_type="authorization_code",
                code=browser.answer()["code"], redirect_uri=CALLBACK,
                code_verifier=VERIFIER).json()
            self.assertNotIn("refresh_token", tokens)
            own = token_of(self.server, keys)
            self.assertEqual(self.status(tokens["access_token"]), 200)
            browser.open(self.base + "/oauth2/account")
            page = next(page for page in browser.page().forms
                        if ("withdraw", keys["consumerKey"]) in page["buttons"])
            browser.open(urllib.parse.urljoin(browser.url, page["action"]),
                         {**page["fields"], "withdraw": keys["consumerKey"]})
            self.assertEqual(self.status(tokens["access_token"]), 401)
            self.assertEqual(self.status(own), 200)  # what the application holds for itself

    # --- Class 12: everything that ends a key -----------------------------------------------

    def ends(self):
        """(name, what ends it, the status afterwards)."""
        def blocked(parts):
            self.admin.must(200, "POST", f"{PUBLISHER}/subscriptions/block-subscription"
                            f"?subscriptionId={parts[2]['subscriptionId']}&blockState=BLOCKED")

        def unsubscribed(parts):
            self.admin.must(200, "DELETE",
                            f"{DEVPORTAL}/subscriptions/{parts[2]['subscriptionId']}")

        def keyless(parts):
            self.admin.must(200, "DELETE", f"{DEVPORTAL}/applications/{parts[0]}/oauth-keys/"
                                           f"{parts[1]['keyMappingId']}")

        def removed(parts):
            self.admin.must(200, "DELETE", f"{DEVPORTAL}/applications/{parts[0]}")

        return (("the subscription is blocked", blocked),
                ("the subscription is gone", unsubscribed),
                ("the keys are gone", keyless), ("the application is gone", removed))

    def test_whatever_ends_a_key_ends_it_at_once(self):
        for token_type in ("JWT", "OAUTH"):
            for number, (name, end) in enumerate(self.ends()):
                with self.subTest(name, token_type=token_type):
                    parts = self.client(f"ending-{token_type}-{number}", token_type)
                    token = token_of(self.server, parts[1])
                    self.assertEqual(self.status(token), 200)
                    end(parts)
                    self.assertIn(self.status(token), (401, 403))

    def test_a_replaced_secret_and_a_locked_user_earn_nothing_more(self):
        application, keys, _ = self.client("replaced", "OAUTH")
        old = (keys["consumerKey"], keys["consumerSecret"])
        password = self.admin.create_user("mallory", ["Internal/subscriber"])
        login = {"grant_type": "password", "username": "mallory", "password": password}
        token = self.token(old, **login).json()
        self.assertEqual(self.status(token["access_token"]), 200)
        made = self.admin.must(200, "POST", f"{DEVPORTAL}/applications/{application}/oauth-keys/"
                               f"{keys['keyMappingId']}/regenerate-secret").json()
        self.assertEqual(self.token(old, grant_type="client_credentials").status, 401)
        fresh = (keys["consumerKey"], made["consumerSecret"])
        self.admin.must(200, "PUT", f"{ADMIN}/users/mallory",
                        {"userName": "mallory", "email": "m@example.org", "status": "LOCKED",
                         "roles": ["Internal/subscriber"]})
        self.assertEqual(self.status(token["access_token"]), 401)
        for fields in (login, {"grant_type": "refresh_token",
                               "refresh_token": token["refresh_token"]}):
            self.assertEqual(self.token(fresh, **fields).json()["error"], "invalid_grant")

    # --- Class 13: codes, redirects and refresh tokens --------------------------------------

    def registered(self, **metadata):
        answer = call(self.base + "/oauth2/register", "POST",
                      {"redirect_uris": [CALLBACK], **metadata}, basic("admin", PASSWORD))
        self.assertEqual(answer.status, 201, answer)
        return answer.json()

    def authorize(self, browser, client, **more):
        fields = {"client_id": client["client_id"], "redirect_uri": CALLBACK, "state": "s 1",
                  "response_type": "code", "scope": "openid", "code_challenge": CHALLENGE,
                  "code_challenge_method": "S256", **more}
        return browser.open(self.base + "/oauth2/authorize?" + form(
            **{name: value for name, value in fields.items() if value is not None}))

    def test_nothing_is_sent_to_a_place_that_is_not_registered(self):
        client = self.registered()
        for uri in (CALLBACK + "/", CALLBACK + "?x=1", CALLBACK + "#x", CALLBACK + "/../other",
                    CALLBACK.upper(), "https://client.example/", "https://client.example.evil/back",
                    "https://client.example@evil/back", "https://evil/back",
                    "http://client.example/back", "//client.example/back", "javascript:alert(1)",
                    CALLBACK + "%2f..", CALLBACK + "\\@evil"):
            with self.subTest(uri):
                browser = Browser()
                self.assertEqual(self.authorize(browser, client, redirect_uri=uri), 400)
                self.assertFalse(browser.location)

    def test_a_code_counts_once_with_its_own_verifier(self):
        client = self.registered(grant_types=["authorization_code", "refresh_token"])
        pair = (client["client_id"], client["client_secret"])
        browser = Browser()
        self.authorize(browser, client)
        browser.submit(username="admin", password=PASSWORD)
        browser.submit(consent="approve")
        answer = browser.answer()
        self.assertEqual(answer["state"], "s 1")
        self.assertEqual(answer["iss"], self.base + "/oauth2/token")
        redeem = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
        for wrong in ({}, {"code_verifier": VERIFIER[::-1]}, {"code_verifier": CHALLENGE}):
            refused = self.token(pair, code=answer["code"], **redeem, **wrong)
            self.assertEqual(refused.json()["error"], "invalid_grant", wrong)
        # A code of a request without a challenge takes no verifier: nobody has swapped it in.
        self.authorize(browser, client, code_challenge=None, code_challenge_method=None)
        swapped = self.token(pair, code=browser.answer()["code"], code_verifier=VERIFIER, **redeem)
        self.assertEqual(swapped.json()["error"], "invalid_grant")
        self.authorize(browser, client, code_challenge=VERIFIER, code_challenge_method="plain")
        self.assertEqual(browser.answer()["error"], "invalid_request")

    def test_a_refresh_token_used_twice_ends_its_family(self):
        client = self.registered(grant_types=["password", "refresh_token"], redirect_uris=[])
        pair = (client["client_id"], client["client_secret"])
        first = self.token(pair, grant_type="password", username="admin",
                           password=PASSWORD).json()
        again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        second = self.token(pair, **again).json()
        self.assertEqual(self.token(pair, **again).json()["error"], "invalid_grant")
        for token in (second["refresh_token"],):
            refused = self.token(pair, grant_type="refresh_token", refresh_token=token)
            self.assertEqual(refused.json()["error"], "invalid_grant")
        keys = {"consumerKey": pair[0], "consumerSecret": pair[1]}
        for token in (first["access_token"], second["access_token"]):
            self.assertFalse(self.introspects(token, keys))

    # --- Class 14: how clients prove themselves ---------------------------------------------

    def test_an_assertion_counts_once(self):
        key = JsonWebKey.generate_key("EC", "P-256", is_private=True)
        jwk = {**key.as_dict(is_private=False), "alg": "ES256"}
        client = self.registered(token_endpoint_auth_method="private_key_jwt", redirect_uris=[],
                                 grant_types=["client_credentials"], jwks={"keys": [jwk]})
        now = int(time.time())
        claims = {"iss": client["client_id"], "sub": client["client_id"], "jti": "one",
                  "aud": self.base + "/oauth2/token", "iat": now, "exp": now + 60}
        fields = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION}
        assertion = JsonWebSignature().serialize_compact(
            {"alg": "ES256"}, json.dumps(claims).encode(), key).decode()
        for status in (200, 401, 401):
            self.assertEqual(self.token(client_assertion=assertion, **fields).status, status)
        # The same id in another assertion is the same proof.
        resigned = JsonWebSignature().serialize_compact(
            {"alg": "ES256"}, json.dumps({**claims, "exp": now + 90}).encode(), key).decode()
        self.assertEqual(self.token(client_assertion=resigned, **fields).status, 401)

    def test_a_client_has_one_way_to_prove_itself(self):
        client = self.registered(grant_types=["client_credentials"], redirect_uris=[])
        pair = (client["client_id"], client["client_secret"])
        grant = {"grant_type": "client_credentials"}
        body = {"client_id": pair[0], "client_secret": pair[1]}
        assertion = {"client_assertion_type": ASSERTION, "client_assertion": "a.b.c"}
        self.assertEqual(self.token(pair, **grant).status, 200)
        self.assertEqual(self.token(**grant, **body).status, 200)
        self.assertEqual(self.token(pair, **grant, client_id=pair[0]).status, 200)
        for name, headers, fields in (
                ("header and body", pair, body),
                ("header and another client id", pair, {"client_id": "another"}),
                ("header and assertion", pair, assertion),
                ("body and assertion", None, {**body, **assertion})):
            with self.subTest(name):
                refused = self.token(headers, **grant, **fields)
                self.assertEqual((refused.status, refused.json()["error"]),
                                 (400, "invalid_request"))
        for name, value in (("no base64", "Basic ###"), ("no colon", "Basic YWJj"),
                            ("not UTF-8", "Basic " + base64.b64encode(b"\xff\xfe:\x80").decode()),
                            ("a NUL", "Basic " + base64.b64encode(b"a\0b:c").decode()),
                            ("a broken escape", "Basic " + base64.b64encode(b"%zz:%").decode()),
                            ("empty", "Basic Og==")):
            with self.subTest(name):
                refused = call(self.base + "/oauth2/token", "POST", form(**grant),
                               {**FORM, "Authorization": value})
                self.assertEqual((refused.status, refused.json()["error"]),
                                 (401, "invalid_client"))


if __name__ == "__main__":
    unittest.main()
