# SPDX-License-Identifier: Apache-2.0
"""Malformed and crafted requests over raw sockets: what an attacker sends to a proxy in front of
something precious. The verdict comes from the backend's record."""

import json
import random
import re
import socket
import unittest

from support.backend import Recorder
from support.server import Server, bearer, call
from support.walk import ADMIN, User, operation, token_of

SMUGGLED = "/attack/1.0.0/open/smuggled"
SECOND = f"GET {SMUGGLED} HTTP/1.1\r\nHost: a\r\n\r\n"
VERBS = ("GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")


def head(method="POST", target="/attack/1.0.0/open/x", *fields, host="a"):
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *fields]
    return "\r\n".join(lines) + "\r\n\r\n"


class Raw:
    """One plain connection to the gateway."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.port(8280)), timeout=20)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode("latin-1"))

    def take(self, until):
        while not until(self.rest):
            piece = self.socket.recv(65536)
            if not piece:
                raise EOFError(self.rest)
            self.rest += piece

    def answer(self, bodiless=False):
        """(status, fields, body) of the next answer; a body is as long as its Content-Length."""
        self.take(lambda rest: b"\r\n\r\n" in rest)
        top, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = top.decode("latin-1").split("\r\n")
        fields = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        size = 0 if bodiless else int(fields.get("content-length", 0))
        self.take(lambda rest: len(rest) >= size)
        body, self.rest = self.rest[:size], self.rest[size:]
        return int(lines[0].split()[1]), fields, body

    def everything(self):
        """What arrives until the gateway closes."""
        try:
            while piece := self.socket.recv(65536):
                self.rest += piece
        except ConnectionResetError:
            pass
        return self.rest


class Attacks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Recorder())
        cls.server = cls.enterClassContext(Server())
        admin = User(cls.server)
        cls.lift_limit_of_strangers(admin)
        operations = [operation(verb, "/open/*", authType="None") for verb in VERBS]
        operations += [operation(verb, "/secret/*") for verb in VERBS if verb != "OPTIONS"]
        cls.api = admin.publish("Attack", cls.backend.url, operations=operations)
        application = admin.create_application("attack", "Unlimited", "JWT")
        keys = admin.generate_keys(application["applicationId"])
        admin.subscribe(cls.api["id"], application["applicationId"])
        cls.token = token_of(cls.server, keys)

    @staticmethod
    def lift_limit_of_strangers(admin):
        path = f"{ADMIN}/throttling/policies/subscription"
        policies = admin.must(200, "GET", path).json()["list"]
        policy = next(p for p in policies if p["policyName"] == "Unauthenticated")
        policy["defaultLimit"]["requestCount"]["requestCount"] = 1_000_000
        admin.must(200, "PUT", f"{path}/{policy['policyId']}", policy)

    def refused(self, text, statuses=(400,)):
        """The gateway answers once, closes, and the backend sees nothing."""
        before = self.backend.count()
        with self.subTest(request=text[:200]), Raw(self.server) as raw:
            raw.send(text)
            answers = raw.everything()
            self.assertEqual(answers.count(b"HTTP/1.1 "), 1, answers)
            self.assertIn(int(answers.split()[1]), statuses, answers)
            self.assertEqual(self.backend.count(), before)

    # --- Framing: classes 1 and 2 -----------------------------------------------------------

    def test_framing_that_two_readers_may_read_differently_is_refused(self):
        chunked = "Transfer-Encoding: chunked"
        pairs = [
            ["Content-Length: 5", chunked],
            [chunked, "Content-Length: 5"],
            ["content-length: 0", "TRANSFER-ENCODING: CHUNKED"],
            ["Content-Length: 5", "Content-Length: 6"],
            ["Content-Length: 5", "Content-Length: 5"],
            ["Content-Length: 5, 5"],
            ["Content-Length: 5,6"],
            ["Content-Length: +5"],
            ["Content-Length: -1"],
            ["Content-Length: 0x5"],
            ["Content-Length: 5 5"],
            ["Content-Length:"],
            ["Content-Length: 99999999999999999999"],
            ["Content-Length : 5"],
            [" Content-Length: 5"],
            ["X: a", "\tContent-Length: 5"],
            ["Transfer-Encoding : chunked"],
            ["Transfer-Encoding: \x0bchunked"],
            ["Transfer-Encoding: chunked\x00"],
            ["Transfer-Encoding: xchunked"],
            ["Transfer-Encoding: identity"],
            ["Transfer-Encoding: chunked, identity"],
            ["Transfer-Encoding: identity, chunked"],
            ["Transfer-Encoding: chunked, chunked"],
            ["Transfer-Encoding: gzip, chunked"],
            ["Transfer-Encoding: 'chunked'"],
            [chunked, chunked],
            [chunked, "Transfer-Encoding: identity"],
            ["Transfer-Encoding:", chunked],
            ["X: a\rTransfer-Encoding: chunked"],
            ["X: a\nTransfer-Encoding: chunked"],
            ["X: a\x00b"],
            ["\x00X: a"],
            ["X Y: a"],
            [": a"],
        ]
        for fields in pairs:
            self.refused(head("POST", "/attack/1.0.0/open/x", *fields) + "0\r\n\r\n" + SECOND,
                         (400, 501))

    def test_an_old_version_with_chunks_is_refused(self):
        text = "POST /attack/1.0.0/open/x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.refused(text + "0\r\n\r\n" + SECOND)

    def test_a_chunk_has_one_form(self):
        sizes = ["0x5", "0X5", "+5", "-5", " 5", "5 ", "\t5", "5\t", "0_5", "5_", "5h", "", ";",
                 "5,", "５", "00000000000000005", "fffffffffffffffff", "8000000000000000",
                 "5;a\nb", "5;a\rb", "5;\x00", "5\x00", "5\n", "5\r", "\r\n5", "\n5", "5.0",
                 "5g0", "'5'", "%35"]
        chunks = [f"{size}\r\nhello\r\n0\r\n\r\n" for size in sizes]
        chunks += [
            "5\nhello\r\n0\r\n\r\n",
            "5\r\nhello\n0\r\n\r\n",
            "5\r\nhello0\r\n\r\n",
            "5\r\nhelloX\r\n0\r\n\r\n",
            "5\r\nhello!\r\n0\r\n\r\n",
            "4\r\nhello\r\n0\r\n\r\n",
            "6\r\nhello\r\n0\r\n\r\n",
            "5\r\nhello\r0\r\n\r\n",
            "5\r\nhello\r\n0\n\r\n",
            "5\r\nhello\r\n0\r\nX y: z\r\n\r\n",
            "5\r\nhello\r\n0\r\n X: z\r\n\r\n",
            "5\r\nhello\r\n0\r\nX : z\r\n\r\n",
            "5\r\nhello\r\n0\r\nX: a\x00\r\n\r\n",
            "5\r\nhello\r\n0\r\nX: a\nY: b\r\n\r\n",
            "5\r\nhello\r\n0\r\n" + "X: " + "a" * 70000 + "\r\n\r\n",
            "5\r\nhello\r\n0\r\n" + "X: a\r\n" * 5000 + "\r\n",
            "5;" + "a" * 70000 + "\r\nhello\r\n0\r\n\r\n",
        ]
        for chunk in chunks:
            # What stands in the head may have gone to the backend; nothing after it may count.
            with self.subTest(chunk=chunk[:60]), Raw(self.server) as raw:
                seen = self.smuggled()
                text = head("POST", "/attack/1.0.0/open/x", "Transfer-Encoding: chunked") + chunk
                raw.send((text + SECOND).encode("utf-8"))
                answers = raw.everything()
                self.assertEqual(answers.count(b"HTTP/1.1 "), 1, answers)
                self.assertEqual(answers.split()[1], b"400", answers)
                self.assertEqual(self.smuggled(), seen)

    def smuggled(self):
        with self.backend.lock:
            return sum("smuggled" in seen["target"] for seen in self.backend.requests)

    # --- Fields of one connection: class 3 --------------------------------------------------

    def test_connection_cannot_take_fields_away(self):
        body = SECOND
        names = ["Content-Length", "Host", "Authorization", "X-Forwarded-For", "X-Forwarded-Proto",
                 "X-Real-IP", "activityid", "traceparent", "X-JWT-Assertion", "Cookie", "Date",
                 "Content-Type", "close, Content-Length", "Transfer-Encoding", "X-Mine"]
        for name in names:
            with self.subTest(name=name), Raw(self.server) as raw:
                before, seen = self.backend.count(), self.smuggled()
                raw.send(head("POST", "/attack/1.0.0/secret/x", f"Content-Length: {len(body)}",
                              f"Authorization: Bearer {self.token}", "X-Mine: 1",
                              f"Connection: {name}") + body)
                status, _, _ = raw.answer()
                self.assertEqual(self.smuggled(), seen)
                if status == 200:
                    self.assertEqual(self.backend.count(), before + 1)
                    record = self.backend.last()
                    self.assertEqual(record["body"], body)
                    fields = dict(record["headers"])
                    self.assertEqual(fields["Content-Length"], str(len(body)))
                    self.assertEqual(fields["X-Forwarded-For"], "127.0.0.1")
                    self.assertIn("activityid", fields)
                else:
                    self.assertEqual(status, 400)
                    self.assertEqual(self.backend.count(), before)

    # --- Upgrade to h2c: class 5 ------------------------------------------------------------

    def test_h2c_is_no_tunnel(self):
        with Raw(self.server) as raw:
            raw.send(head("GET", "/attack/1.0.0/open/x", "Connection: Upgrade, HTTP2-Settings",
                          "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"))
            status, _, _ = raw.answer()
            self.assertIn(status, (200, 400))
            names = {name.lower() for name, _ in self.backend.last()["headers"]}
            self.assertFalse(names & {"upgrade", "http2-settings", "connection"} - {"connection"})
            before = self.backend.count()
            raw.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
            rest = raw.everything()
            self.assertTrue(rest.startswith(b"HTTP/1.1 505") or rest == b"", rest)
            self.assertEqual(self.backend.count(), before)

    # --- Paths: class 6 ---------------------------------------------------------------------

    def test_no_spelling_of_a_path_goes_round_the_token(self):
        pieces = ["/", "//", "/./", "/../", "/..;/", "/.;/", "/%2e/", "/%2e%2e/", "/%2E%2e;x/",
                  "%2f", "%5c", "\\", "%252f", "%252e%252e/", "/..%2f", "/%c0%ae%c0%ae/", "%00",
                  ";a=b", "#", "?", "open", "secret", "OPEN", "Secret", "open/../secret", "x",
                  ".", "..",
                  "%73ecret", "s%65cret", "secret%20", "secret.", "secret/", "%09", "*", "{x}", "|"]
        choose = random.Random(20261125)
        before = self.backend.count()
        counts = {}
        with Raw(self.server) as raw:
            for _ in range(3000):
                path = "".join(choose.choices(pieces, k=choose.randrange(1, 7)))
                if any(ord(c) <= 32 for c in path):
                    continue
                raw.send(f"GET /attack/1.0.0/open/{path} HTTP/1.1\r\nHost: a\r\n\r\n")
                status, fields, _ = raw.answer()
                counts[status] = counts.get(status, 0) + 1
                self.assertIn(status, (200, 400, 401, 404), path)
                if fields.get("connection", "").lower() == "close":
                    raw.socket.close()
                    raw.__init__(self.server)
        for status in (200, 400, 401, 404):
            self.assertGreater(counts.get(status, 0), 0, counts)
        with self.backend.lock:
            seen = self.backend.requests[before:]
        self.assertEqual(len(seen), counts[200])
        for record in seen:
            path = record["target"].split("?")[0]
            self.assertTrue((path + "/").startswith("/open/"), path)
            self.assertIsNone(re.search(r"//|/\.{1,2}(/|$)|[\\;#]|%2[ef]|%5c", path, re.I), path)

    # --- Host: class 7 ----------------------------------------------------------------------

    def test_a_request_has_one_host(self):
        line = "GET /attack/1.0.0/open/x HTTP/1.1\r\n"
        for fields in ["", "Host: a\r\nHost: a\r\n", "Host: a\r\nhost: b\r\n", "Host: a, b\r\n",
                       "Host: user@a\r\n", "Host: a:b\r\n", "Host: a:99999\r\n", "Host: a/b\r\n",
                       "Host: a b\r\n", "Host: [::1\r\n", "Host: a\x00\r\n"]:
            self.refused(line + fields + "\r\n")

    def test_the_absolute_form_names_the_same_host(self):
        target = "http://real.example/attack/1.0.0/open/x"
        with Raw(self.server) as raw:
            raw.send(head("GET", target, "X-Forwarded-Host: c", host="REAL.example"))
            status, _, body = raw.answer()
            self.assertEqual(status, 200)
            fields = dict(json.loads(body)["headers"])
            self.assertEqual(fields["X-Forwarded-Host"].lower(), "real.example")
            self.assertEqual(fields["Host"], self.backend.url.removeprefix("http://"))
        self.refused(head("GET", target, host="other.example"))
        target = target.replace("//", "//user@")
        self.refused(head("GET", target, host="real.example"))

    # --- Methods: class 8 -------------------------------------------------------------------

    def test_no_method_goes_round_the_token(self):
        before = self.backend.count()
        for method in (*VERBS, "get", "Get", "TRACE", "PROPFIND", "X"):
            with self.subTest(method=method), Raw(self.server) as raw:
                raw.send(head(method, "/attack/1.0.0/secret/x", "X-HTTP-Method-Override: GET",
                              "X-Method-Override: GET", "Content-Length: 0"))
                status, _, _ = raw.answer(bodiless=method == "HEAD")
                self.assertIn(status, (401, 405, 501), method)
        preflight = ("Origin: https://a", "Access-Control-Request-Method: GET")
        for fields in (preflight, preflight[:1], preflight[1:]):
            with self.subTest(fields=fields), Raw(self.server) as raw:
                raw.send(head("OPTIONS", "/attack/1.0.0/secret/x", *fields))
                raw.answer()
        self.refused("CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n", (501,))
        self.assertEqual(self.backend.count(), before)

    def test_the_method_that_was_judged_is_the_one_that_is_served(self):
        answer = call(self.server.gateway("/attack/1.0.0/open/x", "http"), "POST", b"",
                      {"X-HTTP-Method-Override": "DELETE", "X_HTTP_Method_Override": "DELETE"})
        self.assertEqual((answer.status, answer.json()["method"]), (200, "POST"))
        names = {name.lower().replace("_", "-") for name, _ in answer.json()["headers"]}
        self.assertNotIn("x-http-method-override", names)

    # --- Fields that say who somebody is: class 9 -------------------------------------------

    def test_a_client_cannot_say_who_it_is(self):
        forged = "forged.example"
        names = ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port",
                 "Forwarded", "X-Real-IP", "X-JWT-Assertion", "Internal-Key", "X-Original-URL",
                 "X-Rewrite-URL", "X-WSO2-CLIENT-CERTIFICATE"]
        twins = [name.replace("-", "_") for name in names if "-" in name]
        mixed = [name.upper() for name in names] + ["X-Forwarded_For", "x_JWT-assertion"]
        for spelling in (names, twins, mixed):
            fields = [f"{name}: {forged}" for name in spelling for _ in range(2)]
            with self.subTest(spelling=spelling), Raw(self.server) as raw:
                raw.send(head("GET", "/attack/1.0.0/secret/x", *fields,
                              f"Authorization: Bearer {self.token}"))
                status, _, body = raw.answer()
                self.assertEqual(status, 200)
                self.assertNotIn(forged, body.decode())
                seen = [name.lower() for name, _ in json.loads(body)["headers"]]
                self.assertEqual(seen.count("x-forwarded-for"), 1)
                self.assertEqual(seen.count("x-forwarded-host"), 1)
        for fields in (["Authorization: Bearer x", f"Authorization: Bearer {self.token}"],
                       [f"Authorization: Bearer {self.token}", "Authorization: Bearer x"],
                       [f"authorization: Bearer {self.token}, Bearer x"],
                       [f"Authorization_: Bearer {self.token}"]):
            before = self.backend.count()
            with self.subTest(fields=[field[:24] for field in fields]), Raw(self.server) as raw:
                raw.send(head("GET", "/attack/1.0.0/secret/x", *fields))
                status, _, _ = raw.answer()
                self.assertIn(status, (400, 401))
                self.assertEqual(self.backend.count(), before)

    def test_the_good_request_passes(self):
        answer = call(self.server.gateway("/attack/1.0.0/secret/x"), headers=bearer(self.token))
        self.assertEqual((answer.status, answer.json()["target"]), (200, "/secret/x"))


if __name__ == "__main__":
    unittest.main()
