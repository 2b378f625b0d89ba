# SPDX-License-Identifier: Apache-2.0
"""Nodes that come to a trial that runs, and nodes that leave it, while it is called."""

import dataclasses
import os
import re
import shutil
import signal
import socket
import threading
import time

from render import files_of, hosts
from support.server import call

SOCKET = "/run/gatehouse-try.sock"  # where a trial is told to scale
DRAIN_SECONDS_MAX = 75
FIRST_CALL_SECONDS_MAX = 2


class Refused(Exception):
    """What was asked for cannot be."""


def group_of(pattern, role):
    """Nodes of one kind, by a profile or by what their names begin with (gw-out)."""
    def stem(node):
        return node.name.rsplit("-", 1)[0]

    alike = [node for node in pattern.nodes() if stem(node) == role or node.has(role)]
    if not alike:
        raise Refused(f"no node is {role}; there are "
                      + ", ".join(sorted({stem(node) for node in pattern.nodes()})))
    return [node for node in alike if stem(node) == stem(alike[0])]


def one_more(pattern, role):
    """The machine that would come next."""
    last = group_of(pattern, role)[-1]
    stem, number = last.name.rsplit("-", 1)
    taken = {one.number for one in pattern.machines if one.far == last.far}
    free = next(one for one in range(last.number + 1, 250) if one not in taken)
    return dataclasses.replace(last, name=f"{stem}-{int(number) + 1}", number=free)


def with_(pattern, machine):
    return dataclasses.replace(pattern, machines=(*pattern.machines, machine))


def without(pattern, machine):
    return dataclasses.replace(pattern, machines=tuple(
        one for one in pattern.machines if one is not machine))


class Scaling:
    """Of a trial that runs with NGINX. `say` takes a line for whoever has asked."""

    def __init__(self, trial, say=print):
        self.trial, self.say = trial, say

    def change(self, role, step):
        if self.trial.balancer != "nginx" or not self.trial.pattern.of("balancer"):
            raise Refused("needs a pattern with balancers, and NGINX")
        if step > 0:
            self.add(one_more(self.trial.pattern, role))
        else:
            group = group_of(self.trial.pattern, role)
            if len(group) < 2:
                raise Refused(f"{group[0].name} is the only one")
            self.drain(group[-1])

    def add(self, machine):
        """Whom it asks learns of it, it starts, and balancers learn of it when it is ready."""
        trial = self.trial
        trial.pattern = trial.machines.pattern = with_(trial.pattern, machine)
        trial.machines.add(machine)
        self.write_hosts()
        trial.make_permissions()
        self.take_up("database", "bus", "node", "router")
        trial.install(machine)
        trial.machines.guard(machine, trial.etc(machine, "firewall.nft"))
        began = time.monotonic()
        trial.start(machine)
        ready = time.monotonic() - began
        self.take_up("balancer")
        self.say(f"{machine.name} at {machine.address}: ready after {ready:.2f} s, then in the "
                 "balancer")
        if machine.is_gateway:
            self.first_call(machine, began)

    def first_call(self, machine, began):
        while time.monotonic() - began < FIRST_CALL_SECONDS_MAX:
            if self.calls_of(machine) > 0:
                self.say(f"first call served {time.monotonic() - began:.2f} s after its start")
                return
            time.sleep(0.01)
        self.say(f"nobody has called it within {FIRST_CALL_SECONDS_MAX} s after its start")

    def calls_of(self, machine):
        text = call(f"http://{machine.address}:9763/metrics").body.decode()
        return sum(float(value) for value in
                   re.findall(r"^gatehouse_gateway_requests_total\S* (\S+)$", text, re.M))

    def drain(self, machine):
        """Balancers forget it first; then it ends what it has begun."""
        trial = self.trial
        trial.pattern = trial.machines.pattern = without(trial.pattern, machine)
        self.take_up("balancer")
        began = time.monotonic()
        process = trial.machines.processes.pop((machine.name, "node"))
        process.send_signal(signal.SIGTERM)
        code = process.wait(DRAIN_SECONDS_MAX)
        trial.machines.remove(machine)
        shutil.rmtree(os.path.join(trial.folder, machine.name))
        self.write_hosts()
        trial.make_permissions()
        self.take_up("database", "bus", "node", "router")
        self.say(f"{machine.name}: out of the balancer, ended with code {code} after "
                 f"{time.monotonic() - began:.2f} s")

    def write_hosts(self):
        """In its place: it is mounted on every machine."""
        with open(self.trial.machines.hosts, "w", encoding="utf-8") as file:
            file.write(hosts(self.trial.pattern))

    def take_up(self, *kinds):
        """What the files of these machines now say. Nodes read theirs when they start next."""
        trial = self.trial
        for machine in trial.pattern.machines:
            if machine.kind not in kinds or not os.path.exists(trial.etc(machine)):
                continue
            changed = trial.write_files(machine, files_of(trial.pattern, machine))
            if "firewall.nft" in changed:
                trial.machines.guard(machine, trial.etc(machine, "firewall.nft"))
            if changed - {"firewall.nft"} and machine.kind != "node":
                trial.machines.processes[machine.name, machine.kind].send_signal(signal.SIGHUP)


class Door:
    """Lets `deploy/scale` tell a trial. Use as a context manager."""

    def __init__(self, trial):
        self.trial = trial
        self.socket = socket.socket(socket.AF_UNIX)

    def __enter__(self):
        if os.path.exists(SOCKET):
            os.remove(SOCKET)  # of a trial that was killed: there is one at a time
        self.socket.bind(SOCKET)
        os.chmod(SOCKET, 0o600)
        self.socket.listen()
        threading.Thread(target=self.run, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.close()
        os.remove(SOCKET)

    def run(self):
        while True:
            try:
                line, _ = self.socket.accept()
            except OSError:
                return
            with line, line.makefile("rw", encoding="utf-8") as file:
                self.answer(file)

    def answer(self, file):
        """"PATTERN ROLE STEP" gets lines, the last of them "done" or why not; step 0 gets the
        addresses of the nodes there are."""
        def say(text):
            print(text, file=file, flush=True)

        pattern, role, step = file.readline().split()
        if pattern not in (self.trial.pattern.name, self.trial.pattern.name.split("-", 1)[1]):
            say(f"failed: it is {self.trial.pattern.name} that runs")
            return
        try:
            if int(step) == 0:
                for node in group_of(self.trial.pattern, role):
                    say(node.address)
            else:
                Scaling(self.trial, say).change(role, int(step))
            say("done")
        except (Refused, RuntimeError, OSError) as failure:
            say(f"failed: {failure}")


def ask(pattern, role, step):
    """What the trial that runs says, line by line."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(SOCKET)
        with line.makefile("rw", encoding="utf-8") as file:
            print(pattern, role, step, file=file, flush=True)
            for said in file:
                yield said.rstrip("\n")
