# SPDX-License-Identifier: Apache-2.0
"""OpenID Connect and bound tokens, seen by clients that nobody here wrote: Authlib, OpenSSL."""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import sqlite3
import ssl
import time
import unittest
import urllib.parse
import uuid

from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, JsonWebSignature, JsonWebToken
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken

from support.backend import Recorder
from support.certificates import make_certificate
from support.server import FORM, PASSWORD, Server, basic, bearer, call, form
from support.walk import ADMIN, User

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_TYPE = "urn:ietf:params:oauth:token-type:"
GRANTS = ["client_credentials", "password", "refresh_token", EXCHANGE, JWT_BEARER]


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def public(key):
    return {**key.as_dict(is_private=False), "alg": "ES256", "use": "sig"}


def new_key():
    return JsonWebKey.generate_key("EC", "P-256", is_private=True)


def sign(key, header, claims):
    header = {"alg": "ES256", **header}
    return JsonWebSignature().serialize_compact(header, json.dumps(claims).encode(), key).decode()


def dpop(key, method, url, token=None):
    claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": url, "iat": int(time.time())}
    if token:
        claims["ath"] = base64url(hashlib.sha256(token.encode()).digest())
    return {"DPoP": sign(key, {"typ": "dpop+jwt", "jwk": public(key)}, claims)}


@contextlib.contextmanager
def api_manager(server):
    database = sqlite3.connect(os.path.join(server.data_dir, "api_manager.db"), timeout=10)
    try:
        yield database
        database.commit()
    finally:
        database.close()


def describe(server, client_id, metadata):
    """Writes what a registration stores in the document of a client, and all grants."""
    with api_manager(server) as database:
        (document,) = database.execute(
            "SELECT document FROM am_client WHERE client_id = ?", (client_id,)
        ).fetchone()
        database.execute(
            "UPDATE am_client SET document = ?, grant_types = ?, version = version + 1"
            " WHERE client_id = ?",
            (json.dumps({**json.loads(document), **metadata}), json.dumps(GRANTS), client_id),
        )


