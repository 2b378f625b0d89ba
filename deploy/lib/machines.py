# SPDX-License-Identifier: Apache-2.0
"""Machines of a trial: network namespaces on one bridge, with the addresses, names and firewalls of
their pattern. Needs root."""

import contextlib
import ctypes
import os
import signal
import subprocess
import threading

from patterns import OPERATOR

BRIDGE, PREFIX = "gatehouse0", "gh-"
CLONE_NEWNET = 0x40000000
ENDING_SECONDS_MAX = 20


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def link_of(machine):
    return f"gh{machine.number}"


def present():
    return [line.split()[0] for line in ip("netns", "list").splitlines()
            if line.startswith(PREFIX)]


class Machines:
    """Use as a context manager. What runs on a machine is ended with it."""

    def __init__(self, pattern, hosts):
        """`hosts`: a file that every machine has as /etc/hosts."""
        self.pattern, self.hosts = pattern, hosts
        self.processes = {}  # by (machine, program)

    def __enter__(self):
        for name in present():
            if ip("netns", "pids", name).split():
                raise RuntimeError(f"another trial runs: network namespace {name} is in use")
        self.take_down()
        try:
            ip("link", "add", BRIDGE, "type", "bridge")
            ip("address", "add", f"{OPERATOR}/24", "dev", BRIDGE)
            ip("link", "set", BRIDGE, "up")
            for machine in self.pattern.machines:
                self.add(machine)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def add(self, machine):
        name = PREFIX + machine.name
        link = link_of(machine)
        ip("netns", "add", name)
        ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("link", "set", link, "master", BRIDGE, "up")
        ip("-n", name, "address", "add", f"{machine.address}/24", "dev", "eth0")
        ip("-n", name, "link", "set", "eth0", "up")
        ip("-n", name, "link", "set", "lo", "up")

    def guard(self, machine, rules):
        """Its firewall from a file."""
        done = subprocess.run(["ip", "netns", "exec", PREFIX + machine.name, "nft", "-f", rules],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{rules}: {done.stderr}")

    def start(self, machine, program, command, log, environment=None, user=None):
        """`program` is what it is called here. The process is the program itself."""
        before = ["setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups"] if user else []
        inside = ["ip", "netns", "exec", PREFIX + machine.name, "unshare", "--mount", "sh", "-c",
                  'mount --bind "$0" /etc/hosts && exec "$@"', self.hosts]
        with open(log, "ab") as out:
            process = subprocess.Popen([*inside, *before, *command], stdin=subprocess.DEVNULL,
                                       stdout=out, stderr=out, start_new_session=True,
                                       env={**os.environ, **(environment or {})})
        self.processes[machine.name, program] = process
        return process

    def kill(self, machine, program):
        """As a crash: the program and all processes of its session."""
        process = self.processes.pop((machine.name, program))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(ENDING_SECONDS_MAX)

    def stop(self, machine, program, seconds):
        """As an operator does: the program is told to end, and has so long for it."""
        process = self.processes.pop((machine.name, program))
        process.terminate()
        process.wait(seconds)

    def cut(self, machine):
        ip("link", "set", link_of(machine), "down")

    def join(self, machine):
        ip("link", "set", link_of(machine), "up")

    @contextlib.contextmanager
    def inside(self, machine):
        """Sockets of this thread are the machine's."""
        libc = ctypes.CDLL(None, use_errno=True)

        def enter(path):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                if libc.setns(descriptor, CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), f"setns {path}")
            finally:
                os.close(descriptor)

        own = f"/proc/self/task/{threading.get_native_id()}/ns/net"
        back = os.open(own, os.O_RDONLY)
        enter(f"/run/netns/{PREFIX}{machine.name}")
        try:
            yield
        finally:
            enter(f"/proc/self/fd/{back}")
            os.close(back)

    def close(self):
        # A killed PostgreSQL leaves shared memory behind; told to, it ends at once.
        for (_, program), process in self.processes.items():
            if program == "database":
                process.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(ENDING_SECONDS_MAX)
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for process in self.processes.values():
            process.wait()
        self.processes.clear()
        self.take_down()

    def take_down(self):
        """Links first: the kernel takes its time over those of a namespace that has gone."""
        for machine in self.pattern.machines:
            with contextlib.suppress(RuntimeError):
                ip("link", "delete", link_of(machine))
        for name in present():
            ip("netns", "delete", name)
        with contextlib.suppress(RuntimeError):
            ip("link", "delete", BRIDGE)
