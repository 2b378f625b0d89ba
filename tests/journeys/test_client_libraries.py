# SPDX-License-Identifier: Apache-2.0
"""Client libraries that nobody here wrote: openid-client, oauth4webapi, simple-oauth2, Authlib."""

import os
import unittest
import urllib.parse

from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc8414 import get_well_known_url as get_oauth_url
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url

from support.backend import Recorder
from support.browser import Browser
from support.clients import ClientRefused, Library
from support.server import PASSWORD, Server, basic, bearer, call
from support.walk import DEVPORTAL, User

CALLBACK = "https://app.example/callback"
GOODBYE = "https://app.example/goodbye"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = "openid profile"


class World:
    """One server for all libraries."""

    def __init__(self, server, backend):
        self.server = server
        self.admin = User(server)
        self.api = self.admin.publish("Libraries", backend.url)
        self.base = f"https://localhost:{server.port(9443)}"
        self.issuer = self.base + "/oauth2/token"
        self.resource = f"https://localhost:{server.port(8243)}/libraries/1.0.0/menu"
        self.trust = os.path.join(server.data_dir, "tls.crt")

    def metadata(self, name, *grants, **more):
        redirects = {"redirect_uris": [CALLBACK], "response_types": ["code"],
                     "post_logout_redirect_uris": [GOODBYE]}
        if "authorization_code" not in grants:
            redirects = {"redirect_uris": [], "response_types": []}
        return {"client_name": name, "grant_types": list(grants), **redirects, **more}

    def register(self, name, *grants, **more):
        """The id and secret of a client, for libraries that do not register by themselves."""
        answer = call(self.base + "/oauth2/register", "POST", self.metadata(name, *grants, **more),
                      basic("admin", PASSWORD))
        assert answer.status == 201, answer
        return answer.json()["client_id"], answer.json()["client_secret"]

    def subscribe(self, client_id, secret):
        """Lets a client that registered itself call the API."""
        application = self.admin.create_application(client_id)["applicationId"]
        self.admin.subscribe(self.api["id"], application)
        self.admin.must(200, "POST", f"{DEVPORTAL}/applications/{application}/map-keys",
                        {"consumerKey": client_id, "consumerSecret": secret,
                         "keyType": "PRODUCTION"})


world = None


def setUpModule():
    global world
    server = unittest.enterModuleContext(Server())
    world = World(server, unittest.enterModuleContext(Recorder()))


def let_in(browser, url):
    """What a person does at our pages; returns where the browser is sent then."""
    browser.open(url)
    for _ in range(3):
        if browser.location:
            break
        names = [entry.get("name") for entry in browser.page().forms[0]["inputs"]]
        if "username" in names:
            browser.submit(username="admin", password=PASSWORD)
        else:
            browser.submit(consent="approve")
    return browser.location


def error_of(location):
    query = urllib.parse.urlsplit(location).query
    return dict(urllib.parse.parse_qsl(query)).get("error")