class OpenIdConnect(unittest.TestCase):
    settings = ("tls.client_certificates=true",)

    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server(*cls.settings))
        cls.admin = User(cls.server)
        cls.api = cls.admin.publish("Bound", cls.backend.url)
        cls.base = f"https://localhost:{cls.server.port(9443)}"
        cls.trust = os.path.join(cls.server.data_dir, "tls.crt")

    def client(self, name, token_type="JWT", **metadata):
        """A subscribed client: its id and secret."""
        application = self.admin.create_application(name, token_type=token_type)
        self.admin.subscribe(self.api["id"], application["applicationId"])
        keys = self.admin.generate_keys(application["applicationId"])
        describe(self.server, keys["consumerKey"], metadata)
        return keys["consumerKey"], keys["consumerSecret"]

    def session(self, client, method="client_secret_basic", **more):
        session = OAuth2Session(*client, token_endpoint_auth_method=method, **more)
        self.addCleanup(session.close)
        session.trust_env = False  # the trust is this server alone
        session.verify = self.trust
        return session

    def token(self, fields, client=None, headers=None):
        headers = {**FORM, **(basic(*client) if client else {}), **(headers or {})}
        return call(self.base + "/oauth2/token", "POST", form(**fields), headers)

    def login(self, **more):
        return {"grant_type": "password", "username": "admin", "password": PASSWORD, **more}

    def test_the_metadata_is_complete_and_says_what_is_there(self):
        metadata = call(self.base + "/.well-known/openid-configuration").json()
        for name in (
            "issuer authorization_endpoint token_endpoint"
            " jwks_uri response_types_supported subject_types_supported"
            " id_token_signing_alg_values_supported userinfo_endpoint scopes_supported"
        ).split():
            self.assertIn(name, metadata)
        methods = metadata["token_endpoint_auth_methods_supported"]
        self.assertIn("private_key_jwt", methods)
        self.assertIn("self_signed_tls_client_auth", methods)
        self.assertTrue(metadata["tls_client_certificate_bound_access_tokens"])
        self.assertEqual(
            metadata["id_token_signing_alg_values_supported"], ["RS256", "ES256", "EdDSA"]
        )
        self.assertEqual(metadata["response_types_supported"], ["code"])
        self.assertEqual(metadata["code_challenge_methods_supported"], ["S256"])
        self.assertEqual(
            set(metadata["dpop_signing_alg_values_supported"]),
            {"RS256", "PS256", "ES256", "EdDSA"},
        )
        for grant in (EXCHANGE, JWT_BEARER, "authorization_code"):
            self.assertIn(grant, metadata["grant_types_supported"])
        keys = call(metadata["jwks_uri"])
        self.assertIn("max-age", keys.headers["cache-control"])
        self.assertEqual({key["alg"] for key in keys.json()["keys"]}, {"RS256", "ES256", "EdDSA"})

    def test_authlib_believes_our_id_tokens(self):
        for algorithm in ("RS256", "ES256", "EdDSA"):
            with self.subTest(algorithm=algorithm):
                client = self.client("id-" + algorithm, id_token_signed_response_alg=algorithm)
                session = self.session(client, scope="openid profile groups")
                token = session.fetch_token(
                    self.base + "/oauth2/token", username="admin", password=PASSWORD
                )
                self.check_id_token(session, token, algorithm)
                user = session.get(self.base + "/oauth2/userinfo").json()
                self.assertEqual(user["preferred_username"], "admin")
                self.assertIn("admin", user["groups"])

    def check_id_token(self, session, token, algorithm):
        metadata = call(self.base + "/.well-known/openid-configuration").json()
        keys = JsonWebKey.import_key_set(call(metadata["jwks_uri"]).json())
        params = {"client_id": session.client_id, "max_age": 60}
        if algorithm != "EdDSA":  # whose hash this Authlib does not know
            params["access_token"] = token["access_token"]
        claims = JsonWebToken([algorithm]).decode(
            token["id_token"],
            keys,
            claims_cls=CodeIDToken,
            claims_options={
                "iss": {"value": metadata["issuer"]},
                "aud": {"value": session.client_id},
            },
            claims_params=params,
        )
        claims.validate()  # at_hash, azp, auth_time, exp and iat among others
        self.assertEqual(claims.header["alg"], algorithm)
        self.assertEqual(claims["amr"], ["pwd"])
        if algorithm == "EdDSA":
            digest = hashlib.sha512(token["access_token"].encode()).digest()
            self.assertEqual(claims["at_hash"], base64url(digest[:32]))

    def test_authlib_refreshes_introspects_and_revokes(self):
        session = self.session(self.client("session", "OAUTH"), scope="openid")
        endpoint = self.base + "/oauth2/token"
        first = session.fetch_token(endpoint, username="admin", password=PASSWORD)
        second = session.refresh_token(endpoint, refresh_token=first["refresh_token"])
        self.assertNotEqual(first["access_token"], second["access_token"])
        self.assertIn("id_token", second)
        told = session.introspect_token(
            self.base + "/oauth2/introspect", token=second["access_token"]
        )
        self.assertTrue(told.json()["active"])
        session.revoke_token(self.base + "/oauth2/revoke", token=second["access_token"])
        told = session.introspect_token(
            self.base + "/oauth2/introspect", token=second["access_token"]
        )
        self.assertEqual(told.json(), {"active": False})

    def test_a_client_proves_itself_by_its_key(self):
        key = new_key()
        client_id, secret = self.client(
            "signing",
            token_endpoint_auth_method="private_key_jwt",
            jwks={"keys": [public(key)]},
        )
        endpoint = self.base + "/oauth2/token"
        session = self.session((client_id, key), "private_key_jwt")
        session.register_client_auth_method(PrivateKeyJWT(endpoint, alg="ES256"))
        self.assertEqual(session.fetch_token(endpoint)["token_type"], "Bearer")
        # Its secret opens nothing any more, and neither does a stranger's key.
        self.assertEqual(
            self.token({"grant_type": "client_credentials"}, (client_id, secret)).status, 401
        )
        now = int(time.time())
        assertion = {
            "iss": client_id,
            "sub": client_id,
            "aud": endpoint,
            "jti": "1",
            "iat": now,
            "exp": now + 60,
        }
        fields = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }
        for by, status in ((new_key(), 401), (key, 200), (key, 401)):  # the last one is a replay
            fields["client_assertion"] = sign(by, {}, assertion)
            self.assertEqual(self.token(fields).status, status)

    def test_a_token_is_bound_to_a_key_up_to_the_backend(self):
        key = new_key()
        for token_type in ("OAUTH", "JWT"):
            client = self.client("dpop-" + token_type, token_type)
            endpoint = self.base + "/oauth2/token"
            answer = self.token(
                self.login(scope="openid"), client, dpop(key, "POST", endpoint)
            ).json()
            self.assertEqual(answer["token_type"], "DPoP")
            token = answer["access_token"]
            self.check_bound_call(key, token)

            user_info = self.base + "/oauth2/userinfo"
            headers = {"Authorization": "DPoP " + token}
            proof = dpop(key, "GET", user_info, token)
            self.assertEqual(call(user_info, headers={**headers, **proof}).status, 200)
            replayed = call(user_info, headers={**headers, **proof})
            self.assertEqual(replayed.status, 401)
            self.assertIn("invalid_dpop_proof", replayed.headers["www-authenticate"])

    def check_bound_call(self, key, token):
        path = f"https://localhost:{self.server.port(8243)}/bound/1.0.0/menu"
        headers = {"Authorization": "DPoP " + token}
        proof = dpop(key, "GET", path, token)
        self.assertEqual(call(path, headers={**headers, **proof}).status, 200)
        names = [name.lower() for name, _ in self.backend.last()["headers"]]
        self.assertNotIn("dpop", names)
        self.assertNotIn("authorization", names)
        refused = (
            {**headers, **proof},  # the same proof again
            headers,
            {**bearer(token), **dpop(key, "GET", path, token)},
            {**headers, **dpop(new_key(), "GET", path, token)},
            {**headers, **dpop(key, "POST", path, token)},
            {**headers, **dpop(key, "GET", path)},
        )
        for wrong in refused:
            answer = call(path, headers=wrong)
            self.assertEqual(answer.status, 401, wrong)
            self.assertIn("DPoP", answer.headers["www-authenticate"])

    def test_a_token_for_a_resource_opens_nothing_else(self):
        host = f"https://localhost:{self.server.port(8243)}"
        for token_type in ("OAUTH", "JWT"):
            client = self.client("resource-" + token_type, token_type)
            for resource, status in ((host + "/bound", 200), (host + "/other", 401)):
                fields = {"grant_type": "client_credentials", "resource": resource}
                token = self.token(fields, client).json()["access_token"]
                answer = call(host + "/bound/1.0.0/menu", headers=bearer(token))
                self.assertEqual(answer.status, status, resource)
        refused = self.token({"grant_type": "client_credentials", "resource": "x"}, client)
        self.assertEqual(refused.json()["error"], "invalid_target")

    def make_certificate(self, name):
        """Files of a key and a certificate that signs itself, and the certificate's DER."""
        path = os.path.join(self.server.data_dir, name)
        make_certificate(name, path + ".crt", path + ".key")
        with open(path + ".crt", encoding="ascii") as file:
            return path, ssl.PEM_cert_to_DER_cert(file.read())

    def call_with(self, certificate, url, body=None, headers=None):
        trust = ssl.create_default_context(cafile=self.trust)
        if certificate:
            trust.load_cert_chain(certificate + ".crt", certificate + ".key")
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPSConnection(parts.netloc, timeout=30, context=trust)
        with contextlib.closing(connection):
            connection.request("POST" if body else "GET", parts.path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def test_a_client_proves_itself_by_its_certificate(self):
        mine, der = self.make_certificate("mine")
        other, _ = self.make_certificate("other")
        jwk = {**public(new_key()), "x5c": [base64.b64encode(der).decode()]}
        client_id, _ = self.client(
            "tls",
            token_endpoint_auth_method="self_signed_tls_client_auth",
            jwks={"keys": [jwk]},
            tls_client_certificate_bound_access_tokens=True,
        )
        body = form(grant_type="client_credentials", client_id=client_id)
        endpoint = self.base + "/oauth2/token"
        for certificate in (None, other):
            self.assertEqual(self.call_with(certificate, endpoint, body, FORM)[0], 401)
        status, answer = self.call_with(mine, endpoint, body, FORM)
        self.assertEqual(status, 200, answer)
        token = json.loads(answer)["access_token"]
        payload = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        self.assertEqual(payload["cnf"], {"x5t#S256": base64url(hashlib.sha256(der).digest())})
        url = f"https://localhost:{self.server.port(8243)}/bound/1.0.0/menu"
        for certificate, expected in ((mine, 200), (other, 401), (None, 401)):
            status, answer = self.call_with(certificate, url, None, bearer(token))
            self.assertEqual(status, expected, answer)

    def test_another_issuer_vouches_for_a_user(self):
        key = new_key()
        issuer = "https://idp.example.com"
        self.admin.must(201, "POST", f"{ADMIN}/trusted-issuers",
                        {"issuer": issuer, "jwks": {"keys": [public(key)]}})
        client = self.client("vouched")
        now = int(time.time())
        claims = {"iss": issuer, "sub": "admin", "aud": self.base + "/oauth2/token"}
        claims.update(iat=now, exp=now + 60, jti="1")
        fields = {"grant_type": JWT_BEARER, "assertion": sign(key, {}, claims)}
        answer = self.token(fields, client)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.token(fields, client).json()["error"], "invalid_grant")
        self.check_exchange(client, answer.json()["access_token"])

    def check_exchange(self, client, subject):
        actor = self.token({"grant_type": "client_credentials"}, client).json()["access_token"]
        answer = self.token(
            {
                "grant_type": EXCHANGE,
                "subject_token": subject,
                "subject_token_type": TOKEN_TYPE + "access_token",
                "actor_token": actor,
                "actor_token_type": TOKEN_TYPE + "access_token",
                "audience": "billing",
            },
            client,
        )
        self.assertEqual(answer.status, 200, answer)
        told = call(
            self.base + "/oauth2/introspect",
            "POST",
            form(token=answer.json()["access_token"]),
            {**FORM, **basic(*client)},
        ).json()
        self.assertEqual(told["username"], "admin")
        self.assertEqual(told["act"], {"sub": client[0]})
        self.assertEqual(told["aud"], ["billing"])


if __name__ == "__main__":
    unittest.main()
