# SPDX-License-Identifier: Apache-2.0
"""Usage: every call is counted exactly, by what it was."""

import concurrent.futures
import http.client
import time
import unittest
from urllib.parse import urlsplit

from support.backend import Recorder
from support.server import Server, bearer
from support.walk import User, operation, token_of

KINDS = (  # method, path, status at the backend, calls
    ("GET", "/menu", 200, 4000),
    ("POST", "/orders", 200, 3000),
    ("GET", "/orders/7", 200, 1500),
    ("GET", "/status/404", 404, 1000),
    ("GET", "/status/500", 500, 500),
)


class Usage(unittest.TestCase):
    def test_ten_thousand_calls_of_five_kinds_are_counted_exactly(self):
        with Recorder() as backend, Server() as server:
            admin = User(server)
            api = admin.create_api("Counted", backend.url, operations=[
                operation("GET", "/menu"), operation("POST", "/orders"),
                operation("GET", "/orders/{id}"), operation("GET", "/status/{code}")])
            admin.deploy(api["id"])
            admin.change_lifecycle(api["id"], "Publish")
            application = admin.create_application("counted", "Unlimited", "OAUTH")
            admin.subscribe(api["id"], application["applicationId"])
            token = token_of(server, admin.generate_keys(application["applicationId"]))
            start = int(time.time() * 1000) - 60_000
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda kind: self.send(server, token, *kind), KINDS))
            server.restart()  # what was counted in the last second is flushed by the stop
            path = f"/api/am/analytics/v1/usage?from={start}&to={int(time.time() * 1000) + 60_000}"
            by_resource = admin.must(200, "GET", path + "&group=resource,status").json()["list"]
            counts = {}
            for row in by_resource:
                key = (row["resource"], row["status"])
                counts[key] = counts.get(key, 0) + row["count"]
            self.assertEqual(counts, {
                ("GET /menu", "2xx"): 4000,
                ("POST /orders", "2xx"): 3000,
                ("GET /orders/{id}", "2xx"): 1500,
                ("GET /status/{code}", "4xx"): 1000,
                ("GET /status/{code}", "5xx"): 500,
            })

    def send(self, server, token, method, path, status, count):
        address = urlsplit(server.gateway("", "http")).netloc
        connection = http.client.HTTPConnection(address, timeout=30)
        try:
            for _ in range(count):
                connection.request(method, "/counted/1.0.0" + path, headers=bearer(token))
                answer = connection.getresponse()
                answer.read()
                self.assertEqual(answer.status, status)
        finally:
            connection.close()


if __name__ == "__main__":
    unittest.main()
