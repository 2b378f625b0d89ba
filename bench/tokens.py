#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/tokens.py [COUNT...]: latency among 10,000 and 1,000,000 live tokens (or COUNT...), and
revocations per second, on SQLite and PostgreSQL. For ten million: bench/tokens.py 10000 10000000"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join(ROOT, "build", "release", "bench", "bench_tokens")
os.execv(PROGRAM, [PROGRAM, *sys.argv[1:]])
