#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""script/bench patterns [PATTERN...]: the long form of `deploy/try`, of each pattern or of those
that are named: every fault, and propagation with its budget of 50 ms at p99. A quarter of an hour
each, alone on the machine."""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "deploy", "lib"))

from patterns import PATTERNS  # noqa: E402


def main(names):
    names = names or [one.name.removeprefix("pattern-") for one in PATTERNS]
    failed = [name for name in names if subprocess.run(
        [os.path.join(ROOT, "deploy", "try"), name, "--check", "--long"],
        stdin=subprocess.DEVNULL, check=False).returncode != 0]
    print(f"{len(names) - len(failed)} of {len(names)} patterns hold"
          f"{': not ' + ', '.join(failed) if failed else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
