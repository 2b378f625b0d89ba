#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""delay.py DEVICE MILLISECONDS: makes a network device that gives back each packet that is routed
to it, in order, so much later. Many kernels lack netem, which would do the same. Ends with its
device when its standard input does."""

import collections
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
PACKET_BYTES_MAX = 65536
PACKETS_MAX = 20000  # under way; a line drops what is more


def device(name):
    tunnel = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tunnel, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return tunnel


def take(tunnel, under_way, due):
    """All that has come."""
    while True:
        try:
            packet = os.read(tunnel, PACKET_BYTES_MAX)
        except BlockingIOError:
            return
        if len(under_way) < PACKETS_MAX:
            under_way.append((due, packet))


def give(tunnel, under_way, now):
    """All whose time has come."""
    while under_way and under_way[0][0] <= now:
        try:
            os.write(tunnel, under_way.popleft()[1])
        except OSError:  # no packet that the kernel takes
            pass


def main(name, milliseconds):
    tunnel = device(name)
    print("ready", flush=True)
    under_way = collections.deque()
    while True:
        wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
        readable, _, _ = select.select([tunnel, sys.stdin], [], [], wait)
        if sys.stdin in readable and not os.read(sys.stdin.fileno(), 1):
            return
        now = time.monotonic()
        if tunnel in readable:
            take(tunnel, under_way, now + milliseconds / 1e3)
        give(tunnel, under_way, now)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
