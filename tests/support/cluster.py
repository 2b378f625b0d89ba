# SPDX-License-Identifier: Apache-2.0
"""Several nodes on one PostgreSQL with one cluster key."""

import os
import shutil
import subprocess
import tempfile

from support.backend import Recorder
from support.postgres import Postgres
from support.server import BINARY, Server
from support.walk import User, token_of


def put_key(folder, key):
    """The cluster key, where a node with this data directory looks for it."""
    path = os.path.join(folder, "cluster.key")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(key)
    return path


def key_of(server):
    with open(os.path.join(server.data_dir, "cluster.key"), "rb") as file:
        return file.read()


def credential_file(folder, key, node="gw", environments=("Default",), *more):
    """A file in `folder` with the credential of a gateway, under the cluster key."""
    path = os.path.join(folder, f"{node}.secret")
    with tempfile.TemporaryDirectory() as place:
        chosen = [part for name in environments for part in ("--environment", name)]
        subprocess.run(
            [BINARY, "cluster", "credential", node, *chosen, "--out", path, "--force", *more,
             "--set", f"cluster.key_file={put_key(place, key)}"],
            check=True, capture_output=True, text=True)
    return path


def credential(key, node="gw", environments=("Default",), *more):
    """The text of it: the password that the gateway shows."""
    with tempfile.TemporaryDirectory() as folder:
        with open(credential_file(folder, key, node, environments, *more),
                  encoding="utf-8") as file:
            return file.read().strip()


class Cluster:
    """Two key managers on one PostgreSQL, and what a gateway of theirs needs."""

    def __init__(self, stack, *settings):
        self.stack = stack
        postgres = stack.enter_context(Postgres())
        self.databases = postgres.settings()
        self.key = None  # of the cluster, from the first node
        self.key_managers = [self.node(*settings) for _ in range(2)]
        self.backend = stack.enter_context(Recorder())

    def node(self, *settings):
        """A node with the key of the cluster."""
        folder = tempfile.mkdtemp(prefix="gatehouse-journey-")
        self.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if self.key:
            put_key(folder, self.key)
        server = self.stack.enter_context(Server(*self.databases, *settings, data_dir=folder))
        self.key = key_of(server)
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
