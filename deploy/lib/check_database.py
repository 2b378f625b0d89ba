# SPDX-License-Identifier: Apache-2.0
"""What `deploy/try --check` does to the databases: who may read what, and loss of the primary."""

import contextlib
import socket
import threading
import time

from databases import roles
from load import CALLERS, Load, must, say
from patterns import DATABASES
from support.walk import DEVPORTAL
from trial import until

RECOVERY_SECONDS = 10  # from the promotion to the next write


def rights(trial):
    """Each kind of node has a role of its own, and that opens what its profile does."""
    pattern = trial.pattern
    for role, opened in roles(pattern).items():
        for name in DATABASES:
            may = trial.sql(trial.primary,
                            f"SELECT has_database_privilege('{role}', '{name}', 'CONNECT')") == "t"
            must(may == (name in opened), f"{role}: {name} is {'open' if may else 'closed'}")
            if not may:
                continue
            for right, every, wanted in (("SELECT,INSERT,UPDATE,DELETE", "and", "t"),
                                         ("TRUNCATE,REFERENCES,TRIGGER", "or", "f")):
                found = trial.sql(
                    trial.primary,
                    f"SELECT bool_{every}(has_table_privilege('{role}', oid, r)) FROM pg_class, "
                    f"unnest(string_to_array('{right}', ',')) r WHERE relkind IN ('r', 'p') "
                    "AND relnamespace = 'public'::regnamespace", name)
                must(found == wanted, f"{role} in {name}: {right} is {found}")
            must(trial.sql(trial.primary, f"SELECT has_schema_privilege('{role}', 'public', "
                                          "'CREATE')", name) == "f", f"{role} may make tables")
    for node in pattern.nodes("key-manager"):
        if "registry" in node.databases:
            continue
        refused = refusal(trial, node, "registry")
        must("permission denied" in refused or "no pg_hba.conf entry" in refused,
             f"{node.name} and the registry: {refused}")
    strangers = [one for one in pattern.nodes() if not one.databases]
    for node in strangers:
        with trial.machines.inside(node):
            for database in pattern.of("database"):
                with contextlib.suppress(OSError):
                    socket.create_connection((database.address, 5432), 0.2).close()
                    raise AssertionError(f"{node.name} reaches {database.name}")
    say(f"databases: {', '.join(roles(pattern))} open what their profiles do"
        + (f"; {', '.join(one.name for one in strangers)} reach none" if strangers else ""))


def refusal(trial, node, database):
    """What somebody hears who has taken the node over."""
    try:
        trial.machines.run(
            node, ["psql", "-At", "-c", "SELECT 1",
                   f"host={trial.primary.host} user={node.role} dbname={database} sslmode=require"],
            environment={"PGPASSWORD": trial.password(node.role)})
    except RuntimeError as error:
        return str(error)
    return ""


class Writer:
    """Makes applications until it ends; knows which ones were answered, and when."""

    def __init__(self, check, name):
        self.admin, self.name = check.admin, name
        self.kept, self.at, self.refused = [], [], set()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        number = 0
        while not self.over.is_set():
            number += 1
            name = f"{self.name}-{number}"
            try:
                answer = self.admin.call("POST", f"{DEVPORTAL}/applications", {
                    "name": name, "throttlingPolicy": "Unlimited", "tokenType": "JWT"})
            except OSError as error:
                self.refused.add(str(error))
                continue
            if answer.status == 201:
                self.kept.append(name)
                self.at.append(time.monotonic())
            else:
                self.refused.add(answer.status)

    def since(self, instant):
        return [at for at in self.at if at > instant]

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def applications(trial, machine):
    return set(trial.sql(machine, "SELECT name FROM am_application", "api_manager").split("\n"))


def primary_lost(check):
    """kill -9 of the primary, which is gone for good before a standby is promoted; then it comes
    back as if nothing had happened, and at last as a standby."""
    trial = check.trial
    former = trial.primary
    with Load(check) as load, Writer(check, "lost") as writer:
        until("there are writes", lambda: len(writer.kept) >= 5, 10)
        lost = time.monotonic()
        trial.kill(former)
        trial.promote()
        promoted = time.monotonic()
        until("there are writes again", lambda: writer.since(promoted), RECOVERY_SECONDS)
        took = writer.since(promoted)[0]
        trial.start(former)  # it takes itself for the primary
        before = applications(trial, former)
        until("they go on", lambda: len(writer.since(time.monotonic() - 1)) >= 3, 10)
        time.sleep(1)
        must(applications(trial, former) == before, f"{former.name} has been written to")
    failed = [one for one in load.answers if one != 200]
    must(len(failed) <= CALLERS,
         f"{len(failed)} of {len(load.answers)} calls lost with the primary: {failed[:5]}")
    missing = set(writer.kept) - applications(trial, trial.primary)
    must(not missing, f"{len(missing)} of {len(writer.kept)} answered writes are lost")
    must(writer.refused <= {503}, f"writes were answered {writer.refused}")
    trial.machines.end(former, "database")
    trial.copy_database(former)
    trial.start(former)
    trial.wait_for_standbys(2)
    say(f"kill -9 of {former.name} (primary): {trial.primary.name} promoted "
        f"{promoted - lost:.1f} s after, first write {took - promoted:.1f} s later; "
        f"{len(writer.kept)} answered writes, none lost; {len(load.answers)} calls, {len(failed)} "
        f"lost; {former.name}, back as a primary, got no write")
