# SPDX-License-Identifier: Apache-2.0
"""Apache's mod_auth_openidc, a certified relying party, lets people in with our login pages."""

import os
import subprocess
import tempfile
import unittest
import urllib.parse

from support.apache import Apache
from support.backend import Recorder
from support.browser import Browser
from support.server import FORM, PASSWORD, Server, basic, bearer, call, form


def query_of(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


class ModAuthOpenidc(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.application = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server("server.allow_private_fetches=true"))
        cls.base = f"https://localhost:{cls.server.port(9443)}"

    def apache(self, method="client_secret_basic", directives=""):
        """An Apache that knows the server by its metadata alone, and its client."""
        apache = Apache(self.base + "/oauth2/token/.well-known/openid-configuration",
                        os.path.join(self.server.data_dir, "tls.crt"), self.application.url)
        answer = call(self.base + "/oauth2/register", "POST", {
            "client_name": "Apache",
            "redirect_uris": [apache.url + "/app/redirect_uri"],
            "post_logout_redirect_uris": [apache.url + "/goodbye"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": method,
            "jwks_uri": apache.url + "/app/redirect_uri?jwks=rsa",
        }, basic("admin", PASSWORD))
        self.assertEqual(answer.status, 201, answer)
        self.client = answer.json()
        apache.client = f"OIDCClientID {self.client['client_id']}\n{directives}"
        if method == "client_secret_basic":
            secret = self.client["client_secret"]
            apache.client += (
                f"OIDCClientSecret {secret}\n"
                f"OIDCOAuthIntrospectionEndpoint {self.base}/oauth2/introspect\n"
                f"OIDCOAuthClientID {self.client['client_id']}\n"
                f"OIDCOAuthClientSecret {secret}\n"
                "OIDCOAuthTokenIntrospectionInterval -1\n"
                "OIDCOAuthRemoteUserClaim username\n")
        return self.enterContext(apache)

    def seen(self):
        """Header fields of the last request that reached the application."""
        return {name.lower(): value for name, value in self.application.last()["headers"]}

    def follow(self, browser):
        """Goes where the browser is sent, while it is sent there by Apache."""
        browser.open(urllib.parse.urljoin(browser.url, browser.location))

    def sign_in(self, browser, apache):
        page = apache.url + "/app/page?x=1"
        self.assertEqual(browser.open(page), 302, apache.log())
        asked = query_of(browser.location)
        self.assertTrue(browser.location.startswith(self.base + "/oauth2/authorize?"))
        self.assertEqual(asked["code_challenge_method"], "S256")
        self.assertEqual(len(asked["code_challenge"]), 43)
        self.follow(browser)
        self.assertEqual(browser.submit(username="admin", password=PASSWORD), 200)
        self.assertEqual(browser.submit(consent="approve"), 303)
        self.assertTrue(browser.location.startswith(apache.url + "/app/redirect_uri?"))
        self.follow(browser)
        self.assertEqual((browser.status, browser.location), (302, page), apache.log())
        self.follow(browser)
        self.assertEqual(browser.status, 200, apache.log())
        return self.seen()

    def active(self, token):
        answer = call(self.base + "/oauth2/introspect", "POST", form(token=token),
                      {**FORM, **basic("admin", PASSWORD)})
        return answer.json()["active"]

    def test_a_user_signs_in_refreshes_and_out(self):
        apache = self.apache()
        browser = Browser()
        seen = self.sign_in(browser, apache)
        self.assertEqual(seen["oidc_claim_preferred_username"], "admin")
        self.assertEqual(seen["oidc_claim_iss"], self.base + "/oauth2/token")
        self.assertEqual(seen["oidc_claim_aud"], self.client["client_id"])
        self.assertIn("admin", seen["oidc_claim_groups"].split(","))
        for claim in ("sub", "sid", "auth_time", "nonce"):
            self.assertTrue(seen["oidc_claim_" + claim], claim)
        first = seen["oidc_access_token"]
        self.assertTrue(self.active(first))

        query = urllib.parse.urlencode({"refresh": apache.url + "/app/again",
                                        "access_token": first})
        browser.open(f"{apache.url}/app/redirect_uri?{query}")
        self.assertEqual(browser.location, apache.url + "/app/again", apache.log())
        self.follow(browser)
        renewed = self.seen()
        self.assertNotEqual(renewed["oidc_access_token"], first)
        self.assertEqual(renewed["oidc_claim_sub"], seen["oidc_claim_sub"])
        self.assertTrue(self.active(renewed["oidc_access_token"]))
        self.check_logout(browser, apache, renewed["oidc_access_token"])

    def check_logout(self, browser, apache, token):
        query = urllib.parse.urlencode({"logout": apache.url + "/goodbye"})
        browser.open(f"{apache.url}/app/redirect_uri?{query}")
        self.assertTrue(browser.location.startswith(self.base + "/oidc/logout?"), apache.log())
        self.assertIn("id_token_hint", query_of(browser.location))
        self.follow(browser)
        self.assertEqual(browser.location.split("?")[0], apache.url + "/goodbye")
        # The module takes the tokens back as well.
        self.assertFalse(self.active(token))
        self.assertEqual(browser.open(apache.url + "/app/page"), 302)
        self.follow(browser)
        self.assertIn('name="password"', browser.text)

    def test_who_is_signed_on_comes_in_silently(self):
        apache = self.apache()
        browser = Browser()
        seen = self.sign_in(browser, apache)
        self.application.requests.clear()
        browser.cookies.clear("localhost.local", "/", "mod_auth_openidc_session")
        self.assertEqual(browser.open(apache.url + "/app/other"), 302)
        self.follow(browser)
        self.assertEqual(browser.status, 302, browser.text)
        self.follow(browser)
        self.follow(browser)
        self.assertEqual(self.seen()["oidc_claim_sid"], seen["oidc_claim_sid"])

    def test_the_module_proves_itself_by_its_key(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        key, certificate = (os.path.join(folder, name) for name in ("key.pem", "crt.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=apache", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        # Its public key is where the module publishes it.
        apache = self.apache(
            "private_key_jwt",
            f"OIDCPublicKeyFiles apache#{certificate}\nOIDCPrivateKeyFiles apache#{key}\n"
            "OIDCProviderTokenEndpointAuth private_key_jwt\n")
        seen = self.sign_in(Browser(), apache)
        self.assertEqual(seen["oidc_claim_preferred_username"], "admin")

    def test_access_tokens_open_what_the_module_guards(self):
        apache = self.apache()
        token = self.sign_in(Browser(), apache)["oidc_access_token"]
        url = apache.url + "/resource/x"
        self.assertEqual(call(url).status, 401)
        self.assertEqual(call(url, headers=bearer("x")).status, 401)
        forged = {**bearer(token), "OIDC_CLAIM_username": "somebody"}
        self.assertEqual(call(url, headers=forged).status, 200, apache.log())
        self.assertEqual(self.seen()["oidc_claim_username"], "admin")
        revoked = call(self.base + "/oauth2/revoke", "POST", form(token=token),
                       {**FORM, **basic(self.client["client_id"], self.client["client_secret"])})
        self.assertEqual(revoked.status, 200)
        self.assertEqual(call(url, headers=bearer(token)).status, 401)


if __name__ == "__main__":
    unittest.main()
