# SPDX-License-Identifier: Apache-2.0
"""A backend that keeps the record of what reached it, where the verdict of a test comes from."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Served:
    """What a handler answers, on a port of its own. Use as a context manager."""

    def __init__(self, handler, certificate=None, key=None, address="127.0.0.1"):
        """Files of a certificate and its key make it speak TLS."""
        self.server = ThreadingHTTPServer((address, 0), handler)
        self.server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://{address}:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Recorder(Served):
    """Answers every request with a description of it, and remembers it."""

    def __init__(self, certificate=None, key=None, address="127.0.0.1"):
        self.requests = []
        self.lock = threading.Lock()
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.read_chunks() if self.is_chunked() else self.rfile.read(length)
                if body is None:  # cut off
                    self.close_connection = True
                    return
                seen = {
                    "method": self.command,
                    "target": self.path,
                    "headers": [[name, value] for name, value in self.headers.items()],
                    "body": body.decode("latin-1"),
                }
                with recorder.lock:
                    recorder.requests.append(seen)
                status = 200
                if self.path.startswith("/status/"):
                    status = int(self.path.split("/")[2].split("?")[0])
                payload = json.dumps(seen).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(payload)

            def is_chunked(self):
                return self.headers.get("Transfer-Encoding", "").lower() == "chunked"

            def read_chunks(self):
                body = b""
                while True:
                    line = self.rfile.readline()
                    if not line:
                        return None
                    size = int(line.split(b";")[0], 16)
                    chunk = self.rfile.read(size)
                    self.rfile.readline()
                    if size == 0:
                        return body
                    body += chunk

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = answer

            def log_message(self, *_):
                pass

        super().__init__(Handler, certificate, key, address)

    def count(self):
        with self.lock:
            return len(self.requests)

    def last(self):
        with self.lock:
            return self.requests[-1]
