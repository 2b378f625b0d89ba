# SPDX-License-Identifier: Apache-2.0
"""How long after a revocation every worker of a gateway refuses, while calls go on."""

import contextlib
import http.client
import os
import ssl
import threading
import time
from urllib.parse import urlsplit

from support.server import FORM, basic, bearer, form
from support.walk import User, token_of

PATIENCE_SECONDS = 30


class Callers:
    """Kept connections to the gateway, enough to meet each worker, that call without a pause."""

    def __init__(self, url, count):
        self.url = url
        self.connections = [
            http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_SECONDS)
            for _ in range(count)
        ]

    def close(self):
        for connection in self.connections:
            connection.close()

    def call_until_refused(self, connection, token, accepted, refused, others):
        begun = time.monotonic()
        while time.monotonic() < begun + PATIENCE_SECONDS:
            try:
                connection.request("GET", urlsplit(self.url).path, headers=bearer(token))
                answer = connection.getresponse()
                answer.read()
            except (http.client.HTTPException, ConnectionError):
                # A call that is under way ends with its token, half-way through its answer.
                refused.append(time.monotonic())
                connection.close()
                return
            if answer.status == 401:
                refused.append(time.monotonic())
                return
            if answer.status != 200:
                others.append(answer.status)
                return
            accepted.release()

    def revoke(self, token, revoke):
        """Seconds from sending the revocation until the last connection was refused."""
        accepted, refused, others = threading.Semaphore(0), [], []
        threads = [
            threading.Thread(target=self.call_until_refused,
                             args=(connection, token, accepted, refused, others))
            for connection in self.connections
        ]
        for thread in threads:
            thread.start()
        for _ in range(3 * len(threads)):  # all are calling, whichever were first
            if not accepted.acquire(timeout=PATIENCE_SECONDS):
                raise RuntimeError(f"the token was not accepted: {others}")
        sent = time.monotonic()
        revoke(token)
        for thread in threads:
            thread.join()
        if others or len(refused) != len(threads):
            raise RuntimeError(f"{len(refused)} connections were refused; others got {others}")
        return max(refused) - sent


def latencies(server, backend, tokens, connections):
    """Of so many revocations, each of a token that every connection calls with, in order."""
    admin = User(server)
    api = admin.publish("Revoking", backend)
    application = admin.create_application("revoking", "Unlimited", "OAUTH")
    admin.subscribe(api["id"], application["applicationId"])
    keys = admin.generate_keys(application["applicationId"])
    client = basic(keys["consumerKey"], keys["consumerSecret"])

    # A kept connection: making one costs the interpreter more than the rest of a revocation.
    trust = ssl.create_default_context(cafile=os.path.join(server.data_dir, "tls.crt"))
    revoker = http.client.HTTPSConnection("localhost", server.port(9443), timeout=PATIENCE_SECONDS,
                                          context=trust)

    def revoke(token):
        revoker.request("POST", "/oauth2/revoke", form(token=token), {**FORM, **client})
        answer = revoker.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"revoke: {answer.status} {text}")

    callers = Callers(server.gateway("/revoking/1.0.0/menu", "http"), connections)
    with contextlib.closing(revoker), contextlib.closing(callers):
        return sorted(callers.revoke(token_of(server, keys), revoke) for _ in range(tokens))
