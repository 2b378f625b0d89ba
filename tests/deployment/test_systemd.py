# SPDX-License-Identifier: Apache-2.0
"""The unit file: how much of the system a node that was taken over could reach."""

import os
import re
import shutil
import subprocess
import unittest

from support.server import ROOT

UNIT = os.path.join(ROOT, "deploy", "systemd", "gatehouse.service")
EXPOSURE_MAX = 3.0  # of 10, as systemd counts


@unittest.skipUnless(shutil.which("systemd-analyze"), "skipped: systemd is not installed")
class Unit(unittest.TestCase):
    def test_exposes_little(self):
        done = subprocess.run(["systemd-analyze", "security", "--offline=yes", UNIT],
                              capture_output=True, text=True, check=False)
        exposure = re.search(r"Overall exposure level for gatehouse.service: ([\d.]+)", done.stdout)
        self.assertIsNotNone(exposure, done.stdout + done.stderr)
        self.assertLessEqual(float(exposure.group(1)), EXPOSURE_MAX)
