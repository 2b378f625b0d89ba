# SPDX-License-Identifier: Apache-2.0
"""A forgotten password is set by a link that comes by mail, from a mail server of others."""

import email
import email.policy
import os
import queue
import re
import ssl
import subprocess
import tempfile
import time
import unittest

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from support.browser import Browser
from support.ports import free_port
from support.server import FORM, Server, basic, call, form
from support.walk import ADMIN, User

SECONDS_MAX = 30
MAIL_USER, MAIL_PASSWORD = "gatehouse", "of the mail server"
LINK = re.compile(r"https://\S+/oauth2/password-reset\?token=(\S+)")


class Postman:
    """Keeps what comes, and refuses as often as it is told."""

    def __init__(self):
        self.mails = queue.Queue()
        self.refusals = queue.Queue()
        self.encrypted = []
        self.users = []

    async def handle_DATA(self, server, session, envelope):
        if not self.refusals.empty():
            return self.refusals.get()
        self.encrypted.append(session.ssl is not None or server.transport.get_extra_info(
            "ssl_object") is not None)
        self.mails.put(envelope)
        return "250 taken"

    def authenticate(self, server, session, envelope, mechanism, data):
        good = (data.login, data.password) == (MAIL_USER.encode(), MAIL_PASSWORD.encode())
        self.users.append(data.login)
        return AuthResult(success=good)


class MailServer(Controller):
    """STARTTLS or TLS from the first byte; takes nothing from whoever is not signed in."""

    def __init__(self, postman, context, implicit=False, demands=True):
        self.context, self.implicit, self.demands = context, implicit, demands
        self.postman = postman
        super().__init__(postman, hostname="127.0.0.1", port=free_port(),
                         ssl_context=context if implicit else None)

    def factory(self):
        return SMTP(self.postman, hostname="mail.test",
                    tls_context=None if self.implicit else self.context,
                    require_starttls=self.demands and not self.implicit,
                    auth_required=self.demands, authenticator=self.postman.authenticate,
                    auth_require_tls=self.demands and not self.implicit)


def certificate(folder, name):
    key, chain = (os.path.join(folder, f"{name}.{end}") for end in ("key", "crt"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=mail", "-addext",
         f"subjectAltName={name}", "-keyout", key, "-out", chain], check=True,
        capture_output=True)
    return key, chain


