#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/snapshot.py: what a gateway spends on what it knows: all of it, a change, a start."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join(ROOT, "build", "release", "bench", "bench_snapshot")
os.execv(PROGRAM, [PROGRAM, *sys.argv[1:]])
