#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""script/bench startup: exec to ready with an existing data directory, and idle resident memory.

Budget: 150 ms and 40 MB.
"""

import os
import statistics
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests"))

from support.server import Server  # noqa: E402
from support.walk import User  # noqa: E402

START_MS_MAX, RESIDENT_MB_MAX = 150, 40


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def main():
    with Server() as server:
        User(server).publish("Startup", "http://127.0.0.1:9")
        times, memory = [], []
        for _ in range(9):
            server.stop()
            before = time.monotonic()
            server.start()
            times.append((time.monotonic() - before) * 1000)
            time.sleep(1)  # what is done once after the start has settled
            memory.append(resident_mb(server.process.pid))
    start, resident = statistics.median(times), statistics.median(memory)
    print(f"exec to ready: median {start:.0f} ms (min {min(times):.0f}, max {max(times):.0f}), "
          f"budget {START_MS_MAX} ms")
    print(f"idle resident memory: median {resident:.1f} MB, budget {RESIDENT_MB_MAX} MB")
    return 0 if start <= START_MS_MAX and resident <= RESIDENT_MB_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
