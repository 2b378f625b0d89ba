# SPDX-License-Identifier: Apache-2.0
"""OpenID providers for tests: one that nobody here wrote, and one that is silent."""

import json
import os
import socket
import subprocess
import threading

from support.npm import install
from support.server import FORM, ROOT, basic, call, form
from support.walk import expect

FOLDER = os.path.join(ROOT, "tests", "providers")


class OidcProvider:
    """oidc-provider (npm) on a free port. Use as a context manager."""

    def __enter__(self):
        install(FOLDER)
        self.process = subprocess.Popen(
            ["node", "provider.mjs"], cwd=FOLDER, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("oidc-provider does not start")
        self.issuer = json.loads(line)["issuer"]
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def ask_token(self, client, secret, resource, scope="menu:read"):
        return call(
            f"{self.issuer}/token", "POST",
            form(grant_type="client_credentials", resource=resource, scope=scope),
            {**FORM, **basic(client, secret)},
        )

    def token(self, client, resource, scope="menu:read", secret=None):
        """A token of the client itself; `resource`: urn:jwt or urn:opaque."""
        answer = self.ask_token(client, secret or f"secret-of-{client}", resource, scope)
        return expect(answer, 200, "a token of the provider").json()["access_token"]

    def revoke(self, client, token):
        answer = call(f"{self.issuer}/token/revocation", "POST", form(token=token),
                      {**FORM, **basic(client, f"secret-of-{client}")})
        expect(answer, 200, "revoke at the provider")


class SilentProvider:
    """Takes connections and never answers."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.connections = []
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()
        return self

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        for connection in self.connections:
            connection.close()