class Mail(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        key, cls.chain = certificate(cls.folder, "IP:127.0.0.1")
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(cls.chain, key)
        cls.password_file = os.path.join(cls.folder, "mail-password")
        with open(cls.password_file, "w", encoding="utf-8") as file:
            file.write(MAIL_PASSWORD + "\n")
        cls.postman = Postman()
        cls.mail_server = MailServer(cls.postman, cls.context)
        cls.mail_server.start()
        cls.addClassCleanup(cls.mail_server.stop)
        cls.server = cls.enterClassContext(Server(*cls.settings(cls.mail_server)))
        cls.admin = User(cls.server)

    @classmethod
    def settings(cls, mail_server, **more):
        values = {"host": "127.0.0.1", "port": mail_server.port, "from": "gatehouse@mail.test",
                  "security": "starttls", "username": MAIL_USER,
                  "password_file": cls.password_file, "ca": cls.chain, **more}
        return [f"mail.{name}={value}" for name, value in values.items()]

    def make_user(self, name, **more):
        return self.admin.must(201, "POST", f"{ADMIN}/users", {
            "userName": name, "password": "A-long-Passw0rd!", "roles": ["Internal/subscriber"],
            **more})

    def ask(self, name, server=None, status=200):
        browser = Browser()
        page = (server or self.server).url("/oauth2/forgotten-password")
        self.assertEqual(browser.open(page), 200)
        fields = dict(browser.page().forms[0]["fields"], username=name)
        self.assertEqual(browser.open(page, fields), status, browser.text)
        return browser.text

    def next_mail(self, postman=None):
        return (postman or self.postman).mails.get(timeout=SECONDS_MAX)

    def link_in(self, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        return message, LINK.search(message.get_content()).group(1)

    def log_in(self, name, password):
        return call(self.server.url("/oauth2/token"), "POST",
                    form(grant_type="password", username=name, password=password),
                    {**FORM, **basic(*self.admin.client)}).status

    def set_password(self, token, password):
        browser = Browser()
        page = self.server.url("/oauth2/password-reset")
        if browser.open(f"{page}?token={token}") != 200:
            return browser.status
        fields = dict(browser.page().forms[0]["fields"], new_password=password,
                      repeat_password=password)
        return browser.open(page, fields)

    def test_a_link_comes_by_mail_and_holds_once(self):
        self.make_user("forgetful", email="forgetful@example.org")
        browser = Browser()
        browser.open(self.server.url("/oauth2/account"))
        self.assertIn("/oauth2/forgotten-password", browser.text)
        self.ask("forgetful")
        envelope = self.next_mail()
        self.assertEqual((envelope.mail_from, envelope.rcpt_tos),
                         ("gatehouse@mail.test", ["forgetful@example.org"]))
        message, token = self.link_in(envelope)
        self.assertEqual(message["To"], "forgetful@example.org")
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertEqual(message.defects, [])
        self.assertEqual(self.postman.encrypted[-1], True)
        self.assertEqual(self.postman.users[-1], MAIL_USER.encode())
        self.assertEqual(self.set_password(token, "Fresh-Passw0rd!"), 200)
        self.assertEqual(self.log_in("forgetful", "Fresh-Passw0rd!"), 200)
        self.assertEqual(self.log_in("forgetful", "A-long-Passw0rd!"), 400)
        self.assertEqual(self.set_password(token, "Third-Passw0rd!"), 400)
        for path in ("server.log", "access.log"):
            path = os.path.join(self.server.data_dir, path)
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                self.assertNotIn(token, text)
                self.assertNotIn(MAIL_PASSWORD, text)

    def test_nobody_learns_who_has_an_account(self):
        self.make_user("known", email="known@example.org")
        self.make_user("unreachable")
        pages = {self.page_of(self.ask(name)) for name in ("unknown", "unreachable", "known")}
        self.assertEqual(len(pages), 1)
        # The three were asked in this order, and the last one's mail is the first.
        self.assertEqual(self.next_mail().rcpt_tos, ["known@example.org"])

    @staticmethod
    def page_of(text):
        return text[text.index("<main"):text.index("</main>")]

    def test_a_server_that_is_busy_is_asked_again(self):
        self.make_user("patient", email="patient@example.org")
        self.postman.refusals.put("451 later")
        self.ask("patient")
        envelope = self.next_mail()
        self.assertEqual(envelope.rcpt_tos, ["patient@example.org"])
        self.assertTrue(self.postman.refusals.empty())

    def test_what_is_asked_too_often_waits(self):
        for _ in range(4):
            self.ask("no-such-name")
        self.ask("no-such-name", status=429)

    def test_administrators_ask_for_a_link(self):
        self.make_user("helped", email="helped@example.org")
        path = f"{ADMIN}/users/helped/password-reset"
        answer = self.admin.must(201, "POST", path, {}).json()
        self.assertFalse(answer["mailed"])
        self.assertGreater(answer["expiryTime"], time.time() * 1000)
        token = LINK.search(answer["link"]).group(1)
        # The next one ends it.
        self.assertEqual(self.admin.must(201, "POST", path, {"mail": True}).json(),
                         {"mailed": True})
        _, mailed = self.link_in(self.next_mail())
        self.assertEqual(self.set_password(token, "Fresh-Passw0rd!"), 400)
        self.assertEqual(self.log_in("helped", "A-long-Passw0rd!"), 200)
        self.assertEqual(self.set_password(mailed, "Fresh-Passw0rd!"), 200)
        self.assertEqual(self.log_in("helped", "Fresh-Passw0rd!"), 200)
        self.make_user("mute")
        self.assertEqual(self.admin.call(
            "POST", f"{ADMIN}/users/mute/password-reset", {"mail": True}).status, 400)
        self.assertEqual(self.admin.call(
            "POST", f"{ADMIN}/users/nobody-here/password-reset", {}).status, 404)
        helped = User(self.server, "helped", "Fresh-Passw0rd!")
        self.assertEqual(helped.call("POST", path, {}).status, 403)

    def test_transport(self):
        implicit = MailServer(Postman(), self.context, implicit=True)
        plain = MailServer(Postman(), None, demands=False)
        starttls = MailServer(Postman(), self.context)
        _, other = certificate(self.folder, "DNS:elsewhere.test")
        rows = (
            ("tls", implicit, {"security": "tls"}, True),
            ("none, on this machine", plain,
             {"security": "none", "username": "", "password_file": ""}, True),
            ("starttls is not offered", plain, {"username": "", "password_file": ""}, False),
            ("another authority", starttls, {"ca": other}, False),
            ("another name", starttls, {"host": "localhost"}, False),
        )
        for mail_server in (implicit, plain, starttls):
            mail_server.start()
            self.addCleanup(mail_server.stop)
        for name, mail_server, more, taken in rows:
            with self.subTest(name), Server(*self.settings(mail_server, **more)) as server:
                admin = User(server)
                admin.must(201, "POST", f"{ADMIN}/users", {
                    "userName": "anna", "password": "A-long-Passw0rd!",
                    "email": "anna@example.org"})
                self.ask("anna", server)
                if taken:
                    self.next_mail(mail_server.postman)
                    continue
                self.wait_for_log(server, b"The mail server did not take the mail")
                self.assertTrue(mail_server.postman.mails.empty())

    def wait_for_log(self, server, text):
        deadline = time.monotonic() + SECONDS_MAX
        while True:
            with open(server.log_path, "rb") as file:
                if text in file.read():
                    return
            self.assertLess(time.monotonic(), deadline, text)
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main()
