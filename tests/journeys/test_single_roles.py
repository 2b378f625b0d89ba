# SPDX-License-Identifier: Apache-2.0
"""Each role alone: paths and databases that are its own, and what its configuration must say."""

import subprocess
import tempfile
import unittest

from support.ports import free_port
from support.profiles import deployment, until
from support.server import BINARY, call
from support.walk import ADMIN, DEVPORTAL, PUBLISHER

CHECK_SECONDS_MAX = 20


OPEN_PATHS = {  # what each role serves on 9443 to anybody, and nobody else does
    "key-manager": ["/oauth2/jwks", "/.well-known/openid-configuration"],
    "publisher": [f"{PUBLISHER}/openapi.yaml", "/api/am/publisher/v1/openapi.yaml"],
    "devportal": [f"{DEVPORTAL}/openapi.yaml", "/api/am/store/v1/openapi.yaml"],
    "admin": [f"{ADMIN}/openapi.yaml"],
}
DATABASES = {
    "key-manager": {"user_manager", "api_manager"},
    "publisher": {"user_manager", "api_manager", "registry"},
    "devportal": {"user_manager", "api_manager", "registry"},
    "admin": {"user_manager", "api_manager", "registry"},
    "traffic-manager": set(),
    "gateway": set(),
}


class SingleRoles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.nodes = cls.enterClassContext(deployment())

    def opened(self):
        """Databases with a connection of a node."""
        return set(self.nodes.postgres.sql(
            "SELECT DISTINCT datname FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()").split())

    def make(self, role):
        elsewhere = f"https://localhost:{free_port()}"
        if role == "gateway":
            return self.nodes.make(role, f"gateway.key_manager={elsewhere}",
                                   f"gateway.control_plane={elsewhere}", started=(503,))
        if role in ("publisher", "devportal", "admin"):
            return self.nodes.make(role, f"portals.key_manager={elsewhere}")
        return self.nodes.make(role)

    def test_each_alone_serves_its_own_paths_and_opens_its_own_databases(self):
        for role, databases in DATABASES.items():
            with self.subTest(role=role):
                node = self.nodes.start(self.make(role))[0]
                self.assertEqual(self.opened(), databases)
                self.assertEqual(node.status("/healthz").status, 200)
                self.assert_paths(role, node)
                self.assert_gateway_ports(role, node)
                self.assertEqual(node.stop(), 0)
                until(lambda: not self.opened())

    def assert_paths(self, role, node):
        if role not in OPEN_PATHS:
            with self.assertRaises(ConnectionError):
                call(node.url("/"))
            return
        for other, paths in OPEN_PATHS.items():
            for path in paths:
                self.assertEqual(call(node.url(path)).status, 200 if other == role else 404, path)
        self.assertEqual(call(node.url("/api/am/gateway/v2/openapi.yaml")).status, 404)
        scim = call(node.url("/scim2/Users"))
        self.assertEqual(scim.status != 404, role == "admin", scim)

    def assert_gateway_ports(self, role, node):
        for scheme in ("http", "https"):
            url = node.gateway("/healthz", scheme)
            if role == "gateway":
                self.assertEqual(call(url).status, 200)
                self.assertEqual(call(node.gateway("/readyz", scheme)).status, 503)
            else:
                with self.assertRaises(ConnectionError):
                    call(url)

    def test_a_key_manager_needs_no_right_on_the_registry(self):
        nowhere = self.nodes.postgres.url("no_such_database")
        node = self.nodes.make("key-manager", f"database.registry={nowhere}")
        self.assertEqual(self.nodes.start(node)[0].status("/readyz").status, 200)
        node.stop()


class CheckConfig(unittest.TestCase):
    def check(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(text)
            file.flush()
            done = subprocess.run([BINARY, "check-config", file.name], capture_output=True,
                                  text=True, timeout=CHECK_SECONDS_MAX, check=False)
            return done.returncode, done.stderr.replace(file.name, "FILE")

    def test_warns_of_a_gateway_that_points_at_its_own_machine(self):
        code, said = self.check(
            '[server]\nprofile = ["gateway"]\n[gateway]\nkey_manager = ["https://localhost:9446"]\n'
            '[cluster]\nsecret_file = "s"\n')
        self.assertEqual(code, 0)
        self.assertIn("warning: FILE:4: gateway.key_manager: 'https://localhost:9446'", said)
        self.assertIn("warning: FILE: gateway.control_plane: 'https://127.0.0.1:9443'", said)

    def test_names_what_is_surplus_and_what_is_missing(self):
        code, said = self.check('[server]\nprofile = ["gateway"]\n[cluster]\nsecret_file = "s"\n'
                                '[database]\nregistry = "postgres://u@h/r"\n')
        self.assertEqual(code, 2)
        self.assertIn("FILE:6: database.registry:", said)
        code, said = self.check('[server]\nprofile = ["devportal"]\n')
        self.assertEqual(code, 2)
        self.assertIn("FILE: portals.key_manager:", said)


if __name__ == "__main__":
    unittest.main()
