# SPDX-License-Identifier: Apache-2.0
"""Load on a pattern that runs, while a check takes parts of it away."""

import http.client
import itertools
import ssl
import threading
import time

from support.server import bearer

CALLERS = 4


def must(holds, what):
    if not holds:
        raise AssertionError(what)


def say(text):
    print(f"  {text}", flush=True)


class Load:
    """Calls of the pizza shop from CALLERS clients until it ends, over connections that they keep,
    or a new one for each call: a balancer that is told of another node closes the idle ones."""

    def __init__(self, check, tokens=None, keep=True):
        self.keep = keep
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
                if not self.keep:
                    line.close()
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
