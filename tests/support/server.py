# SPDX-License-Identifier: Apache-2.0
"""Starts the program as a user would, on private ports and a temporary data directory."""

import base64
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.parse

from support.ports import START_SECONDS_MAX, free_ports

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("GATEHOUSE_BINARY", os.path.join(ROOT, "build", "release", "gatehouse"))
PASSWORD = "correct horse battery staple"


class Answer:
    """A whole HTTP answer."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # names in lower case
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


def call(url, method="GET", body=None, headers=None, timeout=30):
    """One request on its own connection. `body`: bytes, text, or anything that JSON knows."""
    parts = urllib.parse.urlsplit(url)
    headers = dict(headers or {})
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    if parts.scheme == "https":
        trust = ssl.create_default_context()
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(parts.netloc, timeout=timeout, context=trust)
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    try:
        target = parts.path + ("?" + parts.query if parts.query else "")
        connection.request(method, target, body=body, headers=headers)
        answer = connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, names, answer.read())
    finally:
        connection.close()


def basic(user, password):
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def form(**fields):
    return urllib.parse.urlencode(fields)


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BASE_PORTS = (9443, 9763, 8243, 8280, 9780)


class Server:
    """A running node. Use as a context manager; `restart` keeps data and ports."""

    def __init__(self, *settings, data_dir=None, arguments=(), offset=None, started=(200,)):
        """`started`: what /readyz says once it has, 503 for a gateway that knows nothing yet."""
        self.settings = settings
        self.binary = BINARY
        self.arguments = arguments
        self.started = started
        self.offset = free_ports(BASE_PORTS) if offset is None else offset
        self.data_dir = data_dir or tempfile.mkdtemp(prefix="gatehouse-journey-")
        self.owns_data_dir = data_dir is None
        self.process = None
        self.log_path = os.path.join(self.data_dir, "server.log")

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def port(self, base):
        return base + self.offset

    def url(self, path="", base=9443):
        return f"https://127.0.0.1:{self.port(base)}{path}"

    def gateway(self, path="", scheme="https"):
        base = 8243 if scheme == "https" else 8280
        return f"{scheme}://127.0.0.1:{self.port(base)}{path}"

    def status(self, path):
        return call(f"http://127.0.0.1:{self.port(9763)}{path}")

    def command(self):
        command = [self.binary, "serve", "--data-dir", self.data_dir,
                   "--port-offset", str(self.offset)]
        for setting in self.settings:
            command += ["--set", setting]
        return command + list(self.arguments)

    def start(self):
        environment = dict(os.environ, GATEHOUSE_ADMIN_PASSWORD=PASSWORD)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended: {self.log()}")
            try:
                if self.status("/readyz").status in self.started:
                    return
            except OSError:
                pass
            time.sleep(0.01)
        raise RuntimeError(f"the server is not ready: {self.log()}")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()[-4000:]

    def stop(self, number=signal.SIGINT):
        """Stops cleanly; returns the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=70)
        self.process = None
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self):
        self.stop()
        self.start()

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.owns_data_dir:
            shutil.rmtree(self.data_dir, ignore_errors=True)
