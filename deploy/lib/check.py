# SPDX-License-Identifier: Apache-2.0
"""What `deploy/try --check` does to a pattern that runs. The verdict comes from the backend's own
record and from what clients got."""

import concurrent.futures
import contextlib
import http.client
import itertools
import os
import socket
import ssl
import threading
import time

from support.backend import Recorder
from support.server import FORM, basic, bearer, call, form
from support.walk import ADMIN, PUBLISHER, User, expect, token_of
from patterns import INSIDE, OPERATOR
from trial import until

TRIES = 50
# What is promised is 50 ms for 99 of 100, which a machine shared by a whole site and by others
# cannot prove: here half of them must be as quick, and none may be later than is ever allowed.
PROPAGATION_SECONDS, LATE_SECONDS = 0.05, 1.0
QUIET_SECONDS = 10  # of the cut
LIMIT, CALLS = 100, 300
CALLERS = 4


def must(holds, what):
    if not holds:
        raise AssertionError(what)


def p99(seconds):
    return sorted(seconds)[min(len(seconds) - 1, int(0.99 * len(seconds)))]


def say(text):
    print(f"  {text}", flush=True)


class Check:
    def __init__(self, trial, backend):
        self.trial, self.backend, self.pattern = trial, backend, trial.pattern
        self.gateways = self.pattern.gateways("external")
        self.places = [{"name": name, "vhost": "localhost", "displayOnDevportal": True}
                       for name in dict.fromkeys(one.environment
                                                 for one in self.pattern.nodes("gateway"))]
        self.lines = {}  # connections to gateways, by name

    def run(self):
        began = time.monotonic()
        self.walk()
        self.propagation()
        if len(self.gateways) > 1:
            self.limit()
            self.sides()
            self.losses()
            self.cut()
        else:
            self.restart()
        say(f"all of it in {time.monotonic() - began:.0f} s")

    def call(self, token, path="/pizza/1.0.0/menu"):
        return call(self.trial.gateway(path), headers=bearer(token), timeout=10)

    def at_gateways(self, function):
        """function(gateway) for each, from where its clients are: the balancer, if there is one."""
        for gateway in self.gateways:
            if self.pattern.balancer("external"):
                with self.trial.machines.inside(self.pattern.balancer("external")):
                    function(gateway)
            else:
                function(gateway)

    def ask(self, gateway, token, path):
        """Over a connection that stands: setting one up would be a part of what is measured."""
        line = self.lines.get(gateway.name)
        if line is None:
            line = http.client.HTTPConnection(gateway.address, 8280, timeout=10)
            line.connect()
            line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.lines[gateway.name] = line
        try:
            line.request("GET", path, headers=bearer(token))
            answer = line.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):  # a call under way ends with what let it in
            del self.lines[gateway.name]
            return None

    # --- the walk -------------------------------------------------------------------------------

    def walk(self):
        self.admin = User(self.trial)
        self.admin.places = self.places
        environments = self.admin.must(200, "GET", f"{ADMIN}/environments").json()["list"]
        default = next(one for one in environments if one["name"] == "Default")
        default["vhosts"][0]["host"] = "localhost"
        self.admin.must(200, "PUT", f"{ADMIN}/environments/{default['id']}", default)
        for name in (one["name"] for one in self.places if one["name"] != "Default"):
            self.admin.must(201, "POST", f"{ADMIN}/environments",
                            {"name": name, "displayName": name, "vhosts": default["vhosts"]})
        self.api = self.admin.publish("Pizza", self.backend.url)
        application = self.admin.create_application("trial", "Unlimited", "OAUTH")
        self.application = application["applicationId"]
        self.admin.subscribe(self.api["id"], self.application)
        self.keys = self.admin.generate_keys(self.application)
        secret = basic(self.keys["consumerKey"], self.keys["consumerSecret"])
        answer = call(self.trial.gateway("/token"), "POST",
                      form(grant_type="client_credentials"), {**FORM, **secret})
        self.token = expect(answer, 200, "a token through the gateway").json()["access_token"]
        try:
            until("the API can be called", lambda: self.call(self.token).status == 200, 5)
        except RuntimeError as late:
            raise RuntimeError(f"{late}: {self.call(self.token)!r}") from late
        seen = self.backend.requests[-1]
        must(seen["target"].endswith("/menu"), f"the backend got {seen['target']}")
        must(all("authorization" != name.lower() for name, _ in seen["headers"]),
             "the backend got the token")
        must(self.call("nobody's").status == 401, "a token that is none was let in")
        say("walk: published, subscribed, token through the gateway, called, refused without")

    # --- propagation ----------------------------------------------------------------------------

    def propagation(self, tries=TRIES):
        """(seconds from publish to callable, seconds from revoke to refused) of each try."""
        tokens = [token_of(self.trial, self.keys) for _ in range(tries)]
        published, revoked = [], []

        def answers(status, token, path):
            def look(gateway):
                until(f"{path} is {status} at {gateway.name}",
                      lambda: self.ask(gateway, token, path) == status, 5)
            return look

        version = self.admin.must(200, "GET", f"{PUBLISHER}/apis/{self.api['id']}/revisions")
        revision = version.json()["list"][0]["id"]
        path = "/pizza/1.0.0/menu"
        for _ in range(tries):
            self.admin.must(201, "POST", f"{PUBLISHER}/apis/{self.api['id']}/undeploy-revision"
                                         f"?revisionId={revision}", self.places)
            self.at_gateways(answers(404, self.token, path))
            self.admin.must(201, "POST", f"{PUBLISHER}/apis/{self.api['id']}/deploy-revision"
                                         f"?revisionId={revision}", self.places)
            began = time.monotonic()
            self.at_gateways(answers(200, self.token, path))
            published.append(time.monotonic() - began)
        secret = basic(self.keys["consumerKey"], self.keys["consumerSecret"])
        for token in tokens:
            self.at_gateways(answers(200, token, path))
            expect(call(self.trial.url("/oauth2/revoke"), "POST", form(token=token),
                        {**FORM, **secret}), 200, "revoke")
            began = time.monotonic()
            self.at_gateways(answers(401, token, path))
            revoked.append(time.monotonic() - began)
        for what, times in (("publish to callable", published), ("revoke to refused", revoked)):
            median = sorted(times)[tries // 2]
            say(f"{what} at every gateway, {tries} tries: p50 {1e3 * median:.0f} ms, "
                f"p99 {1e3 * p99(times):.0f} ms")
            must(median <= PROPAGATION_SECONDS,
                 f"{what}: half of the tries took over {PROPAGATION_SECONDS} s")
            must(max(times) <= LATE_SECONDS, f"{what}: once {max(times):.2f} s")
        return published, revoked

    # --- limits ---------------------------------------------------------------------------------

    def limit(self, name="Limited"):
        path = "/" + name.lower()
        self.admin.create_policy("subscription", f"Hundred{name}", LIMIT)
        api = self.admin.publish(name, self.backend.url + path, policies=[f"Hundred{name}"])
        application = self.admin.create_application(name.lower(), "Unlimited", "OAUTH")
        self.admin.subscribe(api["id"], application["applicationId"], f"Hundred{name}")
        token = token_of(self.trial, self.admin.generate_keys(application["applicationId"]))
        until("a minute that is young", lambda: time.time() % 60 < 30, 31)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(
                lambda _: self.call(token, f"{path}/1.0.0/menu").status, range(CALLS)))
        let_in = sum(one["target"].startswith(f"{path}/") for one in self.backend.requests)
        must(let_in == LIMIT, f"{let_in} of {CALLS} calls passed at a limit of {LIMIT}")
        must(answers.count(429) == CALLS - LIMIT, f"answers: {sorted(set(answers))}")
        say(f"limit: {CALLS} calls over {len(self.gateways)} gateways at {LIMIT} a minute, "
            f"{let_in} passed")

    # --- inside and outside ---------------------------------------------------------------------

    def sides(self):
        """What is deployed inside only is nowhere outside, not even in a file."""
        inside = self.pattern.gateways("internal")
        if not inside:
            return
        self.admin.places = [one for one in self.places if one["name"] == INSIDE]
        api = self.admin.publish("Secret", self.backend.url)
        self.admin.places = self.places
        self.admin.subscribe(api["id"], self.application)
        balancer = self.pattern.balancer("internal")
        until("it can be called inside", lambda: call(
            f"https://{balancer.address}:8243/secret/1.0.0/menu",
            headers=bearer(self.token)).status == 200, 5)
        answer = self.call(self.token, "/secret/1.0.0/menu")
        must(answer.status == 404, f"outside it is {answer.status}")
        needles = [api["id"].encode(), b"/secret"]
        for gateway in self.pattern.nodes("gateway"):
            held = any(needle in text for text in self.files_of(gateway) for needle in needles)
            must(held == (gateway in inside),
                 f"{gateway.name} {'has' if held else 'does not have'} what is deployed inside")
        with self.trial.machines.inside(self.pattern.balancer("external")):
            for gateway in inside:
                with contextlib.suppress(OSError):
                    socket.create_connection((gateway.address, 8243), 0.5).close()
                    raise AssertionError(f"the external balancer reaches {gateway.name}")
        say("what is deployed inside: callable there, 404 outside, in no file of a gateway there; "
            "the external balancer reaches no gateway inside")

    def files_of(self, machine):
        """What its snapshot and journals say; its logs have what clients ask for."""
        for folder, _, names in os.walk(self.trial.data(machine, "gateway")):
            for name in names:
                with contextlib.suppress(FileNotFoundError):  # a base that is replaced
                    with open(os.path.join(folder, name), "rb") as file:
                        yield file.read()

    # --- losses ---------------------------------------------------------------------------------

    def losses(self, one_of_each_kind=True):
        """kill -9 of one machine of each kind, or of every one that has another, under load."""
        seen = set()
        for machine in self.pattern.machines:
            runs = (*(machine.profile or (machine.kind,)), machine.environment)
            others = [one for one in self.pattern.of(machine.kind) if one is not machine and
                      (*(one.profile or (one.kind,)), one.environment) == runs]
            if runs in seen or not others or machine.kind == "balancer":
                continue
            if one_of_each_kind:
                seen.add(runs)
            with Load(self) as load:
                self.trial.kill(machine)
                time.sleep(1.5)
                self.trial.start(machine)
                time.sleep(0.5)
            lost = [one for one in load.answers if one != 200]
            say(f"kill -9 of {machine.name} ({'+'.join(runs[:-1])}): {len(load.answers)} calls, "
                f"{len(lost)} lost{': ' + str(sorted(set(map(str, lost)))) if lost else ''}")
            must(len(lost) <= CALLERS, f"{len(lost)} calls lost, more than were in flight")
            must(len(load.answers) > 50, "there was no load")
            self.admin.must(200, "GET", f"{PUBLISHER}/apis?limit=1")
            expect(call(self.trial.gateway("/token"), "POST", form(grant_type="client_credentials"),
                        {**FORM, **basic(self.keys["consumerKey"], self.keys["consumerSecret"])}),
                   200, f"a token after the loss of {machine.name}")

    # --- a cut ----------------------------------------------------------------------------------

    def cut(self):
        """Without the control plane, whoever is known is served on. Where gateways remember no
        token they keep those whom they ask."""
        stay = {self.pattern.balancer("external").name, *(one.name for one in self.gateways)}
        if not all(one.settings.get("gateway.key_cache", True) for one in self.gateways):
            stay |= {one.name for one in (*self.pattern.nodes("key-manager"),
                                          *self.pattern.of("database"),
                                          self.pattern.balancer("internal"))}
        others = [one for one in self.pattern.machines if one.name not in stay]
        self.lines.clear()  # of the gateway that was killed
        known = [token_of(self.trial, self.keys) for _ in range(2)]
        for token in known:
            self.at_gateways(lambda gateway, it=token: must(
                self.ask(gateway, it, "/pizza/1.0.0/menu") == 200, "not served before the cut"))
        with Load(self, known) as load:
            for machine in others:
                self.trial.machines.cut(machine)
            time.sleep(QUIET_SECONDS)
            for machine in others:
                self.trial.machines.join(machine)
        lost = [one for one in load.answers if one != 200]
        must(not lost, f"{len(lost)} of {len(load.answers)} calls lost in the cut: {lost[:5]}")
        must(len(load.answers) > 50, "there was no load")
        secret = basic(self.keys["consumerKey"], self.keys["consumerSecret"])
        until("somebody revokes after the cut",
              lambda: call(self.trial.url("/oauth2/revoke"), "POST", form(token=known[0]),
                           {**FORM, **secret}).status == 200, 10)
        took = until("what is revoked after the cut is refused",
                     lambda: self.call(known[0]).status == 401, 10)
        say(f"{QUIET_SECONDS} s without {', '.join(one.name for one in others)}: "
            f"{len(load.answers)} calls, none lost; a revocation after it held within "
            f"{took:.1f} s")

    # --- one machine ----------------------------------------------------------------------------

    def restart(self):
        machine = self.gateways[0]
        self.trial.kill(machine)
        began = time.monotonic()
        self.trial.start(machine)
        must(self.call(self.token).status == 200, "what was answered before the crash is gone")
        say(f"kill -9 of {machine.name}: serves again, what it knew included, after "
            f"{time.monotonic() - began:.2f} s")


