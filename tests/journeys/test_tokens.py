# SPDX-License-Identifier: Apache-2.0
"""Tokens and accidents: kill -9 while they are issued and rotated; revocation at every worker."""

import http.client
import ssl
import threading
import unittest
from urllib.parse import urlencode

from support import revoking
from support.backend import Recorder
from support.postgres import Postgres
from support.server import FORM, PASSWORD, Server, basic, call, form
from support.walk import User

KILLS, ISSUERS, TOKENS_PER_KILL = 6, 4, 40
PATIENCE_SECONDS = 60


class Issuer(threading.Thread):
    """Asks for tokens on one kept connection until it breaks; keeps what was answered whole."""

    def __init__(self, server, headers, fields, answered):
        super().__init__()
        self.server, self.headers, self.fields, self.answered = server, headers, fields, answered
        self.kept, self.refused = [], []

    def run(self):
        trust = ssl.create_default_context()
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            f"127.0.0.1:{self.server.port(9443)}", timeout=PATIENCE_SECONDS, context=trust)
        try:
            while self.ask(connection):
                self.answered.release()
        except (OSError, http.client.HTTPException):
            pass  # killed
        finally:
            connection.close()

    def ask(self, connection):
        connection.request("POST", "/oauth2/token", urlencode(self.fields), self.headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            self.refused.append(body)
            self.answered.release()
            return False
        self.keep(body)
        return True

    def keep(self, body):
        self.kept.append(token_in(body)["access_token"])


class Rotator(Issuer):
    """Trades each refresh token for the next."""

    def keep(self, body):
        answer = token_in(body)
        self.kept.append(answer["access_token"])
        self.fields = {**self.fields, "refresh_token": answer["refresh_token"]}


def token_in(body):
    import json

    return json.loads(body)


class KillWhileIssuing(unittest.TestCase):
    """What was answered is kept, on SQLite."""

    @classmethod
    def settings(cls):
        return []

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server(*cls.settings()))
        admin = User(cls.server)
        application = admin.create_application("killed", "Unlimited", "OAUTH")
        keys = admin.generate_keys(application["applicationId"])
        cls.client = {**FORM, **basic(keys["consumerKey"], keys["consumerSecret"])}

    def post(self, path, **fields):
        return call(self.server.url(path), "POST", form(**fields), self.client)

    def active(self, token):
        answer = self.post("/oauth2/introspect", token=token)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["active"]

    def kill_while(self, workers, answered, count):
        for worker in workers:
            worker.start()
        for _ in range(count):
            self.assertTrue(answered.acquire(timeout=PATIENCE_SECONDS))
        self.server.kill()
        for worker in workers:
            worker.join()
        self.server.start()
        self.assertEqual([worker.refused for worker in workers], [[]] * len(workers))

    def test_no_token_that_was_answered_is_lost(self):
        for kill in range(KILLS):
            answered = threading.Semaphore(0)
            fields = {"grant_type": "client_credentials"}
            issuers = [Issuer(self.server, self.client, fields, answered) for _ in range(ISSUERS)]
            # Each kill comes at another moment of the issuers' turn.
            self.kill_while(issuers, answered, TOKENS_PER_KILL + kill)
            tokens = [token for issuer in issuers for token in issuer.kept]
            self.assertGreaterEqual(len(tokens), TOKENS_PER_KILL)
            self.assertEqual(len(tokens), len(set(tokens)))
            self.assertEqual([token for token in tokens if not self.active(token)], [])

    def test_a_refresh_token_is_used_once_whatever_happens(self):
        for kill in range(KILLS):
            first = self.post("/oauth2/token", grant_type="password", username="admin",
                              password=PASSWORD, scope="a").json()
            answered = threading.Semaphore(0)
            fields = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
            rotator = Rotator(self.server, self.client, fields, answered)
            self.kill_while([rotator], answered, 5 + kill)
            self.assertTrue(self.active(rotator.kept[-1]))
            # The last one that was answered was on its way again at the kill: it was used up
            # together with what nobody has heard of, or it holds.
            last = self.post("/oauth2/token", **rotator.fields)
            if last.status == 200:
                self.assertTrue(self.active(last.json()["access_token"]))
                self.assertEqual(self.post("/oauth2/token", **rotator.fields).status, 400)
                self.assertFalse(self.active(last.json()["access_token"]))
            else:
                self.assertEqual((last.status, last.json()["error"]), (400, "invalid_grant"))
            # Either way it has been used twice by now, so the family is over.
            self.assertFalse(self.active(rotator.kept[-1]))


class KillWhileIssuingOnPostgres(KillWhileIssuing):
    """The same on PostgreSQL, which goes on."""

    @classmethod
    def settings(cls):
        cls.postgres = cls.enterClassContext(Postgres())
        return cls.postgres.settings()

    def test_what_was_answered_survives_a_crash_of_the_database(self):
        answered = threading.Semaphore(0)
        fields = {"grant_type": "client_credentials"}
        issuers = [Issuer(self.server, self.client, fields, answered) for _ in range(ISSUERS)]
        for issuer in issuers:
            issuer.start()
        for _ in range(TOKENS_PER_KILL):
            self.assertTrue(answered.acquire(timeout=PATIENCE_SECONDS))
        self.postgres.crash()
        self.server.kill()
        for issuer in issuers:
            issuer.join()
        self.postgres.start()
        self.server.start()
        tokens = [token for issuer in issuers for token in issuer.kept]
        self.assertGreaterEqual(len(tokens), TOKENS_PER_KILL)
        self.assertEqual([token for token in tokens if not self.active(token)], [])


class Revocation(unittest.TestCase):
    """Figures: script/bench revocations. Here only that it is within the second that we promise."""

    def test_every_worker_refuses_within_a_second(self):
        settings = ("server.workers=4", "gateway.unknown_tokens_max=0")
        with Recorder() as backend, Server(*settings) as server:
            spent = revoking.latencies(server, backend.url, tokens=20, connections=12)
        self.assertEqual(len(spent), 20)
        self.assertLess(spent[-1], 1.0, spent)
