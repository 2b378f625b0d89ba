# SPDX-License-Identifier: Apache-2.0
"""People sign in with a browser: codes, consent, logout, devices, pushed requests, two steps."""

import base64
import concurrent.futures
import hashlib
import os
import re
import secrets
import subprocess
import time
import unittest
import urllib.parse

from support.browser import Browser
from support.server import BINARY, FORM, PASSWORD, Server, basic, bearer, call, form
from support.totp import totp
from support.walk import User

CALLBACK = "https://app.example/callback"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = f"authorization_code refresh_token {DEVICE_GRANT}"


class Login(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.admin = User(cls.server)

    def client(self, name, grants=GRANTS):
        answer = call(
            self.server.url("/client-registration/v0.17/register"), "POST",
            {"callbackUrl": CALLBACK, "clientName": name, "owner": "admin", "grantType": grants,
             "saasApp": True}, basic("admin", PASSWORD))
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["clientId"], answer.json()["clientSecret"]

    def token(self, client, base=None, **fields):
        url = base or self.server.url("/oauth2/token")
        return call(url, "POST", form(**fields), {**FORM, **basic(*client)})

    def request(self, client, **more):
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        fields = {"client_id": client[0], "redirect_uri": CALLBACK, "response_type": "code",
                  "scope": "openid profile", "state": secrets.token_urlsafe(8),
                  "code_challenge": challenge, "code_challenge_method": "S256", **more}
        return fields, verifier

    def authorize(self, browser, fields, base=None):
        url = base or self.server.url("/oauth2/authorize")
        return browser.open(url + "?" + urllib.parse.urlencode(fields))

    def redeem(self, client, code, verifier, base=None):
        return self.token(client, base, grant_type="authorization_code", code=code,
                          redirect_uri=CALLBACK, code_verifier=verifier)

    def sign_in(self, browser, name="admin", password=PASSWORD):
        return browser.submit(username=name, password=password)

    def test_when_too_many_sign_in_at_once_the_others_are_told_to_come_again(self):
        client = self.client("crowd", "password")
        browser = Browser()
        self.authorize(browser, self.request(self.client("crowd-page"))[0])
        shown = browser.page().forms[0]
        page = urllib.parse.urljoin(browser.url, shown["action"])
        cookie = "; ".join(f"{one.name}={one.value}" for one in browser.cookies)
        pair = {"username": "admin", "password": PASSWORD}

        def sign_in(number):
            if number % 2:
                return self.token(client, grant_type="password", **pair)
            fields = {**shown["fields"], **pair}
            return call(page, "POST", form(**fields), {**FORM, "Cookie": cookie})

        with concurrent.futures.ThreadPoolExecutor(80) as pool:
            answers = list(pool.map(sign_in, range(80)))
        self.assertEqual({answer.status for answer in answers}, {200, 503})
        for number, answer in enumerate(answers):
            kind = "application/json" if number % 2 else "text/html"
            self.assertIn(kind, answer.headers["content-type"])
            if answer.status == 503:
                self.assertEqual(answer.headers["retry-after"], "1")
                text = "temporarily_unavailable" if number % 2 else "try again in a moment"
                self.assertIn(text, answer.body.decode())

    def test_a_code_with_proof_key_consent_and_logout(self):
        client = self.client("journey")
        browser = Browser()
        fields, verifier = self.request(client)
        self.assertEqual(self.authorize(browser, fields), 200)
        page = browser.page()
        self.assertEqual((page.language, page.headings, page.scripts), ("en", 1, 0))
        for entry in page.forms[0]["inputs"]:
            self.assertIn(entry["id"], page.labels)
        self.assertEqual([entry["name"] for entry in page.forms[0]["inputs"]],
                         ["username", "password"])
        self.assertIn("default-src 'none'", browser.headers["Content-Security-Policy"])
        self.assertNotIn("unsafe-inline", browser.headers["Content-Security-Policy"])

        self.assertEqual(self.sign_in(browser, password="wrong"), 401)
        self.assertEqual(self.sign_in(browser), 200)
        self.assertEqual(browser.page().forms[0]["buttons"],
                         [("consent", "approve"), ("consent", "deny")])
        self.assertEqual(browser.submit(consent="approve"), 303)
        self.assertTrue(browser.location.startswith(CALLBACK + "?"))
        answer = browser.answer()
        self.assertEqual(answer["state"], fields["state"])
        metadata = call(self.server.url("/.well-known/openid-configuration")).json()
        self.assertEqual(answer["iss"], metadata["issuer"])

        issued = self.redeem(client, answer["code"], verifier)
        self.assertEqual(issued.status, 200, issued)
        token = issued.json()["access_token"]
        info = call(self.server.url("/oauth2/userinfo"), headers=bearer(token))
        self.assertEqual(info.json()["preferred_username"], "admin")

        # Remembered: no page any more, and silently too.
        self.assertEqual(self.authorize(browser, self.request(client)[0]), 302)
        self.assertIn("code", browser.answer())
        self.assertEqual(self.authorize(browser, self.request(client, prompt="none")[0]), 302)
        self.assertIn("code", browser.answer())

        self.assertEqual(browser.open(self.server.url("/oidc/logout")), 200)
        self.assertEqual(browser.submit(logout="yes"), 200)
        self.authorize(browser, self.request(client, prompt="none")[0])
        self.assertEqual(browser.answer()["error"], "login_required")

    def test_a_replayed_code_takes_back_what_it_gave(self):
        client = self.client("replay")
        browser = Browser()
        fields, verifier = self.request(client)
        self.authorize(browser, fields)
        self.sign_in(browser)
        browser.submit(consent="approve")
        code = browser.answer()["code"]
        issued = self.redeem(client, code, verifier).json()
        url = self.server.url("/oauth2/userinfo")
        self.assertEqual(call(url, headers=bearer(issued["access_token"])).status, 200)
        again = self.redeem(client, code, verifier)
        self.assertEqual((again.status, again.json()["error"]), (400, "invalid_grant"))
        self.assertEqual(call(url, headers=bearer(issued["access_token"])).status, 401)
        refreshed = self.token(client, grant_type="refresh_token",
                               refresh_token=issued["refresh_token"])
        self.assertEqual(refreshed.json()["error"], "invalid_grant")

    def test_what_is_not_ours_is_refused_on_a_page(self):
        client = self.client("refused")
        browser = Browser()
        fields, _ = self.request(client, redirect_uri="https://evil.example/callback")
        self.assertEqual(self.authorize(browser, fields), 400)
        self.assertEqual(browser.location, "")
        self.authorize(browser, self.request(client)[0])
        form_fields = browser.page().forms[0]["fields"]
        del form_fields["csrf"]
        self.assertEqual(
            browser.open(self.server.url("/oauth2/authorize"),
                         {**form_fields, "username": "admin", "password": PASSWORD}), 403)
        self.authorize(browser, self.request(client)[0])
        self.sign_in(browser)
        form_fields = browser.page().forms[0]["fields"]
        del form_fields["csrf"]
        self.assertEqual(
            browser.open(self.server.url("/oauth2/authorize"),
                         {**form_fields, "consent": "approve"}), 403)

    def test_everything_works_behind_the_gateway(self):
        client = self.client("gateway")
        browser = Browser()
        fields, verifier = self.request(client)
        self.assertEqual(self.authorize(browser, fields, self.server.gateway("/authorize")), 200)
        self.assertEqual(self.sign_in(browser), 200, browser.text)
        self.assertEqual(browser.url, self.server.gateway("/authorize"))
        self.assertEqual(browser.submit(consent="approve"), 303)
        issued = self.redeem(client, browser.answer()["code"], verifier,
                             self.server.gateway("/token"))
        self.assertEqual(issued.status, 200, issued)
        info = call(self.server.gateway("/userinfo"), headers=bearer(issued.json()["access_token"]))
        self.assertEqual((info.status, info.json()["preferred_username"]), (200, "admin"))
        # The session of the one port is that of the other.
        self.authorize(browser, self.request(client, prompt="none")[0])
        self.assertIn("code", browser.answer())

    def test_a_pushed_request_is_used_once(self):
        client = self.client("pushed")
        browser = Browser()
        fields, verifier = self.request(client)
        pushed = call(self.server.url("/oauth2/par"), "POST", form(**fields),
                      {**FORM, **basic(*client)})
        self.assertEqual(pushed.status, 201, pushed)
        short = {"client_id": client[0], "request_uri": pushed.json()["request_uri"]}
        self.assertEqual(self.authorize(browser, short), 200)
        self.sign_in(browser)
        self.assertEqual(browser.submit(consent="approve"), 303)
        answer = browser.answer()
        self.assertEqual(answer["state"], fields["state"])
        self.assertEqual(self.redeem(client, answer["code"], verifier).status, 200)
        self.assertEqual(self.authorize(browser, short), 400)

    def test_a_device_gets_in(self):
        client = self.client("device")
        begun = call(self.server.url("/oauth2/device_authorize"), "POST", form(scope="openid"),
                     {**FORM, **basic(*client)}).json()

        def poll():
            return self.token(client, grant_type=DEVICE_GRANT, device_code=begun["device_code"])

        self.assertEqual(poll().json()["error"], "authorization_pending")
        self.assertEqual(poll().json()["error"], "slow_down")
        browser = Browser()
        browser.open(self.server.url("/oauth2/device"))
        self.assertEqual(browser.submit(user_code="BBBB-BBBB"), 400)
        self.assertEqual(browser.submit(user_code=begun["user_code"]), 200)
        self.assertEqual(self.sign_in(browser), 200)
        self.assertIn(begun["user_code"], browser.text)
        self.assertEqual(browser.submit(consent="approve"), 200)
        issued = poll()
        self.assertEqual((issued.status, issued.json()["scope"]), (200, "openid"))

    def test_two_steps_and_recovery_codes(self):
        password = self.admin.create_user("paula", ["Internal/subscriber"])
        browser = Browser()
        page = self.server.url("/oauth2/second-factor")
        browser.open(page)
        self.assertEqual(self.sign_in(browser, "paula", password), 303)
        browser.open(page)
        secret = re.search(r"<code>([A-Z2-7]+)</code>", browser.text)[1]
        self.assertIn("<svg", browser.text)
        # A code of the step before, so that the present one is still good.
        before = totp(secret, time.time() - 30)
        self.assertEqual(browser.submit(code=before, password=password), 200)
        recovery = re.findall(r"<li>([a-z2-7-]+)</li>", browser.text)
        self.assertEqual(len(recovery), 10)

        client = self.client("two steps")
        for code in (totp(secret, time.time() + 30), recovery[0]):
            other = Browser()
            self.authorize(other, self.request(client)[0])
            self.assertEqual(self.sign_in(other, "paula", password), 200)
            self.assertEqual(other.page().forms[0]["inputs"][0]["name"], "code")
            self.assertIn(other.submit(code=code), (200, 303))
            self.assertNotIn('name="code"', other.text)
        again = Browser()
        self.authorize(again, self.request(client)[0])
        self.sign_in(again, "paula", password)
        self.assertEqual(again.submit(code=recovery[0]), 401)

    def test_a_password_is_reset_by_a_link(self):
        password = self.admin.create_user("rita", ["Internal/subscriber"])
        session = Browser()
        account = self.server.url("/oauth2/account")
        session.open(account)
        self.assertEqual(self.sign_in(session, "rita", password), 303)
        made = subprocess.run(
            [BINARY, "user", "reset-password", "rita", "--link", "--data-dir",
             self.server.data_dir, "--set", f"server.port_offset={self.server.offset}"],
            capture_output=True, text=True, timeout=60, check=True)
        link = made.stdout.split()[-1].replace("localhost", "127.0.0.1")
        self.assertTrue(link.startswith(self.server.url("/oauth2/password-reset?token=")), link)
        browser = Browser()
        self.assertEqual(browser.open(link), 200)
        fresh = "an entirely fresh password"
        self.assertEqual(browser.submit(new_password=fresh, repeat_password=fresh), 200)
        self.assertEqual(browser.open(link), 400)
        session.open(account)
        self.assertIn('name="password"', session.text)
        session.open(account)
        self.assertEqual(self.sign_in(session, "rita", password), 401)
        self.assertEqual(self.sign_in(session, "rita", fresh), 303)


class Looks(unittest.TestCase):
    def test_a_theme_shows_at_once(self):
        with Server() as server:
            folder = os.path.join(server.data_dir, "themes", "carbon.super")
            browser = Browser()
            url = server.url("/oauth2/account")
            browser.open(url)
            self.assertIn("Gatehouse", browser.text)
            os.makedirs(folder)
            for name, text in (("name.txt", "Pizza & Co"), ("style.css", "h1 { color: #a00 }"),
                               ("logo.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")):
                with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
                    out.write(text)
            browser.open(url)
            self.assertIn("Pizza &amp; Co", browser.text)
            style = re.search(r"<style>(.*?)</style>", browser.text, re.DOTALL)[1]
            self.assertIn("h1 { color: #a00 }", style)
            digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
            self.assertIn(f"'sha256-{digest}'", browser.headers["Content-Security-Policy"])
            self.assertIn("data:image/svg+xml;base64,", browser.text)

    def test_the_implicit_grant_is_there_only_where_it_is_configured(self):
        for settings, types in (((), ["code"]),
                                (("login.implicit_tenants=carbon.super",),
                                 ["code", "token", "id_token", "id_token token"])):
            with Server(*settings) as server:
                metadata = call(server.url("/.well-known/openid-configuration")).json()
                self.assertEqual(metadata["response_types_supported"], types)
                client = call(
                    server.url("/client-registration/v0.17/register"), "POST",
                    {"callbackUrl": CALLBACK, "clientName": "spa", "owner": "admin",
                     "grantType": "implicit"}, basic("admin", PASSWORD)).json()
                browser = Browser()
                query = form(client_id=client["clientId"], redirect_uri=CALLBACK,
                             response_type="token", scope="openid", state="s")
                browser.open(server.url("/oauth2/authorize?" + query))
                if len(types) == 1:
                    self.assertEqual(browser.answer()["error"], "unsupported_response_type")
                    continue
                browser.submit(username="admin", password=PASSWORD)
                self.assertEqual(browser.submit(consent="approve"), 303)
                self.assertTrue(browser.location.startswith(CALLBACK + "#"))
                token = browser.answer()["access_token"]
                info = call(server.url("/oauth2/userinfo"), headers=bearer(token))
                self.assertEqual(info.status, 200, info)


if __name__ == "__main__":
    unittest.main()
