# SPDX-License-Identifier: Apache-2.0
"""Scopes that APIs share, from the publisher to the gateway."""

import unittest

from support.backend import Recorder
from support.server import Server, bearer, call
from support.walk import PUBLISHER, User, operation

SCOPES = "apim:api_view apim:api_create apim:api_publish apim:shared_scope_manage " \
         "apim:subscribe apim:app_manage apim:sub_manage apim:admin"


class SharedScopes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server())
        cls.admin = User(cls.server, scopes=SCOPES)

    def test_a_role_opens_what_a_shared_scope_guards(self):
        scope = {"name": "kitchen", "bindings": ["admin"]}
        made = self.admin.must(201, "POST", f"{PUBLISHER}/scopes", scope).json()
        api = self.admin.publish(
            "Kitchen", self.backend.url, operations=[{**operation("GET", "/*"),
                                                      "scopes": ["kitchen"]}],
            scopes=[{"scope": {"name": "kitchen"}, "shared": True}])
        application = self.admin.create_application("Kitchen")["applicationId"]
        self.admin.subscribe(api["id"], application)
        keys = self.admin.generate_keys(application)
        url = self.server.gateway("/kitchen/1.0.0/menu")
        cook = User(self.server)
        cook.client = (keys["consumerKey"], keys["consumerSecret"])

        def status(scopes):
            token = cook.ask_token(scopes).json()["access_token"]
            return call(url, headers=bearer(token)).status

        self.assertEqual(status("kitchen"), 200)
        self.assertEqual(status("other"), 403)
        self.admin.must(200, "PUT", f"{PUBLISHER}/scopes/{made['id']}",
                        {**scope, "bindings": ["Internal/nobody"]})
        self.assertEqual(status("kitchen"), 403)


if __name__ == "__main__":
    unittest.main()
