# SPDX-License-Identifier: Apache-2.0
"""People who sign in at a given rate, by the password grant and by the login page, whatever the
server takes: each login has its own moment, and its latency counts from that moment."""

import http.client
import os
import random
import ssl
import threading
import time
import urllib.parse

from gateway import LOAD_CORE
from support.browser import Browser
from support.server import FORM, PASSWORD, basic, form
from support.walk import expect

CALLBACK = "https://app.example/callback"
IDLE_SECONDS_MAX = 30  # the server closes after 75


class Outcome:
    def __init__(self, status, ms, retry_after):
        self.status, self.ms, self.retry_after = status, ms, retry_after


class Person:
    """A kept connection to port 9443, and a form of the login page that can be sent again."""

    def __init__(self, server, client):
        trust = ssl.create_default_context()
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
        self.connection = http.client.HTTPSConnection("127.0.0.1", server.port(9443), timeout=60,
                                                      context=trust)
        self.used = time.monotonic()
        self.client = client
        self.page = self.open_page(server)
        self.wishes = {
            "grant": ("/oauth2/token",
                      form(grant_type="password", username="admin", password=PASSWORD),
                      {**FORM, **basic(*client)}, 200),
            "page": self.page,
        }

    def open_page(self, server):
        browser = Browser()
        query = urllib.parse.urlencode({
            "client_id": self.client[0], "redirect_uri": CALLBACK, "response_type": "code",
            "scope": "openid", "state": "x"})
        if browser.open(f"{server.url('/oauth2/authorize')}?{query}") != 200:
            raise RuntimeError(f"no login page: {browser.status} {browser.text[:500]}")
        shown = browser.page().forms[0]
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
        target = urllib.parse.urlsplit(urllib.parse.urljoin(browser.url, shown["action"]))
        fields = {**shown["fields"], "username": "admin", "password": PASSWORD}
        return (target.path, urllib.parse.urlencode(fields), {**FORM, "Cookie": cookies}, 200)

    def sign_in(self, how, moment):
        path, body, headers, status = self.wishes[how]
        if time.monotonic() > self.used + IDLE_SECONDS_MAX:
            self.connection.close()  # the server would have; the next request opens another
        self.used = time.monotonic()
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        took = (time.monotonic() - moment) * 1e3
        if answer.status not in (status, 503):
            raise RuntimeError(f"login by {how}: {answer.status} {text[:500]}")
        return Outcome(answer.status, took, answer.getheader("Retry-After"))


class Logins:
    """`rate` per second for `seconds`, in turn by grant and by page. Use as a context manager
    beside other load, or call `run`."""

    def __init__(self, people, rate, seconds, seed=1):
        self.people, self.rate, self.seconds = people, rate, seconds
        self.random = random.Random(seed)
        self.outcomes, self.failures = [], []
        self.thread = threading.Thread(target=self.work)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join()
        if self.failures:
            raise self.failures[0]

    def run(self):
        with self:
            pass
        return self

    def moments(self):
        """As strangers arrive: independently of each other (a Poisson process)."""
        moment, end = time.monotonic(), time.monotonic() + self.seconds
        while True:
            moment += self.random.expovariate(self.rate)
            if moment >= end:
                return
            yield moment

    def work(self):
        # Who loads the gateway meanwhile goes before: its waits are those of the gateway alone.
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        os.sched_setaffinity(0, {int(LOAD_CORE)})
        idle, threads = list(self.people), []
        for number, moment in enumerate(self.moments()):
            time.sleep(max(0, moment - time.monotonic()))
            if not idle:
                self.failures.append(RuntimeError("more logins wait than there are people"))
                break
            how = ("grant", "page")[number % 2]
            threads.append(threading.Thread(target=self.one, args=(idle, idle.pop(), how, moment)))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def one(self, idle, person, how, moment):
        try:
            self.outcomes.append(person.sign_in(how, moment))
            idle.append(person)
        except Exception as error:  # told to whoever waits for the load
            self.failures.append(error)

    def good(self):
        return sorted(outcome.ms for outcome in self.outcomes if outcome.status == 200)

    def refused(self):
        return [outcome for outcome in self.outcomes if outcome.status == 503]


def percentile(values, part):
    return values[min(len(values) - 1, len(values) * part // 100)]


def client_for_logins(admin):
    """A client that may use the password grant and the login page."""
    from support.server import call

    answer = call(admin.server.url("/client-registration/v0.17/register"), "POST",
                  {"callbackUrl": CALLBACK, "clientName": "logins", "owner": "admin",
                   "grantType": "password authorization_code", "saasApp": True},
                  basic("admin", PASSWORD))
    client = expect(answer, 200, "register a client").json()
    return client["clientId"], client["clientSecret"]