class Certified:
    """What the libraries do that know all of it; each test is one client of its own."""

    program = ""

    def setUp(self):
        self.library = self.enterContext(Library(self.program, world.trust))
        self.browser = Browser()
        self.found = self.library.do("discover", url=world.issuer)

    def register(self, *grants, signing=False, **more):
        return self.library.do(
            "register", metadata=world.metadata(self.id(), *grants, **more), signing=signing,
            token=world.admin.token["access_token"])

    def sign_in(self, **more):
        location = let_in(self.browser, self.library.do("authorize", scope=SCOPE, **more))
        return self.library.do("callback", location=location)

    def refused(self, error, step, **given):
        with self.assertRaises(ClientRefused) as caught:
            self.library.do(step, **given)
        self.assertEqual(caught.exception.error, error, caught.exception)

    def active(self, token):
        return self.library.do("introspect", token=token)["active"]

    def test_a_user_signs_in_and_out(self):
        self.assertEqual(self.found["issuer"], world.issuer)
        self.register("authorization_code", "refresh_token")
        issued = self.sign_in()  # with state, nonce, iss and a proof key, all of them checked
        self.assertEqual(issued["token_type"].lower(), "bearer")
        info = self.library.do("user_info")
        self.assertEqual(info["preferred_username"], "admin")
        self.assertEqual(info["sub"], issued["claims"]["sub"])
        told = self.library.do("introspect", token=issued["access_token"])
        self.assertEqual((told["active"], told["scope"]), (True, SCOPE))

        renewed = self.library.do("refresh")
        self.assertNotEqual(renewed["access_token"], issued["access_token"])
        for claim in ("sub", "sid", "auth_time"):
            self.assertEqual(renewed["claims"][claim], issued["claims"][claim])
        self.assertTrue(renewed["claims"]["sid"])
        self.assertTrue(self.active(renewed["access_token"]))

        silent = self.library.do("authorize", scope=SCOPE, prompt="none")
        self.assertIsNone(error_of(let_in(self.browser, silent)))
        self.browser.open(self.library.do("logout", to=GOODBYE, state="bye"))
        self.assertEqual(self.browser.location, GOODBYE + "?state=bye")
        self.assertEqual(error_of(let_in(self.browser, silent)), "login_required")

        self.library.do("revoke", token=renewed["refresh_token"])
        self.assertFalse(self.active(renewed["access_token"]))
        self.refused("invalid_grant", "refresh")

    def test_a_refresh_token_that_comes_twice_ends_its_family(self):
        self.register("authorization_code", "refresh_token")
        issued = self.sign_in()
        renewed = self.library.do("refresh")
        self.refused("invalid_grant", "refresh", token=issued["refresh_token"])
        self.assertFalse(self.active(renewed["access_token"]))

    def test_requests_are_pushed(self):
        self.register("authorization_code", require_pushed_authorization_requests=True)
        refused = let_in(self.browser, self.library.do("authorize", scope=SCOPE))
        self.assertEqual(error_of(refused), "invalid_request")
        url = self.library.do("authorize", scope=SCOPE, push=True)
        self.assertIn("request_uri=", url)
        self.assertNotIn("code_challenge=", url.replace("code_challenge_method", ""))
        issued = self.library.do("callback", location=let_in(self.browser, url))
        self.assertEqual(self.library.do("user_info")["sub"], issued["claims"]["sub"])

    def test_a_client_proves_itself_by_its_key(self):
        made = self.register("client_credentials", "authorization_code", signing=True,
                             token_endpoint_auth_method="private_key_jwt")
        token = self.library.do("client_credentials")["access_token"]
        self.assertEqual(self.library.do("introspect", token=token)["client_id"],
                         made["client_id"])
        issued = self.sign_in(push=True)  # with the proof at three endpoints
        self.assertTrue(self.active(issued["access_token"]))
        self.library.do("revoke", token=issued["access_token"])
        self.assertFalse(self.active(issued["access_token"]))
        self.assertTrue(self.active(token))

    def test_a_token_is_bound_to_the_key_of_the_client(self):
        made = self.register("client_credentials", "authorization_code", "refresh_token",
                             dpop_bound_access_tokens=True)
        world.subscribe(made["client_id"], made["client_secret"])
        self.refused("invalid_dpop_proof", "client_credentials")
        issued = self.library.do("client_credentials", dpop=True)
        self.assertEqual(issued["token_type"].lower(), "dpop")
        self.check_bound(issued["access_token"])
        issued = self.sign_in(dpop=True)
        self.check_bound(issued["access_token"])
        info = self.library.do("user_info", dpop=True)
        self.assertEqual(info["sub"], issued["claims"]["sub"])
        self.refused("invalid_token", "user_info")
        self.check_bound(self.library.do("refresh", dpop=True)["access_token"])

    def check_bound(self, token):
        self.assertIn("jkt", self.library.do("introspect", token=token)["cnf"])
        self.assertEqual(self.library.do("fetch", url=world.resource, dpop=True), 200)
        self.assertEqual(self.library.do("fetch", url=world.resource), 401)
        self.assertEqual(call(world.resource, headers=bearer(token)).status, 401)
        scheme = {"Authorization": "DPoP " + token}
        self.assertEqual(call(world.resource, headers=scheme).status, 401)

    def test_a_device_signs_in(self):
        self.register(DEVICE_GRANT, "refresh_token")
        begun = self.library.do("device", scope=SCOPE)
        self.wait_for_the_user()
        self.browser.open(begun["uri"])  # with the code in the form
        self.browser.submit()
        self.browser.submit(username="admin", password=PASSWORD)
        self.assertIn(begun["user_code"], self.browser.text)
        self.browser.submit(consent="approve")
        issued = self.after_the_user()
        self.assertEqual(self.library.do("user_info")["sub"], issued["claims"]["sub"])
        self.assertTrue(self.library.do("refresh")["access_token"])


class OpenidClient(Certified, unittest.TestCase):
    program = "openid_client.mjs"

    # The library asks by itself, in the interval of the server.
    def wait_for_the_user(self):
        self.library.begin("poll")

    def after_the_user(self):
        return self.library.end()


class Oauth4webapi(Certified, unittest.TestCase):
    program = "oauth4webapi.mjs"

    def wait_for_the_user(self):
        self.refused("authorization_pending", "poll")

    def after_the_user(self):
        return self.library.do("poll")


