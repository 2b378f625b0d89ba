#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""script/bench revocations [latency|rate]: how quickly a revoked token is refused by every worker
of a gateway, and revocations per second over POST /oauth2/revoke on SQLite and PostgreSQL.

Budget: 50 ms at p99 from sending the revocation to the last worker's first 401; 10,000 revocations
per second on one PostgreSQL, over HTTPS with 128 kept connections, the server on one core and wrk
and PostgreSQL on the other.
"""

import argparse
import base64
import contextlib
import hashlib
import os
import sqlite3
import struct
import sys
import tempfile
import time
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests"))

from gateway import PinnedServer, start_backend  # noqa: E402
from measuring import Load, PinnedPostgres  # noqa: E402
from support import revoking  # noqa: E402
from support.server import FORM, Server, basic, form  # noqa: E402
from support.walk import User  # noqa: E402

LATENCY_MS_MAX, RATE_MIN = 50, 10_000
COLUMNS = ("hash, part, tenant_id, kind, family, client_id, user_id, scopes, grant_type, "
           "issued_at_ms, expires_at_ms, used_at_ms, details")


def make_token(now):
    """An opaque token and its row, as the key manager makes them (jose/opaque_token.h)."""
    hour = (now + 3600) // 3600
    head = struct.pack(">I", hour) + os.urandom(32)
    text = base64.urlsafe_b64encode(head + struct.pack(">I", zlib.crc32(head))).decode()
    token = "gate_" + text.rstrip("=")
    family = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
    return token, (hashlib.sha256(token.encode()).digest(), hour, 1, "access", family), now


def keep_in_file(server, rows):
    with contextlib.closing(sqlite3.connect(os.path.join(server.data_dir, "api_manager.db"))) as db:
        with db:
            places = ", ".join("?" * 13)
            db.executemany(f"INSERT INTO am_token ({COLUMNS}) VALUES ({places})", rows)


def keep_in_postgres(postgres, rows, folder):
    path = os.path.join(folder, "rows")
    with open(path, "w", encoding="ascii") as out:
        for row in rows:
            out.write("\t".join("\\\\x" + field.hex() if isinstance(field, bytes) else str(field)
                                for field in row) + "\n")
    os.chmod(folder, 0o755)
    postgres.sql(f"\\copy am_token ({COLUMNS}) FROM '{path}'", "api_manager")
    postgres.sql("ANALYZE am_token", "api_manager")


def rate(options, postgres=None):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-bench-"))
        settings = postgres.settings() if postgres else []
        server = stack.enter_context(PinnedServer("server.workers=1", *settings))
        admin = User(server)
        application = admin.create_application("revoked", "Unlimited", "OAUTH")
        keys = admin.generate_keys(application["applicationId"])
        server.stop()
        now = int(time.time())
        rows, bodies = [], []
        for _ in range(options.tokens):
            token, row, at = make_token(now)
            bodies.append(form(token=token))
            rows.append((*row, keys["consumerKey"], "", "default", "client_credentials",
                         at * 1000, (at + 3600) * 1000, 0, "{}"))
        if postgres:
            keep_in_postgres(postgres, rows, folder)
        else:
            keep_in_file(server, rows)
        server.start()
        pids = {"server": server.process.pid}
        if postgres:
            pids["PostgreSQL"] = postgres.process.pid
        headers = {**FORM, **basic(keys["consumerKey"], keys["consumerSecret"])}
        revocations = Load(folder, server.url("/oauth2/revoke"), bodies, headers)
        run = revocations.run(pids, options.seconds, options.connections)
        if run.requests >= options.tokens:
            raise RuntimeError("there were too few tokens: --tokens")
        name = "PostgreSQL" if postgres else "SQLite"
        print(f"{name:<11}{run.rate:>8,.0f} revocations/s over HTTPS, {options.connections} "
              f"connections; p50 {run.p50:.2f} ms, p99 {run.p99:.2f} ms; "
              + ", ".join(f"{of} {used / run.seconds * 100:.0f} % of a core"
                          for of, used in run.cpu.items()), flush=True)
        return run.rate


def latency(options):
    with contextlib.ExitStack() as stack:
        backend = start_backend(stack, 200)
        server = stack.enter_context(Server("server.workers=4", "gateway.unknown_tokens_max=0"))
        spent = revoking.latencies(server, f"http://127.0.0.1:{backend}", options.revocations, 12)
    p50, p99 = (spent[len(spent) * part // 100] * 1000 for part in (50, 99))
    print(f"revoke to refused by all of 4 workers, {len(spent)} tokens with calls going on: "
          f"p50 {p50:.1f} ms, p99 {p99:.1f} ms (budget {LATENCY_MS_MAX})", flush=True)
    return p99


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=["latency", "rate"])
    parser.add_argument("--revocations", type=int, default=300)
    parser.add_argument("--tokens", type=int, default=150_000)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--connections", type=int, default=128)
    options = parser.parse_args()
    missed = False
    if "latency" in options.parts:
        missed = latency(options) > LATENCY_MS_MAX
    if "rate" in options.parts:
        rate(options)
        with PinnedPostgres() as postgres:
            missed = rate(options, postgres) < RATE_MIN or missed
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
