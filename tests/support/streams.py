# SPDX-License-Identifier: Apache-2.0
"""Both ends of calls that last, over plain sockets: WebSockets (RFC 6455), events and uploads."""

import base64
import contextlib
import hashlib
import os
import selectors
import socket
import ssl
import struct
import threading
import time
from urllib.parse import urlsplit

SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE = 1, 8
QUIET_SECONDS_MAX = 20


def accept_of(key):
    return base64.b64encode(hashlib.sha1((key + SUFFIX).encode()).digest()).decode()


def frame(payload, opcode=TEXT, mask=None):
    """A whole frame; clients mask theirs."""
    size = len(payload)
    bit = 0x80 if mask else 0
    head = bytes([0x80 | opcode])
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if not mask:
        return head + payload
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def take_frame(data):
    """(opcode, payload, rest) of the first frame, or None when it is not whole."""
    if len(data) < 2:
        return None
    size, at = data[1] & 0x7F, 2
    if size >= 126:
        width = 2 if size == 126 else 8
        if len(data) < at + width:
            return None
        size = int.from_bytes(data[at:at + width], "big")
        at += width
    mask = b""
    if data[1] & 0x80:
        mask = data[at:at + 4]
        at += 4
    if len(data) < at + size:
        return None
    payload = data[at:at + size]
    if mask:
        payload = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    return data[0] & 0x0F, payload, data[at + size:]


class StreamBackend:
    """/chat: a WebSocket that repeats what it hears and says "tick" meanwhile. /events: a tick
    each moment, without end. /silent: no answer. Remembers who came and what was heard."""

    TICK_SECONDS = 0.01

    def __init__(self):
        self.lock = threading.Lock()
        self.heads = []
        self.heard = []  # frames and bytes of bodies, each with the path it came on
        self.open = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.authority = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.url = f"http://{self.authority}"

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        data = b""
        with contextlib.suppress(OSError), connection:
            while True:
                while b"\r\n\r\n" not in data:
                    more = connection.recv(65536)
                    if not more:
                        return
                    data += more
                head, data = data.split(b"\r\n\r\n", 1)
                head = head.decode("latin-1")
                with self.lock:
                    self.heads.append(head)
                    self.open += 1
                try:
                    self.answer(connection, head, data)
                finally:
                    with self.lock:
                        self.open -= 1
                data = b""

    def answer(self, connection, head, data):
        path = head.split(" ")[1].split("?")[0]
        if path.startswith("/chat"):
            names = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
            connection.sendall((
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept_of(names['Sec-WebSocket-Key'])}\r\n\r\n").encode())
            self.chat(connection, path, data)
        elif path.startswith("/events"):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                               b"Transfer-Encoding: chunked\r\n\r\n")
            while True:
                connection.sendall(b"c\r\ndata: tick\n\n\r\n")
                time.sleep(self.TICK_SECONDS)
        elif path.startswith("/silent"):
            while data or (data := connection.recv(65536)):
                with self.lock:
                    self.heard.append((path, data))
                data = b""
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def chat(self, connection, path, data):
        connection.settimeout(self.TICK_SECONDS)
        while True:
            while taken := take_frame(data):
                opcode, payload, data = taken
                with self.lock:
                    self.heard.append((path, payload))
                connection.sendall(frame(payload, opcode))
                if opcode == CLOSE:
                    return
            try:
                more = connection.recv(65536)
                if not more:
                    return
                data += more
            except TimeoutError:
                connection.sendall(frame(b"tick"))

    def heard_on(self, path):
        with self.lock:
            return [payload for where, payload in self.heard if where == path]

    def requests(self, path):
        with self.lock:
            return sum(1 for head in self.heads if head.split(" ")[1].split("?")[0] == path)


class Call:
    """A call that lasts, as its client sees it."""

    def __init__(self, url, headers=None, method="GET", websocket=False, body=b""):
        parts = urlsplit(url)
        raw = socket.create_connection((parts.hostname, parts.port), timeout=QUIET_SECONDS_MAX)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme in ("https", "wss"):
            trust = ssl.create_default_context()
            trust.check_hostname = False
            trust.verify_mode = ssl.CERT_NONE
            raw = trust.wrap_socket(raw)
        self.socket = raw
        self.websocket = websocket
        self.key = base64.b64encode(os.urandom(16)).decode()
        self.data = b""
        self.closed_at = None
        target = parts.path + ("?" + parts.query if parts.query else "")
        lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if websocket:
            lines += ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                      f"Sec-WebSocket-Key: {self.key}"]
        raw.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def read_head(self):
        """The status; names in lower case are left in `headers`."""
        while b"\r\n\r\n" not in self.data:
            if not self.read():
                break
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.headers = {line.split(": ", 1)[0].lower(): line.split(": ", 1)[1]
                        for line in lines[1:]}
        return int(lines[0].split(" ")[1])

    def read(self):
        try:
            more = self.socket.recv(65536)
        except ssl.SSLWantReadError:
            raise
        except (ConnectionError, ssl.SSLError):
            more = b""
        self.data += more
        if not more:
            self.closed_at = time.monotonic()
        return bool(more)

    def read_body(self):
        """What `content-length` says is there."""
        while len(self.data) < int(self.headers["content-length"]) and self.read():
            pass
        return self.data

    def read_all(self):
        while self.read():
            pass
        return self.data

    def say(self, text):
        self.socket.sendall(frame(text.encode(), mask=os.urandom(4)))

    def wait_for(self, text):
        """Reads frames until one says `text`."""
        while True:
            taken = take_frame(self.data)
            if taken is None:
                if not self.read():
                    raise AssertionError(f"closed before {text!r}")
                continue
            self.data = taken[2]
            if taken[1] == text.encode():
                return

    def close_code(self):
        """Of the close frame at the end of what was read; None when there is none."""
        data, code = self.data, None
        while taken := take_frame(data):
            opcode, payload, data = taken
            code = int.from_bytes(payload[:2], "big") if opcode == CLOSE else None
        return code if not data else None

    def close(self):
        self.socket.close()


def wait_for_ends(calls, seconds=QUIET_SECONDS_MAX):
    """Reads all calls side by side until each has ended; False when some have not."""
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for call in calls:
            call.socket.setblocking(False)
            selector.register(call.socket, selectors.EVENT_READ, call)
        while selector.get_map():
            if time.monotonic() > deadline:
                return False
            for key, _ in selector.select(1):
                with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
                    while key.data.read():
                        pass
                    selector.unregister(key.data.socket)
    return True
