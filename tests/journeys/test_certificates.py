# SPDX-License-Identifier: Apache-2.0
"""Certificates of backends, and of clients that call an API by them."""

import base64
import contextlib
import http.client
import json
import os
import ssl
import unittest
import urllib.parse

from support.backend import Recorder
from support.certificates import make_certificate
from support.server import FORM, PASSWORD, Server, basic, bearer, call, form
from support.walk import DEVPORTAL, PUBLISHER, User, token_of


class Certificates(unittest.TestCase):
    SETTINGS = ("tls.client_certificates=true",)

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server(*cls.SETTINGS))
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


class ForwardedCertificates(Certificates):
    """Behind a balancer that ends TLS and says in a header who was there."""

    SETTINGS = ("server.trusted_proxies=127.0.0.0/8", "gateway.forwarded_certificates=true")
    HEADER = "X-WSO2-CLIENT-CERTIFICATE"
    test_a_backend_is_trusted_by_its_certificate = None

    def status_with(self, certificate, path, headers=None):
        """The balancer's request for a client with this certificate."""
        headers = dict(headers or {})
        if certificate:
            with open(certificate + ".crt", encoding="ascii") as file:
                pem = file.read()
            der = base64.b64encode(ssl.PEM_cert_to_DER_cert(pem)).decode()
            # As nginx ($ssl_client_escaped_cert) and as HAProxy (ssl_c_der,base64) write it.
            statuses = [self.ask(path, headers, {self.HEADER: said})
                        for said in (urllib.parse.quote(pem, safe=""), der)]
            self.assertEqual(statuses[0], statuses[1])
            return statuses[0]
        return self.ask(path, headers, {})

    def ask(self, path, headers, said):
        answer = call(self.server.gateway(path, "http"), headers={**headers, **said})
        return answer.status, answer.json().get("code")

    def test_a_token_is_bound_to_the_certificate_that_the_balancer_saw(self):
        backend = self.enterContext(Recorder())
        api = self.admin.publish("Bound", backend.url)
        mine, other = self.make("bound"), self.make("unbound")
        application = self.admin.create_application("Bound")["applicationId"]
        self.admin.subscribe(api["id"], application)
        client = call(self.server.url("/oauth2/register"), "POST",
                      {"client_name": "Bound", "grant_types": ["client_credentials"],
                       "tls_client_certificate_bound_access_tokens": True},
                      basic("admin", PASSWORD)).json()
        keys = client["client_id"], client["client_secret"]
        self.admin.must(200, "POST", f"{DEVPORTAL}/applications/{application}/map-keys",
                        {"consumerKey": keys[0], "consumerSecret": keys[1],
                         "keyType": "PRODUCTION"})
        with open(mine + ".crt", encoding="ascii") as file:
            said = {self.HEADER: urllib.parse.quote(file.read(), safe="")}
        url = self.server.gateway("/token", "http")
        grant = form(grant_type="client_credentials")
        self.assertEqual(call(url, "POST", grant, {**FORM, **basic(*keys)}).status, 400)
        answer = call(url, "POST", grant, {**FORM, **basic(*keys), **said})
        self.assertEqual(answer.status, 200, answer)
        token = bearer(answer.json()["access_token"])
        self.assertEqual(self.status_with(mine, "/bound/1.0.0/menu", token)[0], 200)
        self.assertEqual(self.status_with(other, "/bound/1.0.0/menu", token), (401, "900901"))
        self.assertEqual(self.status_with(None, "/bound/1.0.0/menu", token), (401, "900901"))


if __name__ == "__main__":
    unittest.main()
