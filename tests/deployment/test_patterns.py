# SPDX-License-Identifier: Apache-2.0
"""The deployment patterns, each tried from its files: machines are network namespaces."""

import os
import shutil
import subprocess
import unittest

from support.server import BINARY, ROOT

DEPLOY = os.path.join(ROOT, "deploy")
TRIAL_SECONDS_MAX = 180
PATTERNS = ("1", "2/cache-gateway", "3", "4")
# With a machine more or less of the same kinds.
VARIANTS = ("1-ha", "2/cache-key-manager", "2/cache-none")


def has_namespaces():
    """Root, the programs, and a kernel that has namespaces and bridges."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "nft", "setpriv", "nats-server"))):
        return False
    name = f"gh-look-{os.getpid()}"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
    return tried.returncode == 0


class Files(unittest.TestCase):
    def test_are_those_that_the_description_gives(self):
        done = subprocess.run([os.path.join(DEPLOY, "generate"), "--check"], capture_output=True,
                              text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


@unittest.skipUnless(has_namespaces(), "skipped: no network namespaces here")
class Trial(unittest.TestCase):
    def test_holds(self):
        variants = VARIANTS if "GATEHOUSE_TEST_VARIANTS" in os.environ else ()
        for pattern in (*PATTERNS, *variants):
            with self.subTest(pattern=pattern):
                trial = subprocess.Popen(
                    [os.path.join(DEPLOY, "try"), pattern, "--check"],
                    env={**os.environ, "GATEHOUSE_BINARY": BINARY}, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                try:
                    said, _ = trial.communicate(timeout=TRIAL_SECONDS_MAX)
                finally:
                    if trial.poll() is None:
                        trial.terminate()  # it takes its machines down
                        said, _ = trial.communicate()
                self.assertEqual(trial.returncode, 0, said)
                self.assertIn(" holds", said)
