#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/tokens.py [sqlite|postgresql|revocations]... [COUNT...]: latency of look-up and issue
among 100,000 and 1,000,000 live tokens (or COUNT...), what they take while tokens expire, and
revocations per second, on SQLite and PostgreSQL. Ten million need 5 GB in the temporary folder."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join(ROOT, "build", "release", "bench", "bench_tokens")
os.execv(PROGRAM, [PROGRAM, *sys.argv[1:]])
