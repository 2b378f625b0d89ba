#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/nodes.py: what it costs a key manager to know the node that asks."""

import os

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join(ROOT, "build", "release", "bench", "bench_nodes")
os.execv(PROGRAM, [PROGRAM])
