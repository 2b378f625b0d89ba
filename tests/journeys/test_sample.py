# SPDX-License-Identifier: Apache-2.0
"""The first minutes of a new user: the sample, and the two curl commands that it prints."""

import re
import subprocess
import unittest

from support.server import BINARY, PASSWORD, Server


class Sample(unittest.TestCase):
    def test_the_printed_commands_do_what_is_said(self):
        with Server("sample.enabled=true") as server:
            for _ in range(2):  # a second walk finds what the first one made
                result = subprocess.run(
                    [BINARY, "sample", "--server", server.url(), "--user", "admin",
                     "--password", PASSWORD],
                    capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                self.assertNotIn(PASSWORD, result.stdout)
                self.assertNotIn("correct%20horse", result.stdout)
            works, limited = re.findall(r"^  (curl -k .*)$", result.stdout, re.MULTILINE)
            self.assertIn("Margherita", self.shell(works))
            output = self.shell(limited)
            self.assertIn(" 429 ", output)
            self.assertRegex(output, r"(?i)retry-after: [1-9]")
            self.assertIn("900803", output)

    def shell(self, command):
        return subprocess.run(
            command, shell=True, capture_output=True, text=True, timeout=30, check=True
        ).stdout


if __name__ == "__main__":
    unittest.main()
