# SPDX-License-Identifier: Apache-2.0
"""A client registers itself by its metadata (RFC 7591), and the server keeps to all of it."""

import json
import time
import unittest
from http.server import BaseHTTPRequestHandler

from authlib.jose import JsonWebKey, JsonWebSignature, JsonWebToken

from support.backend import Served
from support.browser import Browser
from support.server import FORM, PASSWORD, Server, basic, bearer, call, form
from support.walk import ADMIN, User

CALLBACK = "https://client.example/back"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def new_key(kid):
    return JsonWebKey.generate_key("EC", "P-256", {"kid": kid}, is_private=True)


def public(key):
    return {**key.as_dict(is_private=False), "alg": "ES256", "use": "sig"}


def sign(key, claims):
    header = {"alg": "ES256", "kid": key.as_dict()["kid"]}
    return JsonWebSignature().serialize_compact(header, json.dumps(claims).encode(), key).decode()


def algorithm_of(token, keys):
    """The algorithm of a token that one of our keys verifies."""
    claims = JsonWebToken(["RS256", "ES256", "EdDSA"]).decode(token, keys)
    return claims.header["alg"]


class KeySetServer(Served):
    """What a client's `jwks_uri` names: its keys, and how often somebody has asked for them."""

    def __init__(self, *keys):
        self.keys = keys
        self.asked = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked += 1
                body = json.dumps({"keys": [public(key) for key in server.keys]}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(Handler)
        self.url += "/jwks"


class Registration(unittest.TestCase):
    settings = ("server.allow_private_fetches=true",)

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server(*cls.settings))
        cls.admin = User(cls.server)
        cls.base = f"https://localhost:{cls.server.port(9443)}"

    def register(self, status=201, **metadata):
        answer = call(self.server.url("/oauth2/register"), "POST",
                      {"redirect_uris": [CALLBACK], **metadata}, basic("admin", PASSWORD))
        self.assertEqual(answer.status, status, answer)
        return answer.json()

    def token(self, client=None, **fields):
        headers = {**FORM, **(basic(*client) if client else {})}
        return call(self.server.url("/oauth2/token"), "POST", form(**fields), headers)

    def prove(self, client_id, key, jti):
        now = int(time.time())
        return self.token(
            grant_type="client_credentials",
            client_assertion_type=ASSERTION,
            client_assertion=sign(key, {"iss": client_id, "sub": client_id, "jti": jti,
                                        "aud": self.base + "/oauth2/token",
                                        "iat": now, "exp": now + 60}),
        )

    def keys(self):
        return JsonWebKey.import_key_set(call(self.server.url("/oauth2/jwks")).json())

    def test_a_client_proves_itself_by_the_keys_that_it_publishes(self):
        key, stranger = new_key("first"), new_key("stranger")
        with KeySetServer(key) as published:
            client = self.register(
                token_endpoint_auth_method="private_key_jwt", jwks_uri=published.url,
                token_endpoint_auth_signing_alg="ES256", grant_types=["client_credentials"],
                redirect_uris=[])
            client_id = client["client_id"]
            self.assertEqual(self.prove(client_id, key, "1").status, 200)
            self.assertEqual(self.prove(client_id, key, "2").status, 200)
            self.assertEqual(published.asked, 1)
            # Whoever makes up keys does not make the server ask again and again.
            for number in range(20):
                refused = self.prove(client_id, stranger, f"s{number}")
                self.assertEqual((refused.status, refused.json()["error"]),
                                 (401, "invalid_client"))
            self.assertLessEqual(published.asked, 2)
        # Its server is away: known keys still hold.
        self.assertEqual(self.prove(client_id, key, "3").status, 200)

    def test_keys_that_cannot_be_fetched_let_nobody_in(self):
        key = new_key("only")
        silent = self.register(token_endpoint_auth_method="private_key_jwt",
                               jwks_uri="http://127.0.0.1:1/jwks", redirect_uris=[],
                               grant_types=["client_credentials"])
        answer = self.prove(silent["client_id"], key, "1")
        self.assertEqual((answer.status, answer.json()["error"]), (401, "invalid_client"))
        refused = self.register(400, token_endpoint_auth_method="private_key_jwt",
                                jwks_uri="http://client.example/jwks")
        self.assertEqual(refused["error"], "invalid_client_metadata")

    def test_user_info_is_signed_for_who_wants_it(self):
        client = self.register(grant_types=["authorization_code", "password"],
                               userinfo_signed_response_alg="ES256", scope="openid email")
        tokens = self.token((client["client_id"], client["client_secret"]), grant_type="password",
                            username="admin", password=PASSWORD,
                            scope="openid profile apim:admin").json()
        self.assertEqual(tokens["scope"], "openid")  # what it registered for
        told = call(self.server.url("/oauth2/userinfo"), headers=bearer(tokens["access_token"]))
        self.assertEqual(told.headers["content-type"], "application/jwt")
        claims = JsonWebToken(["ES256"]).decode(told.body, self.keys())
        self.assertEqual(claims["aud"], client["client_id"])

    def test_the_consent_page_links_to_what_the_client_says_of_itself(self):
        client = self.register(client_name="Linked", policy_uri="https://client.example/privacy",
                               tos_uri="https://client.example/tos")
        browser = Browser()
        browser.open(self.server.url("/oauth2/authorize?" + form(
            client_id=client["client_id"], redirect_uri=CALLBACK, response_type="code",
            scope="openid", state="s")))
        browser.submit(username="admin", password=PASSWORD)
        self.assertIn('href="https://client.example/privacy"', browser.text)
        self.assertIn('href="https://client.example/tos"', browser.text)

    def test_a_tenant_chooses_how_its_tokens_are_signed(self):
        path = f"{ADMIN}/tenant-config"
        before = self.admin.must(200, "GET", path).json()
        self.addCleanup(self.admin.must, 200, "PUT", path, before)
        client = call(self.server.url("/client-registration/v0.17/register"), "POST",
                      {"clientName": "signed", "grantType": "password", "tokenType": "JWT"},
                      basic("admin", PASSWORD)).json()
        pair = (client["clientId"], client["clientSecret"])
        for access, identity in (("ES256", "EdDSA"), ("EdDSA", "RS256"), ("RS256", "ES256")):
            self.admin.must(200, "PUT", path, {**before, "TokenSigning": {
                "AccessTokenAlgorithm": access, "IdTokenAlgorithm": identity}})
            tokens = self.token(pair, grant_type="password", username="admin",
                                password=PASSWORD, scope="openid").json()
            self.assertEqual(algorithm_of(tokens["access_token"], self.keys()), access)
            self.assertEqual(algorithm_of(tokens["id_token"], self.keys()), identity)
            metadata = call(self.server.url("/.well-known/openid-configuration")).json()
            self.assertIn(identity, metadata["id_token_signing_alg_values_supported"])
        refused = self.admin.call("PUT", path, {**before, "TokenSigning": {
            "AccessTokenAlgorithm": "PS256"}})  # which this server has no key for
        self.assertEqual(refused.status, 400, refused)

    def test_a_trusted_issuer_is_managed_over_rest(self):
        key = new_key("idp")
        issuer = "https://partner.example.com/"
        made = self.admin.must(201, "POST", f"{ADMIN}/trusted-issuers",
                               {"issuer": issuer, "jwks": {"keys": [public(key)]},
                                "subjectClaim": "preferred_username"}).json()
        client = self.register(grant_types=[JWT_BEARER], redirect_uris=[])
        pair = (client["client_id"], client["client_secret"])

        def assertion(jti):
            now = int(time.time())
            return sign(key, {"iss": issuer, "sub": "4711", "preferred_username": "admin",
                              "aud": self.base + "/oauth2/token", "iat": now, "exp": now + 60,
                              "jti": jti})

        answer = self.token(pair, grant_type=JWT_BEARER, assertion=assertion("1"))
        self.assertEqual(answer.status, 200, answer)
        path = f"{ADMIN}/trusted-issuers/{made['id']}"
        self.admin.must(200, "PUT", path, {"issuer": issuer,
                                           "jwks": {"keys": [public(new_key("next"))]}})
        for _ in range(2):
            refused = self.token(pair, grant_type=JWT_BEARER, assertion=assertion("2"))
            self.assertEqual(refused.json()["error"], "invalid_grant")
            self.admin.must(200, "DELETE", path)
            self.admin.must(201, "POST", f"{ADMIN}/trusted-issuers",
                            {"issuer": issuer, "jwks": {"keys": [public(new_key("other"))]}})
        with KeySetServer(key) as published:
            self.admin.must(200, "PUT", path, {"issuer": issuer, "jwksUri": published.url,
                                               "subjectClaim": "preferred_username"})
            for jti in ("3", "4"):
                answer = self.token(pair, grant_type=JWT_BEARER, assertion=assertion(jti))
                self.assertEqual(answer.status, 200, answer)
            self.assertEqual(published.asked, 1)
        self.admin.must(200, "DELETE", path)
        self.admin.must(404, "GET", path)


if __name__ == "__main__":
    unittest.main()
