# SPDX-License-Identifier: Apache-2.0
"""A browser as far as plain forms need one: cookies, redirects that are looked at, and forms."""

import html.parser
import http.cookiejar
import ssl
import urllib.error
import urllib.parse
import urllib.request


class Forms(html.parser.HTMLParser):
    """The forms of a page, each with action, fields and buttons; and its headings and labels."""

    def __init__(self, text):
        super().__init__()
        self.forms = []
        self.labels = set()
        self.headings = 0
        self.language = ""
        self.scripts = 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "html":
            self.language = values.get("lang", "")
        elif tag == "h1":
            self.headings += 1
        elif tag == "script":
            self.scripts += 1
        elif tag == "label":
            self.labels.add(values.get("for"))
        elif tag == "form":
            self.forms.append({"action": values.get("action", ""), "fields": {}, "inputs": [],
                               "buttons": []})
        elif tag == "input" and self.forms:
            form = self.forms[-1]
            form["fields"][values.get("name")] = values.get("value", "")
            if values.get("type") != "hidden":
                form["inputs"].append(values)
        elif tag == "button" and self.forms:
            self.forms[-1]["buttons"].append((values.get("name"), values.get("value")))


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """Holds cookies; follows no redirect by itself, so that a test sees each of them."""

    def __init__(self):
        trust = ssl.create_default_context()
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=trust),
            urllib.request.HTTPCookieProcessor(self.cookies),
            NoRedirects(),
        )
        self.url = self.text = ""
        self.status = 0
        self.headers = {}

    def open(self, url, fields=None):
        """GET, or POST with `fields`. Returns the status."""
        body = None if fields is None else urllib.parse.urlencode(fields).encode()
        try:
            # Some servers begin no login where pages are not wanted.
            request = urllib.request.Request(url, body, {"Accept": "text/html,*/*"})
            answer = self.opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            self.url, self.status, self.headers = url, answer.status, answer.headers
            self.text = answer.read().decode()
        return self.status

    def page(self):
        return Forms(self.text)

    def submit(self, **typed):
        """Sends the first form of the page with these fields."""
        form = self.page().forms[0]
        return self.open(urllib.parse.urljoin(self.url, form["action"]),
                         {**form["fields"], **typed})

    @property
    def location(self):
        return self.headers.get("Location", "")

    def answer(self):
        """What the client is told by the redirect: the parameters of query or fragment."""
        parts = urllib.parse.urlsplit(self.location)
        return dict(urllib.parse.parse_qsl(parts.query or parts.fragment))