class Load:
    """Calls of the pizza shop from CALLERS clients until it ends."""

    def __init__(self, check, tokens=None):
        self.check, self.tokens = check, itertools.cycle(tokens or [check.token])
        self.answers, self.over = [], threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(CALLERS)]

    def run(self):
        trust = ssl.create_default_context(cafile=self.check.trial.authority.ca)
        trust.check_hostname = False  # the names of the pattern are in no name server here
        line = http.client.HTTPSConnection(self.check.trial.entry.address, 8243, timeout=10,
                                           context=trust)
        while not self.over.is_set():
            try:
                line.request("GET", "/pizza/1.0.0/menu", headers=bearer(next(self.tokens)))
                answer = line.getresponse()
                answer.read()
                self.answers.append(answer.status)
            except (OSError, http.client.HTTPException) as error:
                line.close()
                self.answers.append(error)
            time.sleep(0.005)
        line.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def check(trial, more=None):
    """`more(check)` runs after it."""
    with contextlib.ExitStack() as stack:
        backend = stack.enter_context(Recorder(address=OPERATOR))
        backend.server.handle_error = lambda *_: None  # clients that are killed are what is tried
        try:
            short = Check(trial, backend)
            short.run()
            if more:
                more(short)
        except (AssertionError, RuntimeError) as failure:
            print(f"  FAILED: {failure}", flush=True)
            return 1
    print(f"  {trial.pattern.name} holds", flush=True)
    return 0
