# SPDX-License-Identifier: Apache-2.0
"""The steps that publish, subscribe and invoke, over the REST interfaces."""

from support.server import FORM, PASSWORD, basic, bearer, call, form

ALL_SCOPES = (
    "apim:api_view apim:api_create apim:api_publish apim:api_delete apim:subscribe "
    "apim:app_manage apim:sub_manage apim:admin apim:tier_manage apim:subscription_block"
)
PUBLISHER = "/api/am/publisher/v4"
DEVPORTAL = "/api/am/devportal/v3"
ADMIN = "/api/am/admin/v4"


class StepFailed(AssertionError):
    """A step of the walk answered with another status than it must."""


def expect(answer, status, step):
    if answer.status != status:
        raise StepFailed(f"{step}: {status} expected, got {answer!r}")
    return answer


class User:
    """Somebody with a password, and a token of our REST APIs."""

    def __init__(self, server, name="admin", password=PASSWORD, scopes=ALL_SCOPES):
        self.server = server
        self.name = name
        self.password = password
        client = expect(
            call(
                server.url("/client-registration/v0.17/register"),
                "POST",
                {
                    "callbackUrl": "www.google.lk",
                    "clientName": f"rest_api_{name}",
                    "owner": name,
                    "grantType": "password refresh_token",
                    "saasApp": True,
                },
                basic(name, password),
            ),
            200,
            "register a client",
        ).json()
        self.client = (client["clientId"], client["clientSecret"])
        # Where APIs are deployed.
        self.places = [{"name": "Default", "vhost": "localhost", "displayOnDevportal": True}]
        self.token = self.ask_token(scopes).json()

    def ask_token(self, scopes):
        answer = call(
            self.server.url("/oauth2/token"),
            "POST",
            form(grant_type="password", username=self.name, password=self.password, scope=scopes),
            {**FORM, **basic(*self.client)},
        )
        return expect(answer, 200, "ask a token")

    def call(self, method, path, body=None, headers=None):
        headers = {**bearer(self.token["access_token"]), **(headers or {})}
        return call(self.server.url(path), method, body, headers)

    def must(self, status, method, path, body=None):
        return expect(self.call(method, path, body), status, f"{method} {path}")

    # --- Publishing -------------------------------------------------------------------------

    def create_api(self, name, backend, context=None, version="1.0.0", **more):
        body = {
            "name": name,
            "context": context or "/" + name.lower(),
            "version": version,
            "policies": ["Unlimited"],
            "endpointConfig": {
                "endpoint_type": "http",
                "production_endpoints": {"url": backend},
                "sandbox_endpoints": {"url": backend},
            },
            "operations": [operation("GET", "/*")],
        }
        body.update(more)
        return self.must(201, "POST", f"{PUBLISHER}/apis", body).json()

    def deploy(self, api_id):
        revision = self.must(
            201, "POST", f"{PUBLISHER}/apis/{api_id}/revisions", {"description": "first"}
        ).json()
        self.must(
            201,
            "POST",
            f"{PUBLISHER}/apis/{api_id}/deploy-revision?revisionId={revision['id']}",
            self.places,
        )
        return revision

    def change_lifecycle(self, api_id, action):
        return self.must(
            200, "POST", f"{PUBLISHER}/apis/change-lifecycle?action={action}&apiId={api_id}"
        )

    def publish(self, name, backend, **more):
        api = self.create_api(name, backend, **more)
        self.deploy(api["id"])
        self.change_lifecycle(api["id"], "Publish")
        return api

    # --- Subscribing ------------------------------------------------------------------------

    def create_application(self, name, policy="Unlimited", token_type="JWT"):
        return self.must(
            201,
            "POST",
            f"{DEVPORTAL}/applications",
            {"name": name, "throttlingPolicy": policy, "tokenType": token_type},
        ).json()

    def subscribe(self, api_id, application_id, policy="Unlimited"):
        return self.must(
            201,
            "POST",
            f"{DEVPORTAL}/subscriptions",
            {"apiId": api_id, "applicationId": application_id, "throttlingPolicy": policy},
        ).json()

    def generate_keys(self, application_id, key_type="PRODUCTION"):
        return self.must(
            200,
            "POST",
            f"{DEVPORTAL}/applications/{application_id}/generate-keys",
            {
                "keyType": key_type,
                "grantTypesToBeSupported": ["client_credentials", "password", "refresh_token"],
                "validityTime": 3600,
            },
        ).json()

    # --- Users and policies -----------------------------------------------------------------

    def create_user(self, name, roles, password="A-long-Passw0rd!"):
        self.must(
            201,
            "POST",
            f"{ADMIN}/users",
            {
                "userName": name,
                "password": password,
                "email": f"{name}@example.org",
                "roles": roles,
            },
        )
        return password

    def create_policy(self, level, name, requests, minutes=1):
        more = {"stopOnQuotaReach": True} if level == "subscription" else {}
        return self.must(
            201,
            "POST",
            f"{ADMIN}/throttling/policies/{level}",
            {
                **more,
                "policyName": name,
                "displayName": name,
                "description": "",
                "defaultLimit": {
                    "type": "REQUESTCOUNTLIMIT",
                    "requestCount": {
                        "timeUnit": "min",
                        "unitTime": minutes,
                        "requestCount": requests,
                    },
                },
            },
        ).json()


def operation(verb, target, **more):
    return {
        "target": target,
        "verb": verb,
        "authType": "Application & Application User",
        "throttlingPolicy": "Unlimited",
        **more,
    }


def token_of(server, keys, scopes="", base="/oauth2/token"):
    """A client_credentials token of generated keys."""
    fields = {"grant_type": "client_credentials"}
    if scopes:
        fields["scope"] = scopes
    answer = call(
        server.url(base),
        "POST",
        form(**fields),
        {**FORM, **basic(keys["consumerKey"], keys["consumerSecret"])},
    )
    return expect(answer, 200, "client_credentials").json()["access_token"]
