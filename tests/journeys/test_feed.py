# SPDX-License-Identifier: Apache-2.0
"""What a gateway knows, as a provider, a client and an operator see it."""

import glob
import os
import time
import unittest

from support.backend import Recorder
from support.server import Server, call
from support.walk import PUBLISHER, User


class Knowledge(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.backend = cls.enterClassContext(Recorder())
        cls.user = User(cls.server)

    def deployments_until(self, api_id, arrived):
        """The deployments of the API once as many gateways have it."""
        end = time.monotonic() + 20
        while True:
            listed = self.user.must(200, "GET", f"{PUBLISHER}/apis/{api_id}/deployments").json()
            if listed["list"] and listed["list"][0]["deployedGatewayCount"] == arrived:
                return listed["list"]
            self.assertLess(time.monotonic(), end, listed)
            time.sleep(0.1)

    def test_a_provider_sees_on_which_gateway_a_revision_is_and_since_when(self):
        api = self.user.publish("Placed", self.backend.url)
        deployment, = self.deployments_until(api["id"], 1)
        self.assertEqual(deployment["liveGatewayCount"], 1)
        gateway, = deployment["gateways"]
        self.assertRegex(gateway["name"], "^localhost-[0-9a-f]{12}$")
        self.assertGreaterEqual(gateway["deployedTime"], deployment["deployedTime"])
        self.assertEqual(deployment["successDeployedTime"], gateway["deployedTime"])
        revisions = self.user.must(200, "GET", f"{PUBLISHER}/apis/{api['id']}/revisions").json()
        self.assertEqual(revisions["list"][0]["deploymentInfo"], [deployment])

    def test_a_change_that_is_named_is_known(self):
        api = self.user.create_api("Named", self.backend.url,
                                   operations=[{"target": "/*", "verb": "GET",
                                                "authType": "None",
                                                "throttlingPolicy": "Unlimited"}])
        self.user.deploy(api["id"])
        answer = self.user.call(
            "POST", f"{PUBLISHER}/apis/change-lifecycle?action=Publish&apiId={api['id']}")
        named = answer.headers["gatehouse-change"]
        called = call(self.server.gateway("/named/1.0.0/x"),
                      headers={"Gatehouse-Change": named})
        self.assertEqual(called.status, 200, called)
        ready = self.server.status(f"/readyz?at={named}")
        self.assertEqual(ready.status, 200, ready)
        self.assertGreaterEqual(ready.json()["number"], int(named))
        ahead = self.server.status(f"/readyz?at={int(named) + 1000}")
        self.assertEqual(ahead.status, 503, ahead)

    def test_the_metrics_have_number_and_age(self):
        metrics = self.server.status("/metrics").body.decode()
        self.assertIn("gatehouse_gateway_snapshot_number ", metrics)
        self.assertIn("gatehouse_gateway_snapshot_age_seconds ", metrics)


class Disk(unittest.TestCase):
    def test_a_damaged_base_is_set_aside_and_all_is_served(self):
        with Recorder() as backend, Server() as server:
            User(server).publish("Kept", backend.url)
            server.stop()
            base = max(glob.glob(os.path.join(server.data_dir, "gateway", "base-*.jsonl")))
            with open(base, "r+b") as file:
                file.seek(100)
                file.write(b"#")
            server.start()
            self.assertEqual(call(server.gateway("/kept/1.0.0/x")).status, 401)
            self.assertFalse(os.path.exists(base))
            self.assertTrue(os.path.exists(base.replace(".jsonl", ".damaged")))


if __name__ == "__main__":
    unittest.main()
