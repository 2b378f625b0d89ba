# SPDX-License-Identifier: Apache-2.0
"""Several nodes on one PostgreSQL with one cluster key."""

import os
import shutil
import tempfile

from support.backend import Recorder
from support.postgres import Postgres
from support.server import Server
from support.walk import User, token_of

SECRET = "a secret of at least thirty-two characters"


def secret_file(folder, secret=SECRET):
    path = os.path.join(folder, "cluster.secret")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(secret + "\n")
    return path


class Cluster:
    """Two key managers on one PostgreSQL, and what a gateway of theirs needs. The setting
    "cluster.secret_file" stands for a file with the secret."""

    def __init__(self, stack, *settings):
        self.stack = stack
        postgres = stack.enter_context(Postgres())
        self.databases = postgres.settings()
        self.key = None  # of the cluster, from the first node
        self.key_managers = [self.node(*settings) for _ in range(2)]
        self.backend = stack.enter_context(Recorder())

    def node(self, *settings):
        """A node with the secret and the key of the cluster."""
        folder = tempfile.mkdtemp(prefix="gatehouse-journey-")
        self.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if self.key:
            with open(os.open(os.path.join(folder, "cluster.key"), os.O_WRONLY | os.O_CREAT, 0o600),
                      "wb") as out:
                out.write(self.key)
        own = [f"cluster.secret_file={secret_file(folder)}" if setting == "cluster.secret_file"
               else setting for setting in settings]
        server = self.stack.enter_context(Server(*self.databases, *own, data_dir=folder))
        if not self.key:
            with open(os.path.join(folder, "cluster.key"), "rb") as key:
                self.key = key.read()
        return server

    def gateway(self, port, *settings):
        """A gateway that asks the key managers at a port of this machine."""
        return self.node(f"gateway.key_manager=https://localhost:{port}",
                         "gateway.key_cache=false", "server.workers=1", *settings)

    def publish(self, tokens):
        """An API, and so many tokens that open it."""
        admin = User(self.key_managers[0])
        api = admin.publish("Shared", self.backend.url)
        application = admin.create_application("shared", "Unlimited", "OAUTH")
        admin.subscribe(api["id"], application["applicationId"])
        keys = admin.generate_keys(application["applicationId"])
        return [token_of(self.key_managers[0], keys) for _ in range(tokens)]

    def counters(self, name):
        return [counter(server, name) for server in self.key_managers]


def counter(server, name):
    text = server.status("/metrics").body.decode()
    lines = [line.rsplit(" ", 1)[1] for line in text.splitlines() if line.startswith(name)]
    return sum(int(float(value)) for value in lines)
