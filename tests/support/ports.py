# SPDX-License-Identifier: Apache-2.0
"""Ports of servers that have to be told one, and that say in no other way when they are ready."""

import socket
import time

START_SECONDS_MAX = 20


def free_port():
    """A port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
