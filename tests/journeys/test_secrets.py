# SPDX-License-Identifier: Apache-2.0
"""Nothing that opens something lies in a log, or in clear in any other file of a node.

Each secret is used as it must be, and once more as it must not: what is refused is logged, too.
"""

import base64
import hashlib
import json
import os
import re
import secrets
import sqlite3
import subprocess
import time
import unittest
import urllib.parse

from authlib.jose import JsonWebKey, JsonWebSignature

from support.backend import Recorder
from support.browser import Browser
from support.directory import BASE, MANAGER, MANAGER_PASSWORD, Directory, person
from support.server import BINARY, FORM, PASSWORD, Server, basic, bearer, call, form
from support.totp import totp
from support.walk import ADMIN, DEVPORTAL, User

CALLBACK = "https://app.example/callback"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SHORTEST = 8


class Secrets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = cls.enterClassContext(Directory(person("lena", "lena-has-a-secret")))
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server("log.level=trace"))
        cls.admin = User(cls.server)
        cls.base = f"https://localhost:{cls.server.port(9443)}"
        cls.endpoint = cls.base + "/oauth2/token"

    def setUp(self):
        self.known = {}  # what it is: its text
        self.key = JsonWebKey.generate_key("EC", "P-256", is_private=True)
        self.public = {**self.key.as_dict(is_private=False), "alg": "ES256", "use": "sig"}

    def know(self, what, text):
        self.assertGreaterEqual(len(text), SHORTEST, what)
        self.known[what] = text
        return text

    def register(self, *grants, **more):
        answer = call(self.base + "/oauth2/register", "POST",
                      {"client_name": self.id(), "redirect_uris": [CALLBACK],
                       "grant_types": ["authorization_code", *grants], **more},
                      basic("admin", PASSWORD))
        self.assertEqual(answer.status, 201, answer)
        client = answer.json()
        self.know("registration token", client["registration_access_token"])
        if "client_secret" in client:
            self.know("client secret", client["client_secret"])
        return client

    def signed(self, header, claims):
        claims = {"jti": secrets.token_urlsafe(9), "iat": int(time.time()),
                  "exp": int(time.time()) + 60, **claims}
        return JsonWebSignature().serialize_compact(
            {"alg": "ES256", **header}, json.dumps(claims).encode(), self.key).decode()

    def token(self, client=None, headers=None, **fields):
        own = basic(client["client_id"], client["client_secret"]) if client else {}
        return call(self.endpoint, "POST", form(**fields), {**FORM, **own, **(headers or {})})

    def twice(self, client=None, headers=None, **fields):
        """What is good for one time: taken, then refused."""
        first = self.token(client, headers, **fields)
        self.assertEqual(first.status, 200, first)
        self.assertGreaterEqual(self.token(client, headers, **fields).status, 400)
        return first.json()

    def check(self, *expected):
        self.assertEqual(set(expected) - set(self.known), set())
        self.assertTrue(self.server.log())
        for folder, _, files in os.walk(self.server.data_dir):
            for file in files:
                with open(os.path.join(folder, file), "rb") as content:
                    text = content.read()
                for what, secret in self.known.items():
                    for form_of in (secret, urllib.parse.quote_plus(secret)):
                        self.assertFalse(form_of.encode() in text, f"{what} is in {file}")

    def test_of_clients(self):
        client = self.register("client_credentials")
        self.know("access token",
                  self.token(client, grant_type="client_credentials").json()["access_token"])
        wrong = {**client, "client_secret": self.know("wrong secret", "s" + secrets.token_hex(16))}
        self.assertEqual(self.token(wrong, grant_type="client_credentials").status, 401)
        own = bearer(client["registration_access_token"])
        uri = client["registration_client_uri"]
        self.assertEqual(call(uri, headers=own).status, 200)
        self.assertEqual(call(uri + "x", headers=own).status, 401)

        signing = self.register("client_credentials", token_endpoint_auth_method="private_key_jwt",
                                jwks={"keys": [self.public]})
        name = signing["client_id"]
        assertion = self.know("client assertion", self.signed(
            {}, {"iss": name, "sub": name, "aud": self.endpoint}))
        self.twice(grant_type="client_credentials", client_assertion_type=ASSERTION_TYPE,
                   client_assertion=assertion)
        self.check("client secret", "registration token", "client assertion", "wrong secret")

    def test_of_assertions_and_proofs(self):
        client = self.register("client_credentials", JWT_BEARER)
        issuer = "https://idp.example.com"
        self.trust(issuer)
        assertion = self.know("assertion", self.signed(
            {}, {"iss": issuer, "sub": "admin", "aud": self.endpoint}))
        issued = self.twice(client, grant_type=JWT_BEARER, assertion=assertion)
        self.know("access token", issued["access_token"])

        proof = self.know("proof", self.signed({"typ": "dpop+jwt", "jwk": self.public},
                                               {"htm": "POST", "htu": self.endpoint}))
        bound = self.twice(client, {"DPoP": proof}, grant_type="client_credentials")
        token = self.know("bound token", bound["access_token"])
        url = f"https://localhost:{self.server.port(8243)}/x/1.0.0/x"
        digest = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode()
        shown = self.know("proof for the gateway", self.signed(
            {"typ": "dpop+jwt", "jwk": self.public},
            {"htm": "GET", "htu": url, "ath": digest.rstrip("=")}))
        for _ in range(2):
            call(url, headers={"Authorization": "DPoP " + token, "DPoP": shown})
        # In an address, where it must not be.
        call(self.base + "/oauth2/userinfo?access_token=" + token)
        call(self.server.gateway("/x/1.0.0/x?access_token=" + token))
        self.check("assertion", "proof", "proof for the gateway", "bound token")

    def trust(self, issuer):
        database = sqlite3.connect(os.path.join(self.server.data_dir, "api_manager.db"),
                                   timeout=10)
        database.execute(
            "INSERT INTO am_trusted_issuer (tenant_id, issuer, document) VALUES (1, ?, ?)",
            (issuer, json.dumps({"jwks": {"keys": [self.public]}})))
        database.commit()
        database.close()

    def test_of_browsers_and_devices(self):
        client = self.register(DEVICE_GRANT, "refresh_token")
        self.know("password", PASSWORD)
        browser = Browser()
        wrong = self.know("wrong password", "not the " + PASSWORD)
        digest = hashlib.sha256(self.know("verifier", secrets.token_urlsafe(48)).encode()).digest()
        query = form(client_id=client["client_id"], redirect_uri=CALLBACK, response_type="code",
                     scope="openid", code_challenge_method="S256", state="s",
                     code_challenge=base64.urlsafe_b64encode(digest).decode().rstrip("="))
        browser.open(self.base + "/oauth2/authorize?" + query)
        self.assertEqual(browser.submit(username="admin", password=wrong), 401)
        browser.submit(username="admin", password=PASSWORD)
        browser.submit(consent="approve")
        for cookie in browser.cookies:
            self.know("cookie " + cookie.name, cookie.value)
        code = self.know("code", browser.answer()["code"])
        issued = self.twice(client, grant_type="authorization_code", code=code,
                            redirect_uri=CALLBACK, code_verifier=self.known["verifier"])
        for name in ("access_token", "refresh_token", "id_token"):
            self.know(name, issued[name])
        self.token(client, grant_type="refresh_token", refresh_token=issued["refresh_token"])

        begun = call(self.base + "/oauth2/device_authorize", "POST", form(scope="openid"),
                     {**FORM, **basic(client["client_id"], client["client_secret"])}).json()
        self.know("device code", begun["device_code"])
        self.know("user code", begun["user_code"])
        browser.open(begun["verification_uri_complete"])
        browser.submit()
        self.assertEqual(browser.submit(consent="approve"), 200)
        self.twice(client, grant_type=DEVICE_GRANT, device_code=begun["device_code"])
        browser.open(self.base + "/oidc/logout?id_token_hint=" + issued["id_token"])
        self.check("device code", "user code", "code", "password", "wrong password", "id_token")

    def test_of_accounts(self):
        password = self.know("password", self.admin.create_user(
            "sue", ["Internal/subscriber"], "A-long-Passw0rd-of-sue!"))
        page = self.base + "/oauth2/second-factor"
        browser = Browser()
        browser.open(page)
        browser.submit(username="sue", password=password)
        browser.open(page)
        seed = self.know("authenticator secret",
                         re.search(r"<code>([A-Z2-7]+)</code>", browser.text)[1])
        code = totp(seed, time.time() - 30)
        self.assertEqual(browser.submit(code=code, password=password), 200)
        recovery = re.findall(r"<li>([a-z2-7-]+)</li>", browser.text)
        for number, text in enumerate(recovery):
            self.know(f"recovery code {number}", text)
        for status in (303, 401):
            other = Browser()
            other.open(self.base + "/oauth2/account")
            other.submit(username="sue", password=password)
            self.assertEqual(other.submit(code=recovery[0]), status)

        made = subprocess.run(
            [BINARY, "user", "reset-password", "sue", "--link", "--data-dir",
             self.server.data_dir, "--set", f"server.port_offset={self.server.offset}"],
            capture_output=True, text=True, timeout=60, check=True)
        link = made.stdout.split()[-1]
        self.know("reset link", urllib.parse.urlsplit(link).query.partition("=")[2])
        fresh = self.know("new password", "an entirely fresh password")
        self.assertEqual(browser.open(link), 200)
        self.assertEqual(browser.submit(new_password=fresh, repeat_password=fresh), 200)
        self.assertEqual(browser.open(link), 400)
        self.check("authenticator secret", "recovery code 9", "reset link", "new password")

    def test_of_directories(self):
        self.know("bind password", MANAGER_PASSWORD)
        password = self.know("password of a person", "lena-has-a-secret")
        settings = {"name": "Company", "urls": [self.directory.url("ldaps")],
                    "userBase": f"ou=people,{BASE}", "bindDn": MANAGER,
                    "caCertificates": base64.b64encode(self.directory.certificate()).decode(),
                    "bindPassword": MANAGER_PASSWORD, "userFilter": "(objectClass=inetOrgPerson)",
                    "groupBase": f"ou=groups,{BASE}", "defaultRoles": ["Internal/subscriber"],
                    "groupRoles": []}
        store = self.admin.must(201, "POST", f"{ADMIN}/user-stores", settings).json()
        self.assertNotIn(MANAGER_PASSWORD, json.dumps(store))
        applications = self.base + f"{DEVPORTAL}/applications"
        self.assertEqual(call(applications, headers=basic("lena", password)).status, 200)
        wrong = self.know("wrong password", "lena-forgot-her-secret")
        self.assertEqual(call(applications, headers=basic("lena", wrong)).status, 401)
        # A bind that the directory refuses, and a directory that is away.
        refused = self.know("wrong bind password", "of-somebody-else")
        call(self.base + f"{ADMIN}/user-stores/{store['id']}", "PUT",
             {**settings, "bindPassword": refused}, bearer(self.admin.token["access_token"]))
        self.assertEqual(call(applications, headers=basic("lena", wrong)).status, 503)
        self.directory.stop()
        call(applications, headers=basic("lena", password))
        self.check("bind password", "wrong bind password", "password of a person")


if __name__ == "__main__":
    unittest.main()
