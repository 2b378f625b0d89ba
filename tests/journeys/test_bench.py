# SPDX-License-Identifier: Apache-2.0
"""The benchmark of the key manager gets right answers; how fast is another question."""

import os
import shutil
import subprocess
import sys
import unittest

from support.server import BINARY, ROOT


@unittest.skipUnless(shutil.which("wrk"), "skipped: wrk is not installed")
class KeyManagerBench(unittest.TestCase):
    def test_every_call_of_a_short_run_is_answered_well(self):
        command = [sys.executable, os.path.join(ROOT, "bench", "keymanager.py"), "--smoke", "issue",
                   "validate", "login"]
        done = subprocess.run(command, env={**os.environ, "GATEHOUSE_BINARY": BINARY},
                              capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for figure in ("opaque, durable, SQLite", "JWT RS256", "JWT ES256",
                       "from the cache, one per request", "from the database, one per request",
                       "logins at 10/s"):
            self.assertIn(figure, done.stdout)


if __name__ == "__main__":
    unittest.main()
