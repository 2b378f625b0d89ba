# SPDX-License-Identifier: Apache-2.0
"""Client libraries of npm, each driven step by step in a process of its own."""

import json
import os
import select
import subprocess

from support.npm import install
from support.server import ROOT

FOLDER = os.path.join(ROOT, "tests", "clients")
STEP_SECONDS_MAX = 60


class ClientRefused(Exception):
    """What the library threw."""

    def __init__(self, told):
        super().__init__(f"{told['name']}: {told['message']} ({told['error']})")
        self.error = told["error"]  # of OAuth, or None


class Library:
    """A program of tests/clients that trusts `certificate`. Use as a context manager."""

    def __init__(self, program, certificate):
        self.program = program
        self.certificate = certificate

    def __enter__(self):
        install(FOLDER)
        self.process = subprocess.Popen(
            ["node", self.program], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env={**os.environ, "NODE_EXTRA_CA_CERTS": self.certificate})
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def begin(self, step, **given):
        self.process.stdin.write(json.dumps({"step": step, **given}) + "\n")
        self.process.stdin.flush()

    def end(self):
        """What the step that was begun has for an answer."""
        ready, _, _ = select.select([self.process.stdout], [], [], STEP_SECONDS_MAX)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            raise RuntimeError(f"{self.program} does not answer")
        answer = json.loads(line)
        if "error" in answer:
            raise ClientRefused(answer["error"])
        return answer["result"]

    def do(self, step, **given):
        self.begin(step, **given)
        return self.end()
