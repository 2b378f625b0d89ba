# SPDX-License-Identifier: Apache-2.0
"""Certificates of backends, and of clients that call an API by them."""

import contextlib
import http.client
import json
import os
import ssl
import unittest

from support.backend import Recorder
from support.certificates import make_certificate
from support.server import Server, bearer, call
from support.walk import PUBLISHER, User, token_of


class Certificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server("tls.client_certificates=true"))
        cls.admin = User(cls.server)
        cls.application = cls.admin.create_application("Certificates")["applicationId"]
        cls.keys = cls.admin.generate_keys(cls.application)

    def make(self, name, *alternatives):
        path = os.path.join(self.server.data_dir, name)
        make_certificate(name, path + ".crt", path + ".key", *alternatives)
        return path

    def upload(self, method, path, certificate, **fields):
        with open(certificate + ".crt", encoding="ascii") as file:
            parts = [('name="certificate"; filename="c.crt"', file.read())]
        parts += [(f'name="{name}"', value) for name, value in fields.items()]
        body = "".join(f"--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n"
                       for head, value in parts) + "--x--\r\n"
        answer = self.admin.call(method, path, body,
                                 {"Content-Type": "multipart/form-data; boundary=x"})
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def status_with(self, certificate, path, headers=None):
        """Status and fault code of a call over a connection with this certificate."""
        trust = ssl.create_default_context()
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
        if certificate:
            trust.load_cert_chain(certificate + ".crt", certificate + ".key")
        connection = http.client.HTTPSConnection("127.0.0.1", self.server.port(8243), timeout=30,
                                                 context=trust)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            body = json.loads(answer.read())
            return answer.status, body.get("code")

    def token(self, api):
        self.admin.subscribe(api["id"], self.application)
        return token_of(self.server, self.keys)

    def test_a_backend_is_trusted_by_its_certificate(self):
        path = self.make("backend", "IP:127.0.0.1")
        backend = self.enterContext(Recorder(path + ".crt", path + ".key"))
        api = self.admin.publish("Secured", backend.url)
        headers = bearer(self.token(api))

        def status():
            return call(self.server.gateway("/secured/1.0.0/menu"), headers=headers).status

        self.assertEqual(status(), 503)
        self.assertEqual(backend.count(), 0)
        collection = f"{PUBLISHER}/endpoint-certificates"
        self.upload("POST", collection, path, alias="backend", endpoint=backend.url)
        self.assertEqual(status(), 200)
        info = self.admin.must(200, "GET", f"{collection}/backend").json()
        self.assertEqual((info["status"], info["subject"]), ("Active", "CN=backend"))
        users = self.admin.must(200, "GET", f"{collection}/backend/usage").json()["list"]
        self.assertEqual([user["id"] for user in users], [api["id"]])
        # One of another key with the same name is not it.
        self.upload("PUT", f"{collection}/backend", self.make("stranger", "IP:127.0.0.1"))
        self.assertEqual(status(), 503)
        self.upload("PUT", f"{collection}/backend", path)
        self.assertEqual(status(), 200)
        self.server.restart()
        self.assertEqual(status(), 200)
        self.admin.must(200, "DELETE", f"{collection}/backend")
        self.assertEqual(status(), 503)

    def test_a_client_calls_by_its_certificate(self):
        backend = self.enterContext(Recorder())
        api = self.admin.publish("Mutual", backend.url, securityScheme=["mutualssl"])
        mine, other = self.make("mine"), self.make("other")
        clients = f"{PUBLISHER}/apis/{api['id']}/client-certs/PRODUCTION"
        self.assertEqual(self.status_with(mine, "/mutual/1.0.0/menu"), (401, "900911"))
        self.upload("POST", clients, mine, alias="mine", tier="Unlimited")
        self.assertEqual(self.status_with(mine, "/mutual/1.0.0/menu")[0], 200)
        self.assertEqual(self.status_with(other, "/mutual/1.0.0/menu"), (401, "900911"))
        self.assertEqual(self.status_with(None, "/mutual/1.0.0/menu"), (401, "900911"))
        self.admin.must(200, "DELETE", f"{clients}/mine")
        self.assertEqual(self.status_with(mine, "/mutual/1.0.0/menu"), (401, "900911"))

    def test_a_certificate_and_a_token_may_both_be_needed(self):
        backend = self.enterContext(Recorder())
        schemes = ["mutualssl", "oauth2", "mutualssl_mandatory",
                   "oauth_basic_auth_api_key_mandatory"]
        api = self.admin.publish("Both", backend.url, securityScheme=schemes)
        token = bearer(self.token(api))
        client = self.make("client")
        self.upload("POST", f"{PUBLISHER}/apis/{api['id']}/client-certs/PRODUCTION", client,
                    alias="client", tier="Unlimited")
        self.assertEqual(self.status_with(client, "/both/1.0.0/menu", token)[0], 200)
        self.assertEqual(self.status_with(client, "/both/1.0.0/menu"), (401, "900902"))
        self.assertEqual(self.status_with(None, "/both/1.0.0/menu", token), (401, "900911"))


if __name__ == "__main__":
    unittest.main()