class SimpleOauth2(unittest.TestCase):
    def setUp(self):
        self.client = world.register(self.id(), "authorization_code", "refresh_token", "password",
                                     "client_credentials")
        self.library = self.enterContext(Library("simple_oauth2.mjs", world.trust))
        self.library.do("configure", base=world.base, id=self.client[0], secret=self.client[1],
                        callback=CALLBACK)

    def status(self, token):
        return call(world.base + "/oauth2/userinfo", headers=bearer(token)).status

    def test_a_user_signs_in(self):
        url = self.library.do("authorize", scope=SCOPE)
        issued = self.library.do("callback", location=let_in(Browser(), url))
        self.assertEqual(self.status(issued["access_token"]), 200)
        renewed = self.library.do("refresh")
        self.assertNotEqual(renewed["access_token"], issued["access_token"])
        self.assertEqual(self.status(renewed["access_token"]), 200)
        self.library.do("revoke", kind="access_token")
        self.assertEqual(self.status(renewed["access_token"]), 401)

    def test_a_password_and_a_revoked_refresh_token(self):
        given = {"username": "admin", "password": PASSWORD, "scope": "openid"}
        with self.assertRaises(ClientRefused) as caught:
            self.library.do("password", **{**given, "password": "wrong"})
        self.assertEqual(caught.exception.error, "invalid_grant")
        issued = self.library.do("password", **given)
        self.assertEqual(self.status(issued["access_token"]), 200)
        self.library.do("revoke", kind="refresh_token")
        self.assertEqual(self.status(issued["access_token"]), 401)
        with self.assertRaises(ClientRefused):
            self.library.do("refresh")

    def test_an_application_calls_for_itself(self):
        world.subscribe(*self.client)
        token = self.library.do("client_credentials", scope="default")["access_token"]
        self.assertEqual(call(world.resource, headers=bearer(token)).status, 200)
        self.library.do("revoke", kind="access_token")
        self.assertEqual(call(world.resource, headers=bearer(token)).status, 401)


class Authlib(unittest.TestCase):
    """What test_oidc.py does not have: discovery, the code with a proof key, logout."""

    def setUp(self):
        self.found = call(get_well_known_url(world.issuer, external=True)).json()

    def session(self, client, method="client_secret_basic"):
        session = OAuth2Session(*client, token_endpoint_auth_method=method, scope=SCOPE,
                                revocation_endpoint_auth_method=method,
                                redirect_uri=CALLBACK, code_challenge_method="S256")
        self.addCleanup(session.close)
        session.trust_env = False  # the trust is this server alone
        session.verify = world.trust
        return session

    def active(self, session, token):
        return session.introspect_token(self.found["introspection_endpoint"],
                                        token=token).json()["active"]

    def sign_in(self, session, browser):
        verifier = generate_token(48)
        url, state = session.create_authorization_url(self.found["authorization_endpoint"],
                                                      code_verifier=verifier, nonce="n")
        return session.fetch_token(self.found["token_endpoint"], state=state,
                                   authorization_response=let_in(browser, url),
                                   code_verifier=verifier)

    def test_the_metadata_is_valid(self):
        OpenIDProviderMetadata(self.found).validate()
        oauth = AuthorizationServerMetadata(
            call(get_oauth_url(world.issuer, external=True)).json())
        oauth.validate()
        self.assertEqual(oauth["issuer"], world.issuer)

    def test_a_user_signs_in_and_out(self):
        session = self.session(world.register(self.id(), "authorization_code", "refresh_token"))
        browser = Browser()
        issued = dict(self.sign_in(session, browser))
        info = session.get(self.found["userinfo_endpoint"]).json()
        self.assertEqual(info["preferred_username"], "admin")
        renewed = session.refresh_token(self.found["token_endpoint"])
        self.assertNotEqual(renewed["access_token"], issued["access_token"])
        query = urllib.parse.urlencode({"id_token_hint": renewed["id_token"],
                                        "post_logout_redirect_uri": GOODBYE})
        browser.open(self.found["end_session_endpoint"] + "?" + query)
        self.assertEqual(browser.location, GOODBYE)
        again, _ = session.create_authorization_url(self.found["authorization_endpoint"],
                                                    code_verifier=generate_token(48),
                                                    prompt="none")
        self.assertEqual(error_of(let_in(browser, again)), "login_required")
        session.revoke_token(self.found["revocation_endpoint"], token=renewed["refresh_token"])
        self.assertFalse(self.active(session, renewed["access_token"]))

    def test_a_client_proves_itself_by_its_key(self):
        key = JsonWebKey.generate_key("EC", "P-256", is_private=True)
        public = {**key.as_dict(is_private=False), "alg": "ES256", "use": "sig"}
        answer = call(
            self.found["registration_endpoint"], "POST",
            world.metadata(self.id(), "client_credentials", "authorization_code",
                           token_endpoint_auth_method="private_key_jwt",
                           jwks={"keys": [public]}), basic("admin", PASSWORD))
        self.assertEqual(answer.status, 201, answer)
        session = self.session((answer.json()["client_id"], key), "private_key_jwt")
        session.register_client_auth_method(
            PrivateKeyJWT(self.found["token_endpoint"], alg="ES256"))
        issued = self.sign_in(session, Browser())
        self.assertTrue(self.active(session, issued["access_token"]))
        session.revoke_token(self.found["revocation_endpoint"], token=issued["access_token"])
        self.assertFalse(self.active(session, issued["access_token"]))


if __name__ == "__main__":
    unittest.main()
