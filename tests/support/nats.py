# SPDX-License-Identifier: Apache-2.0
"""A NATS server of the test's own: a temporary folder, a free port, JetStream on."""

import os
import shutil
import subprocess
import tempfile

from support.ports import free_port, takes_connections


class Nats:
    """Use as a context manager; `kill` and `start` keep port and data."""

    def __init__(self, more=""):
        """`more`: lines of its configuration, such as who may do what."""
        self.folder = tempfile.mkdtemp(prefix="gatehouse-nats-")
        self.port = free_port()
        self.more = more
        self.process = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def url(self):
        return f"nats://127.0.0.1:{self.port}"

    def start(self):
        configuration = os.path.join(self.folder, "nats.conf")
        with open(configuration, "w", encoding="utf-8") as out:
            out.write(f"listen: 127.0.0.1:{self.port}\n"
                      f"jetstream {{ store_dir: \"{self.folder}/kept\" }}\n{self.more}\n")
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(["nats-server", "-c", configuration],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if not takes_connections(self.process, self.port):
            raise RuntimeError(f"nats-server is not ready: {self.log()}")

    def kill(self):
        """As a crash: nobody is told."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            return log.read()[-4000:]

    def close(self):
        if self.process is not None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
