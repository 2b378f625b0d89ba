# SPDX-License-Identifier: Apache-2.0
"""An NGINX of the test's own in front of nodes: a temporary folder, a free port, its own
certificate."""

import os
import shutil
import subprocess
import tempfile

from support.certificates import make_certificate
from support.ports import free_port, takes_connections


CONFIGURATION = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream nodes {{ {affinity} {servers} keepalive 8; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/tls.crt; ssl_certificate_key {folder}/tls.key;
    {more}
    location / {{
      proxy_pass https://nodes; proxy_http_version 1.1; proxy_set_header Connection "";
    }}
  }}
}}
"""

# TLS goes through it to the nodes.
PASSING = """
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
stream {{
  upstream nodes {{ {affinity} {servers} }}
  server {{ listen 127.0.0.1:{port}; proxy_pass nodes; }}
}}
"""


class Nginx:
    """A balancer before `ports`, round robin unless `affinity` says `ip_hash;`. It ends TLS, with
    `more` among the settings of its server, or passes it through (configuration=PASSING). Use as a
    context manager; `certificate` is what clients trust."""

    def __init__(self, ports, affinity="", more="", configuration=CONFIGURATION):
        self.folder = tempfile.mkdtemp(prefix="gatehouse-nginx-")
        os.chmod(self.folder, 0o755)
        self.port = free_port()
        self.certificate = os.path.join(self.folder, "tls.crt")
        servers = " ".join(f"server 127.0.0.1:{port};" for port in ports)
        with open(os.path.join(self.folder, "nginx.conf"), "w", encoding="utf-8") as out:
            out.write(configuration.format(folder=self.folder, port=self.port, servers=servers,
                                           affinity=affinity, more=more))
        self.process = None

    def __enter__(self):
        try:
            make_certificate("localhost", self.certificate, os.path.join(self.folder, "tls.key"),
                             "DNS:localhost", "IP:127.0.0.1")
            self.process = subprocess.Popen(
                ["/usr/sbin/nginx", "-c", os.path.join(self.folder, "nginx.conf"),
                 "-e", os.path.join(self.folder, "error.log")],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if not takes_connections(self.process, self.port):
                raise RuntimeError(f"nginx did not start: {self.log()}")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def log(self):
        log = os.path.join(self.folder, "error.log")
        if not os.path.exists(log):
            return ""
        with open(log, encoding="utf-8") as said:
            return said.read()

    def close(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
