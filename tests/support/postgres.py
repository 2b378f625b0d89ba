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
DATABASES = ("user_manager", "api_manager", "registry")
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

    def __init__(self, *options):
        """`options`: what the server is told beside its place, "name=value"."""
        self.options = options
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
            self.make_data()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def make_data(self):
        password_file = os.path.join(self.folder, "password")
        with open(password_file, "w", encoding="utf-8") as out:
            out.write(PASSWORD)
        self.run("initdb", "-D", self.data, "-U", USER, "-A", "scram-sha-256",
                 f"--pwfile={password_file}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

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
                               "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
                               *(part for option in self.options for part in ("-c", option))),
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

    def children(self):
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path, encoding="ascii") as children:
            return [int(child) for child in children.read().split()]

    def signal_all(self, number):
        """To the server and to all its processes: SIGSTOP freezes them, SIGCONT thaws them."""
        for process in (self.process.pid, *self.children()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def crash(self):
        """kill -9 of the server and of all its processes, so that it may start again."""
        others = self.children()
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
        return url_of([self], database, password, **parameters)

    def settings(self, **more):
        """--set arguments for three databases of their own, which are made."""
        for name in DATABASES:
            self.sql(f"CREATE DATABASE {name}")
        return [f"database.{name}={self.url(name, **more)}" for name in DATABASES]


def url_of(servers, database, password=PASSWORD, user=USER, **parameters):
    """Of one server, or of several of which one takes writes."""
    who = user + (":" + urllib.parse.quote(password, safe="") if password else "")
    query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
    hosts = ",".join(f"127.0.0.1:{one.port}" for one in servers)
    return f"postgres://{who}@{hosts}/{database}{query}"


class Standby(Postgres):
    """Follows `primary`, as the standby `name`."""

    def __init__(self, primary, name, *options):
        super().__init__(*options)
        self.primary, self.name = primary, name

    def make_data(self):
        self.run("pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast", "--no-sync",
                 "-d", self.follows(self.primary))

    def follows(self, primary):
        return (f"host=127.0.0.1 port={primary.port} user={USER} password='{PASSWORD}' "
                f"application_name={self.name}")

    def follow(self, primary):
        """Another one from now on."""
        conninfo = self.follows(primary).replace("'", "''")
        self.sql(f"ALTER SYSTEM SET primary_conninfo = '{conninfo}'")
        self.sql("SELECT pg_reload_conf()")

    def received(self):
        """How many bytes of the primary's log it has."""
        return int(self.sql("SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')"))

    def promote(self):
        self.run("pg_ctl", "promote", "-D", self.data, "-w")


class Replicated:
    """A primary and two standbys, one of which has each commit before it is answered."""

    OPTIONS = ("synchronous_standby_names=ANY 1 (s0, s1, s2)", "wal_keep_size=512MB")

    def __init__(self, *options):
        """`options`: of each server, beside those above or instead of them."""
        self.options = options or self.OPTIONS

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        try:
            first = self.stack.enter_context(Postgres("wal_keep_size=512MB"))
            standbys = [self.stack.enter_context(Standby(first, f"s{i}", *self.options))
                        for i in (1, 2)]
            # A primary that waits for standbys is started when there are some.
            first.stop()
            first.options = self.options
            first.start()
            self.servers = [first, *standbys]
            self.wait_for_standbys(first, 2)
        except BaseException:
            self.stack.close()
            raise
        self.primary = first
        return self

    def __exit__(self, *_):
        self.stack.close()

    @property
    def standbys(self):
        return [one for one in self.servers if one is not self.primary]

    def wait_for_standbys(self, primary, count):
        deadline = time.monotonic() + READY_SECONDS_MAX
        asked = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
        while int(primary.sql(asked)) < count:
            if time.monotonic() > deadline:
                raise RuntimeError("the standbys do not follow")
            time.sleep(0.02)

    def promote_the_most_advanced(self):
        """The primary must be dead, or unable to answer: its standbys are sent elsewhere."""
        next_one = max(self.standbys, key=Standby.received)
        others = [one for one in self.standbys if one is not next_one]
        next_one.promote()
        for other in others:
            other.follow(next_one)
        self.primary = next_one
        return next_one

    def settings(self, **more):
        for name in DATABASES:
            self.primary.sql(f"CREATE DATABASE {name}")
        return [f"database.{name}={url_of(self.servers, name, **more)}" for name in DATABASES]
