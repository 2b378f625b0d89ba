# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of the test's own: a temporary folder, a free port, a user without rights."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

from support.ports import free_port

PROGRAMS = "/usr/lib/postgresql/15/bin"
USER = "gatehouse"
PASSWORD = "a s3cret/of:the@database"
READY_SECONDS_MAX = 30


def runs(pid):
    """Whether a process is there and not merely waiting to be buried."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Postgres:
    """Use as a context manager; `restart` keeps data and port. Never the system's cluster."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="gatehouse-postgres-")
        self.data = os.path.join(self.folder, "data")
        self.port = free_port()
        # The server refuses to run as root.
        self.user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.process = None

    def __enter__(self):
        try:
            if self.user:
                os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
            password_file = os.path.join(self.folder, "password")
            with open(password_file, "w", encoding="utf-8") as out:
                out.write(PASSWORD)
            self.run("initdb", "-D", self.data, "-U", USER, "-A", "scram-sha-256",
                     f"--pwfile={password_file}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def as_user(self, program, *arguments):
        return {
            "args": [os.path.join(PROGRAMS, program), *arguments],
            "cwd": "/",
            "stdin": subprocess.DEVNULL,
            "env": {**os.environ, "PGPASSWORD": PASSWORD},
            **({"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
               if self.user else {}),
        }

    def run(self, program, *arguments):
        done = subprocess.run(**self.as_user(program, *arguments), capture_output=True, text=True,
                              timeout=READY_SECONDS_MAX, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr}")
        return done.stdout

    def sql(self, statement, database="postgres"):
        return self.run("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", database,
                        "-At", "-v", "ON_ERROR_STOP=1", "-c", statement).strip()

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                **self.as_user("postgres", "-D", self.data, "-k", self.folder,
                               "-p", str(self.port), "-c", "listen_addresses=127.0.0.1"),
                stdout=log, stderr=log)
        deadline = time.monotonic() + READY_SECONDS_MAX
        while True:
            try:
                self.sql("SELECT 1")
                return
            except RuntimeError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.02)

    def stop(self, number=signal.SIGINT):
        """SIGINT: every connection ends, what was committed is kept. SIGQUIT: as a crash."""
        self.process.send_signal(number)
        self.process.wait(timeout=READY_SECONDS_MAX)
        self.process = None

    def crash(self):
        """kill -9 of the server and of all its processes, so that it may start again."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path, encoding="ascii") as children:
            others = [int(child) for child in children.read().split()]
        self.process.kill()
        self.process.wait(timeout=READY_SECONDS_MAX)
        self.process = None
        deadline = time.monotonic() + READY_SECONDS_MAX
        for child in others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            while runs(child):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"process {child} of the database does not end")
                time.sleep(0.01)

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database, password=PASSWORD, **parameters):
        who = USER + (":" + urllib.parse.quote(password, safe="") if password else "")
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        return f"postgres://{who}@127.0.0.1:{self.port}/{database}{query}"

    def settings(self, **more):
        """--set arguments for three databases of their own, which are made."""
        names = ("user_manager", "api_manager", "registry")
        for name in names:
            self.sql(f"CREATE DATABASE {name}")
        return [f"database.{name}={self.url(name, **more)}" for name in names]
