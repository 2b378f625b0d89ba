# SPDX-License-Identifier: Apache-2.0
"""Ports of servers that have to be told one, and that say in no other way when they are ready.

All of them lie below the ports that Linux gives to clients: one of those that asks for its own port
before the server listens would be connected to itself. GATEHOUSE_PORTS ("first-last") parts runs
that go on at the same time.
"""

import contextlib
import os
import random
import socket
import time

START_SECONDS_MAX = 20


def free_ports(bases):
    """An offset at which each of these ports is free now."""
    first, last = map(int, os.environ.get("GATEHOUSE_PORTS", "10000-32767").split("-"))
    for _ in range(200):
        offset = random.randrange(first - min(bases), last - max(bases) + 1)
        with contextlib.ExitStack() as probes:
            try:
                for port in bases:
                    probes.enter_context(socket.socket()).bind(("0.0.0.0", port + offset))
                return offset
            except OSError:
                continue
    raise RuntimeError("no free ports")


def free_port():
    return free_ports((0,))


def takes_connections(process, port):
    """Waits until a server does; False when it has ended or needs too long."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.01)
    return False
