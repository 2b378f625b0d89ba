# SPDX-License-Identifier: Apache-2.0
"""Asks a running server for every operation of operations.tsv.

Each is served, asks who calls, refuses bodies with unknown fields, and keeps the known fields that
nothing uses yet.
"""

import csv
import os
import re
import unittest

from support.server import PASSWORD, Server, basic, call

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "operations.tsv")
BASES = {
    "publisher": ["/api/am/publisher/v4", "/api/am/publisher/v3", "/api/am/publisher/v1"],
    "devportal": ["/api/am/devportal/v3", "/api/am/devportal/v1", "/api/am/store/v1"],
    "admin": ["/api/am/admin/v4"],
    "analytics": ["/api/am/analytics/v1"],
    "gateway": ["/api/am/gateway/v2"],
}
NOBODY = "00000000-0000-4000-8000-000000000000"
VALUES = {"policyLevel": "application", "keyType": "PRODUCTION"}
NOT_SERVED = 900401
UNKNOWN = {"no_such_field": 1}


def operations():
    with open(TABLE, encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


def target_of(row):
    path = re.sub(r"\{(\w+)\}", lambda name: VALUES.get(name[1], NOBODY), row["path"])
    return BASES[row["api"]][0] + path


def described(answer):
    return answer.json().get("description", "") if answer.body else ""


class Contract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.admin = basic("admin", PASSWORD)
        cls.rows = operations()

    def ask(self, row, body=None, headers=None):
        return call(self.server.url(target_of(row)), row["method"], body, headers)

    def of(self, row):
        return self.subTest(f"{row['api']} {row['method']} {row['path']}")

    def test_every_operation_is_served(self):
        for row in self.rows:
            with self.of(row):
                answer = self.ask(row, headers=self.admin)
                self.assertNotEqual(answer.status, 405)
                self.assertLess(answer.status, 500)
                if answer.status == 404 and answer.body:
                    self.assertNotEqual(answer.json()["code"], NOT_SERVED)

    def test_every_operation_asks_who_calls(self):
        for row in self.rows:
            if row["scopes"] in ("anonymous", "unsaid") or row in self.open_to_all():
                continue
            with self.of(row):
                self.check_refused(self.ask(row), 900902)

    def open_to_all(self):
        # The portal shows its catalogue before anyone signs in.
        return [row for row in self.rows
                if row["api"] == "devportal" and row["path"] == "/settings"]

    def test_credentials_must_hold_even_where_none_are_needed(self):
        for row in self.rows:
            with self.of(row):
                self.check_refused(self.ask(row, headers=basic("nobody", "wrong")), 900901)

    def check_refused(self, answer, code):
        self.assertEqual(answer.status, 401)
        if answer.body:  # HEAD has none
            self.assertEqual(answer.json()["code"], code)

    def test_unknown_fields_are_refused(self):
        for row in self.rows:
            if row["request"] == "-":
                continue
            with self.of(row):
                answer = self.ask(row, UNKNOWN, self.admin)
                if answer.status == 415:
                    continue  # takes a form only
                if "must be an array" in described(answer):
                    answer = self.ask(row, [UNKNOWN], self.admin)
                self.assertEqual(answer.status, 400, answer)
                # A required query parameter may be missed first.
                self.assertRegex(described(answer), r"field: unknown field$|^\w+: required$")

    def test_documents_are_open_to_all(self):
        for api, bases in BASES.items():
            for base in bases:
                with self.subTest(base):
                    answer = call(self.server.url(base + "/openapi.yaml"))
                    self.assertEqual(answer.status, 200)
                    self.assertIn(b"openapi: '3.0.3'", answer.body, api)


class UnusedFields(unittest.TestCase):
    """What the contract knows and nothing uses yet is stored and comes back."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.admin = basic("admin", PASSWORD)

    def must(self, status, method, path, body=None):
        answer = call(self.server.url(path), method, body, self.admin)
        self.assertEqual(answer.status, status, answer)
        return answer.json()

    def keeps(self, collection, name_of_id, body):
        created = self.must(201, "POST", collection, body)
        path = f"{collection}/{created[name_of_id]}"
        read = self.must(200, "GET", path)
        for name, value in body.items():
            with self.subTest(f"{collection} {name}"):
                self.assertEqual(read.get(name), value)
        # What was read can be sent back whole.
        self.must(200, "PUT", path, read)
        again = self.must(200, "GET", path)
        for name, value in body.items():
            with self.subTest(f"{collection} {name} after an update"):
                self.assertEqual(again.get(name), value)

    def test_of_apis(self):
        self.keeps("/api/am/publisher/v4/apis", "id", {
            "name": "Keeper",
            "context": "/keeper",
            "version": "1.0.0",
            "displayName": "The keeper",
            "description": "Ä",
            "cacheTimeout": 300,
            "responseCachingEnabled": False,
            "tags": ["one", "two"],
            "policies": ["Unlimited"],
            "audience": "SINGLE",
            "maxTps": {"production": 100, "productionTimeUnit": "SECOND",
                       "sandbox": 5, "sandboxTimeUnit": "MINUTE"},
            "visibility": "RESTRICTED",
            "visibleRoles": ["admin"],
            "subscriptionAvailability": "CURRENT_TENANT",
            "additionalProperties": [{"name": "owner", "value": "me", "display": True}],
            "businessInformation": {"businessOwner": "Ann", "technicalOwnerEmail": "a@b.c"},
            "websubSubscriptionConfiguration": {"enable": False, "signingAlgorithm": "SHA1"},
            "threatProtectionPolicies": {"list": [{"policyId": "x", "priority": 1}]},
            "gatewayVendor": "wso2",
            "egress": False,
            "endpointConfig": {
                "endpoint_type": "http",
                "production_endpoints": {"url": "http://127.0.0.1:9", "config": {"retry": [1, 2]}},
            },
        })

    def test_of_applications(self):
        self.keeps("/api/am/devportal/v3/applications", "applicationId", {
            "name": "Keeper",
            "throttlingPolicy": "Unlimited",
            "description": "keeps",
            "tokenType": "OAUTH",
            "groups": [],
            "attributes": {"team": "red"},
            "visibility": "PRIVATE",
        })


if __name__ == "__main__":
    unittest.main()
