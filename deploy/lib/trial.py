# SPDX-License-Identifier: Apache-2.0
"""A pattern that runs on this computer, from the files of its folder."""

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import time

from machines import Machines
from render import member, names
from support.authority import Authority, write
from support.server import BINARY, PASSWORD, call

POSTGRES = "/usr/lib/postgresql/15/bin"
DATABASE_USER = "nobody"  # PostgreSQL refuses to be root
READY_SECONDS_MAX = 60
DRAIN_SECONDS_MAX = 75
FAKE_CLOCK = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"  # of Debian's faketime


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
        self.machines = Machines(pattern, os.path.join(files, "hosts"))
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
            for kind in ("database", "bus", "node", "balancer"):
                self.start(*self.pattern.of(kind))
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
        write(os.path.join(self.secrets, "cluster.key"), secrets.token_bytes(32))
        for name in ("cluster.secret", "database.password"):
            write(os.path.join(self.secrets, name), secrets.token_urlsafe(36).encode() + b"\n")
        if self.pattern.shared:
            members = [member(one) for one in self.pattern.nodes()]
            done = subprocess.run([BINARY, "cluster", "nats-permissions", "--passwords",
                                   self.secrets, *members],
                                  capture_output=True, check=True)
            write(os.path.join(self.secrets, "permissions.conf"), done.stdout)

    def install(self, machine):
        """Its files, and of the secrets those that it names."""
        os.makedirs(self.etc(machine))
        os.makedirs(self.data(machine))
        texts = ""
        for name in os.listdir(os.path.join(self.files, machine.name)):
            with open(os.path.join(self.files, machine.name, name), encoding="utf-8") as file:
                text = file.read()
            for there, here in (("/etc/gatehouse", self.etc(machine)),
                                ("/var/lib/gatehouse", self.data(machine)),
                                ("/var/lib/nats", self.data(machine)),
                                ("/run/nginx.pid", self.etc(machine, "nginx.pid"))):
                text = text.replace(there, here)
            write(self.etc(machine, name), text.encode())
            texts += text
        certificate, key = self.authority.issue(*names(self.pattern, machine))
        shutil.move(certificate, self.etc(machine, "tls.crt"))
        shutil.move(key, self.etc(machine, "tls.key"))
        shutil.copy(self.authority.ca, self.etc(machine, "ca.crt"))
        for name in os.listdir(self.secrets):
            for_database = machine.kind == "database" and name == "database.password"
            if f"/{name}\"" in texts or f"\"{name}\"" in texts or for_database:
                shutil.copy(os.path.join(self.secrets, name), self.etc(machine, name))
        if machine.kind == "balancer":
            with open(self.etc(machine, "tls.crt"), "rb") as one, \
                    open(self.etc(machine, "tls.key"), "rb") as other:
                write(self.etc(machine, "tls.pem"), one.read() + other.read())

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

    def configure(self, machine, edit):
        """edit(text of its configuration) is that text from its next start on."""
        path = self.etc(machine, "gatehouse.toml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if edit(text) == text:
            raise RuntimeError(f"{path} would be as it was")
        write(path, edit(text).encode())

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
                               FAKETIME_DONT_FAKE_MONOTONIC="1")
        self.machines.start(machine, "node",
                            [BINARY, "serve", "--config", self.etc(machine, "gatehouse.toml")],
                            self.log(machine), environment)

    def node_serves(self, machine):
        return call(f"http://{machine.address}:9763/readyz", timeout=2).status == 200

    def start_database(self, machine):
        data = self.data(machine, "postgresql")
        if not os.path.exists(data):
            self.make_database(machine, data)
        self.machines.start(
            machine, "database",
            [f"{POSTGRES}/postgres", "-D", data, "-k", self.data(machine),
             "-c", f"config_file={self.etc(machine, 'postgresql.conf')}",
             "-c", f"hba_file={self.etc(machine, 'pg_hba.conf')}"],
            self.log(machine), user=DATABASE_USER)

    def make_database(self, machine, data):
        owner = pwd.getpwnam(DATABASE_USER)
        for place, _, files in os.walk(os.path.dirname(self.data(machine))):
            for name in ["", *files]:
                os.chown(os.path.join(place, name), owner.pw_uid, owner.pw_gid)
        for place in (self.folder, os.path.dirname(self.data(machine))):
            os.chmod(place, 0o711)
        subprocess.run(["setpriv", f"--reuid={DATABASE_USER}", "--regid=nogroup", "--clear-groups",
                        f"{POSTGRES}/initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256",
                        f"--pwfile={self.etc(machine, 'database.password')}", "-E", "UTF8",
                        "--locale=C.UTF-8", "--no-sync"],
                       cwd="/", capture_output=True, check=True)

    def sql(self, machine, statement):
        """As the superuser, who is the system's user of that name."""
        done = subprocess.run(
            ["setpriv", "--reuid=postgres", "--regid=nogroup", "--clear-groups",
             "psql", "-h", self.data(machine), "-d", "postgres", "-At", "-v", "ON_ERROR_STOP=1",
             "-c", statement], cwd="/", capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OSError(done.stderr)
        return done.stdout.strip()

    def database_serves(self, machine):
        """With its databases, which the first start makes."""
        if self.sql(machine, "SELECT count(*) FROM pg_roles WHERE rolname = 'gatehouse'") == "1":
            return True
        with open(self.etc(machine, "databases.sql"), encoding="utf-8") as file:
            statements = [line for line in file.read().split(";\n") if line.strip()]
        for statement in statements:
            self.sql(machine, statement)
        with open(os.path.join(self.secrets, "database.password"), encoding="utf-8") as file:
            self.sql(machine, f"ALTER ROLE gatehouse PASSWORD '{file.read().strip()}'")
        return True

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
        path = "/healthz" if machine.side == "external" else "/oauth2/jwks"
        port = 8243 if machine.side == "external" else 9443
        return call(f"https://{machine.address}:{port}{path}", timeout=2).status == 200

    # --- where it is reached --------------------------------------------------------------------

    @property
    def entry(self):
        return self.pattern.balancer("external") or self.pattern.nodes()[0]

    def url(self, path="", base=9443):
        machine = self.pattern.balancer("internal") or self.pattern.nodes()[0]
        return f"https://{machine.address}:{base}{path}"

    def gateway(self, path="", scheme="https"):
        return f"{scheme}://{self.entry.address}:{8243 if scheme == 'https' else 8280}{path}"
