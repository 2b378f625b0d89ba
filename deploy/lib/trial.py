# SPDX-License-Identifier: Apache-2.0
"""A pattern that runs on this computer, from the files of its folder."""

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import time

from databases import REPLICATION, passwords
from machines import Machines
from render import files_of, member, names
from support.authority import Authority, write
from support.server import BINARY, PASSWORD, call

POSTGRES = "/usr/lib/postgresql/15/bin"
DATABASE_USER = "nobody"  # PostgreSQL refuses to be root
READY_SECONDS_MAX = 60
DRAIN_SECONDS_MAX = 75
FAKE_CLOCK = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


def until(what, holds, seconds=READY_SECONDS_MAX):
    """Seconds until it held."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > seconds:
            raise RuntimeError(f"{what}: not within {seconds} s")
        time.sleep(0.01)
    return time.monotonic() - begun


class Trial:
    """Use as a context manager. `url` and `gateway` make it one server for support.walk."""

    def __init__(self, pattern, files, folder, balancer="nginx"):
        """`files`: the pattern's folder; `folder`: an empty one for all that is written."""
        self.pattern, self.files, self.folder, self.balancer = pattern, files, folder, balancer
        shutil.copy(os.path.join(files, "hosts"), folder)
        self.machines = Machines(pattern, os.path.join(folder, "hosts"))
        self.stack = contextlib.ExitStack()
        self.clocks = {}  # seconds that a machine's clock is ahead, by its name

    def __enter__(self):
        try:
            self.make_secrets()
            for machine in self.pattern.machines:
                self.install(machine)
            self.stack.enter_context(self.machines)
            for machine in self.pattern.machines:
                self.machines.guard(machine, self.etc(machine, "firewall.nft"))
            self.start_databases()
            for far in (False, True):  # those who are elsewhere ask those who are here
                for kind in ("bus", "node", "balancer"):
                    self.start(*(one for one in self.pattern.of(kind) if one.far == far))
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_):
        self.stack.close()

    # --- files ----------------------------------------------------------------------------------

    def etc(self, machine, *names_):
        return os.path.join(self.folder, machine.name, "etc", *names_)

    def data(self, machine, *names_):
        return os.path.join(self.folder, machine.name, "data", *names_)

    def log(self, machine):
        return os.path.join(self.folder, machine.name, "log")

    def make_secrets(self):
        self.secrets = os.path.join(self.folder, "secrets")
        os.makedirs(self.secrets)
        self.authority = Authority(self.secrets)
        subprocess.run([BINARY, "cluster", "init", self.secrets], capture_output=True, check=True)
        for role in passwords(self.pattern):
            write(os.path.join(self.secrets, f"{role}.password"),
                  secrets.token_urlsafe(36).encode() + b"\n")
        if self.pattern.shared:
            self.make_permissions()

    def make_permissions(self):
        """Of all nodes on the bus; its servers read them at their start, or when told to."""
        members = [member(one) for one in self.pattern.nodes()]
        done = subprocess.run([BINARY, "cluster", "nats-permissions", "--passwords", self.secrets,
                               *members], capture_output=True, check=True)
        for place in (self.secrets, *map(self.etc, self.pattern.of("bus"))):
            if os.path.exists(place):
                write(os.path.join(place, "permissions.conf"), done.stdout)

    def files_of(self, machine):
        """As its pattern's folder has them; one that came later is in none."""
        folder = os.path.join(self.files, machine.name)
        if not os.path.exists(folder):
            return files_of(self.pattern, machine)
        texts = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                texts[name] = file.read()
        return texts

    def write_files(self, machine, texts):
        """With paths of the trial; the names of those that are not as they were."""
        changed = set()
        for name, text in texts.items():
            for there, here in (("/etc/gatehouse", self.etc(machine)),
                                ("/var/lib/gatehouse", self.data(machine)),
                                ("/var/lib/nats", self.data(machine)),
                                ("/run/nginx.pid", self.etc(machine, "nginx.pid"))):
                text = text.replace(there, here)
            before = None
            with contextlib.suppress(FileNotFoundError), \
                    open(self.etc(machine, name), encoding="utf-8") as file:
                before = file.read()
            if text != before:
                write(self.etc(machine, name), text.encode())
                changed.add(name)
        return changed

    def install(self, machine):
        """Its files, and of the secrets those that it names."""
        os.makedirs(self.etc(machine))
        os.makedirs(self.data(machine))
        own = self.files_of(machine)
        self.write_files(machine, own)
        texts = "".join(own.values())
        certificate, key = self.authority.issue(*names(self.pattern, machine))
        shutil.move(certificate, self.etc(machine, "tls.crt"))
        shutil.move(key, self.etc(machine, "tls.key"))
        shutil.copy(self.authority.ca, self.etc(machine, "ca.crt"))
        for name in os.listdir(self.secrets):
            for_database = machine.kind == "database" and name == "postgres.password"
            if f"/{name}\"" in texts or f"\"{name}\"" in texts or for_database:
                shutil.copy(os.path.join(self.secrets, name), self.etc(machine, name))
        if "cluster.secret" in texts:
            self.give_credential(machine)
        if machine.kind == "balancer":
            with open(self.etc(machine, "tls.crt"), "rb") as one, \
                    open(self.etc(machine, "tls.key"), "rb") as other:
                write(self.etc(machine, "tls.pem"), one.read() + other.read())

    def give_credential(self, gateway):
        """Its own, for its environments."""
        subprocess.run([BINARY, "cluster", "credential", gateway.name,
                        "--environment", gateway.environment,
                        "--out", self.etc(gateway, "cluster.secret"),
                        "--set", f"cluster.key_file={os.path.join(self.secrets, 'cluster.key')}"],
                       capture_output=True, check=True)

    # --- processes ------------------------------------------------------------------------------

    def start(self, *machines):
        """All of them at the same time; returns when they serve."""
        for machine in machines:
            getattr(self, f"start_{machine.kind}")(machine)
        for machine in machines:
            until(f"{machine.name} serves (its log: {self.log(machine)})",
                  lambda one=machine: self.serves(one))

    def kill(self, machine):
        self.machines.kill(machine, machine.kind)

    def stop(self, machine):
        self.machines.stop(machine, machine.kind, DRAIN_SECONDS_MAX)

    def change(self, machine, old, new):
        """In the configuration of a node; from its next start on."""
        path = self.etc(machine, "gatehouse.toml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if old not in text:
            raise RuntimeError(f"{path} has no {old}")
        write(path, text.replace(old, new).encode())

    def configure(self, machine, section, line):
        """Another line in a section of its configuration; from its next start on."""
        path = self.etc(machine, "gatehouse.toml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        head = f"[{section}]\n"
        if head not in text:
            text += "\n" + head
        write(path, text.replace(head, f"{head}{line}\n").encode())

    def serves(self, machine):
        process = self.machines.processes[machine.name, machine.kind]
        if process.poll() is not None:
            with open(self.log(machine), encoding="utf-8", errors="replace") as log:
                raise RuntimeError(f"{machine.name} has ended:\n{log.read()[-3000:]}")
        try:
            return getattr(self, f"{machine.kind}_serves")(machine)
        except OSError:
            return False

    def start_node(self, machine):
        environment = {"GATEHOUSE_ADMIN_PASSWORD": PASSWORD}
        if machine.name in self.clocks:
            environment.update(LD_PRELOAD=FAKE_CLOCK, FAKETIME=f"+{self.clocks[machine.name]}",
                               FAKETIME_DONT_FAKE_MONOTONIC="1", DONT_FAKE_MONOTONIC="1")
        self.machines.start(machine, "node",
                            [BINARY, "serve", "--config", self.etc(machine, "gatehouse.toml")],
                            self.log(machine), environment)

    def node_serves(self, machine):
        return call(f"http://{machine.address}:9763/readyz", timeout=2).status == 200

    # --- databases ------------------------------------------------------------------------------

    def start_databases(self):
        """The first is the primary; the others copy it and follow."""
        self.primary, *standbys = self.pattern.of("database") or [None]
        if not self.primary:
            return
        self.make_database(self.primary)
        self.start(self.primary)
        self.make_roles()
        for standby in standbys:
            self.copy_database(standby)
        self.start(*standbys)
        self.wait_for_standbys(len(standbys))

    def start_database(self, machine):
        self.machines.start(
            machine, "database",
            [f"{POSTGRES}/postgres", "-D", self.data(machine, "postgresql"), "-k",
             self.data(machine), "-c", f"config_file={self.etc(machine, 'postgresql.conf')}",
             "-c", f"hba_file={self.etc(machine, 'pg_hba.conf')}"],
            self.log(machine), user=DATABASE_USER)

    def database_serves(self, machine):
        return self.sql(machine, "SELECT 1") == "1"

    def own(self, machine):
        """PostgreSQL refuses to be root."""
        owner = pwd.getpwnam(DATABASE_USER)
        for place, _, files in os.walk(os.path.dirname(self.data(machine))):
            for name in ["", *files]:
                os.chown(os.path.join(place, name), owner.pw_uid, owner.pw_gid)
        for place in (self.folder, os.path.dirname(self.data(machine))):
            os.chmod(place, 0o711)

    def make_database(self, machine):
        self.own(machine)
        self.machines.run(
            machine, [f"{POSTGRES}/initdb", "-D", self.data(machine, "postgresql"),
                      "-U", "postgres", "-A", "scram-sha-256",
                      f"--pwfile={self.etc(machine, 'postgres.password')}",
                      "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], user=DATABASE_USER)

    def make_roles(self):
        options = {"PGOPTIONS": "-c synchronous_commit=local"}  # no standby is there to wait for
        self.psql(self.primary, ["-f", self.etc(self.primary, "databases.sql")], options)
        for role in passwords(self.pattern):
            self.psql(self.primary, ["-c", f"ALTER ROLE {role} PASSWORD '{self.password(role)}'"],
                      options)

    def password(self, role):
        with open(os.path.join(self.secrets, f"{role}.password"), encoding="utf-8") as file:
            return file.read().strip()

    def follows(self):
        return (f"host={self.primary.host} user={REPLICATION} "
                f"password={self.password(REPLICATION)} sslmode=verify-full "
                f"sslrootcert={self.etc(self.primary, 'ca.crt')}")

    def copy_database(self, machine):
        """The primary's, which it follows from then on."""
        shutil.rmtree(self.data(machine, "postgresql"), ignore_errors=True)
        self.own(machine)
        self.machines.run(
            machine, [f"{POSTGRES}/pg_basebackup", "-D", self.data(machine, "postgresql"), "-R",
                      "-X", "stream", "-c", "fast", "--no-sync",
                      "-d", f"{self.follows()} application_name={machine.name}"],
            user=DATABASE_USER)

    def wait_for_standbys(self, count):
        asked = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
        until("the standbys follow", lambda: int(self.sql(self.primary, asked)) >= count)

    def promote(self):
        """The standby that has most; the others follow it."""
        asked = "SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')"
        standbys = [one for one in self.pattern.of("database") if one is not self.primary]
        self.primary = max(standbys, key=lambda one: int(self.sql(one, asked)))
        self.sql(self.primary, "SELECT pg_promote()")
        for one in standbys:
            if one is not self.primary:
                conninfo = f"{self.follows()} application_name={one.name}"
                self.sql(one, f"ALTER SYSTEM SET primary_conninfo = '{conninfo}'")
                self.sql(one, "SELECT pg_reload_conf()")
        return self.primary

    def psql(self, machine, arguments, environment=None):
        """As the superuser, who is the system's user of that name."""
        done = subprocess.run(
            ["setpriv", "--reuid=postgres", "--regid=nogroup", "--clear-groups",
             "psql", "-h", self.data(machine), "-d", "postgres", "-At", "-v", "ON_ERROR_STOP=1",
             *arguments], cwd="/", capture_output=True, text=True, check=False,
            env={**os.environ, **(environment or {})})
        if done.returncode != 0:
            raise OSError(done.stderr)
        return done.stdout.strip()

    def sql(self, machine, statement, database="postgres"):
        return self.psql(machine, ["-d", database, "-c", statement])

    # --- what stands around it ------------------------------------------------------------------

    def start_bus(self, machine):
        self.machines.start(machine, "bus", ["nats-server", "-c", self.etc(machine, "nats.conf")],
                            self.log(machine))

    def bus_serves(self, machine):
        with open(self.log(machine), encoding="utf-8", errors="replace") as log:
            return "Server is ready" in log.read()

    def start_balancer(self, machine):
        if self.balancer == "haproxy":
            command = ["haproxy", "-db", "-f", self.etc(machine, "haproxy.cfg")]
        else:
            command = ["nginx", "-c", self.etc(machine, "nginx.conf"), "-e", self.log(machine),
                       "-g", "daemon off;"]
        self.machines.start(machine, "balancer", command, self.log(machine))

    def balancer_serves(self, machine):
        port, path, status = {"external": (8243, "/healthz", 200),
                              "internal": (9443, "/oauth2/jwks", 200),
                              "dmz": (443, "/", 404)}[machine.side]
        return call(f"https://{machine.address}:{port}{path}", timeout=2).status == status

    # --- where it is reached --------------------------------------------------------------------

    @property
    def entry(self):
        return self.pattern.balancer("external") or self.pattern.nodes()[0]

    def url(self, path="", base=9443):
        machine = self.pattern.balancer("internal") or self.pattern.nodes()[0]
        return f"https://{machine.address}:{base}{path}"

    def gateway(self, path="", scheme="https"):
        return f"{scheme}://{self.entry.address}:{8243 if scheme == 'https' else 8280}{path}"
