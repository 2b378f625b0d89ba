# SPDX-License-Identifier: Apache-2.0
"""Nodes with a role or some each, on one PostgreSQL, as on machines of their own."""

import contextlib
import os
import shutil
import tempfile
import threading
import time

from support.authority import Authority
from support.cluster import credential_file, put_key
from support.postgres import Postgres
from support.server import Server

PORTALS = "publisher,devportal,admin"
WAIT_SECONDS_MAX = 20


def until(condition, seconds=WAIT_SECONDS_MAX):
    """Seconds until the condition held."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > seconds:
            raise AssertionError(f"not within {seconds} s")
        time.sleep(0.02)
    return time.monotonic() - begun


class Deployment:
    """Starts nodes that know each other by the cluster key and credentials. Every node shows a
    certificate of one authority, for the name localhost."""

    def __init__(self, stack):
        self.stack = stack
        self.postgres = stack.enter_context(Postgres())
        self.databases = self.postgres.settings()
        self.authority = Authority(self.folder())
        self.cluster_key = os.urandom(32)
        self.gateways = 0  # that have got a credential

    def folder(self):
        folder = tempfile.mkdtemp(prefix="gatehouse-journey-")
        self.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def make(self, profile, *settings, started=(200,), offset=None):
        """A node that has not been started."""
        folder = self.folder()
        certificate, key = self.authority.issue("localhost")
        own = [f"tls.certificate={certificate}", f"tls.key={key}",
               f"cluster.ca={self.authority.ca}"]
        if keeps_data(profile):
            put_key(folder, self.cluster_key)
            own += self.databases
        elif "gateway" in profile:
            self.gateways += 1
            own.append("cluster.secret_file=" + credential_file(
                folder, self.cluster_key, f"gw-{self.gateways}", environments_in(settings)))
        if "gateway" in profile:
            own.append("server.workers=2")
        return Server(*own, *settings, data_dir=folder, arguments=("--profile", profile),
                      started=started, offset=offset)

    def start(self, *nodes):
        """All of them at the same time."""
        failures = []

        def run(node):
            try:
                node.start()
            except Exception as failure:  # told below, by the thread of the test
                failures.append(failure)

        for node in nodes:
            self.stack.callback(node.close)
        threads = [threading.Thread(target=run, args=(node,)) for node in nodes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        return nodes

    def node(self, profile, *settings, **more):
        return self.start(self.make(profile, *settings, **more))[0]

    def portals(self, key_manager, *settings, profile=PORTALS):
        return self.make(profile, f"portals.key_manager={here(key_manager)}", *settings)

    def gateway(self, key_managers, control_planes, *settings, **more):
        return self.make(more.pop("profile", "gateway"),
                         "gateway.key_manager=" + ",".join(map(here, key_managers)),
                         "gateway.control_plane=" + ",".join(map(here, control_planes)),
                         *settings, **more)


def here(node):
    """The address of a node's port 9443, or of whatever has a port."""
    return f"https://localhost:{node.port(9443)}"


def environments_in(settings):
    """Those of a gateway with these settings."""
    chosen = [one.split("=", 1)[1] for one in settings if one.startswith("gateway.environments=")]
    return chosen[-1].split(",") if chosen else ["Default"]


def keeps_data(profile):
    return any(role in profile for role in ("key-manager", "publisher", "devportal", "admin",
                                            "control-plane", "all-in-one"))


class Parts:
    """Nodes as one server, for support.walk: portals, key manager and gateway by path."""

    def __init__(self, portals, key_manager, gateway):
        self.portals, self.key_manager, self.gateway_node = portals, key_manager, gateway

    def url(self, path="", base=9443):
        portal = path.startswith(("/api/am/", "/scim2"))
        return (self.portals if portal else self.key_manager).url(path, base)

    def gateway(self, path="", scheme="https"):
        return self.gateway_node.gateway(path, scheme)


@contextlib.contextmanager
def deployment():
    with contextlib.ExitStack() as stack:
        yield Deployment(stack)
