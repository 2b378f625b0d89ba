# SPDX-License-Identifier: Apache-2.0
"""Debian's Apache with mod_auth_openidc in front of an application, on a private port."""

import os
import secrets
import shutil
import subprocess
import tempfile

from support.ports import free_port, takes_connections

APACHE = "/usr/sbin/apache2"
MODULES = "/usr/lib/apache2/modules"
LOADED = ("mpm_event", "authn_core", "authz_core", "authz_user", "proxy", "proxy_http",
          "auth_openidc")

CONFIGURATION = """
ServerRoot {folder}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
Mutex file:{folder}
ErrorLog {folder}/error.log
LogLevel warn
{modules}
{account}
StartServers 1
OIDCProviderMetadataURL {metadata}
OIDCSSLValidateServer On
OIDCCABundlePath {folder}/trust.crt
OIDCRedirectURI {url}/app/redirect_uri
OIDCRedirectURLsAllowed ^{url}/
OIDCCryptoPassphrase {passphrase}
OIDCPKCEMethod S256
OIDCScope "openid profile email groups"
OIDCRemoteUserClaim preferred_username
OIDCRefreshAccessTokenBeforeExpiry 0
{client}
ProxyPass /app/redirect_uri !
ProxyPass /app/ {application}/app/
ProxyPass /resource/ {application}/resource/
<Location /app/>
  AuthType openid-connect
  Require valid-user
</Location>
<Location /resource/>
  AuthType oauth20
  Require valid-user
</Location>
"""


class Apache:
    """Guards /app/ by logins and /resource/ by access tokens, for `application` (a URL) behind it.
    Directives of the module in `client` say whose it is. Use as a context manager."""

    def __init__(self, metadata, trust, application):
        self.folder = tempfile.mkdtemp(prefix="gatehouse-apache-")
        os.chmod(self.folder, 0o755)
        shutil.copyfile(trust, self.path("trust.crt"))
        os.chmod(self.path("trust.crt"), 0o644)
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.metadata = metadata
        self.application = application
        self.client = ""
        self.process = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def configure(self):
        modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so"
                            for name in LOADED)
        # Root must name who answers; anybody else is it himself.
        account = "User www-data\nGroup www-data" if os.getuid() == 0 else ""
        with open(self.path("apache.conf"), "w", encoding="utf-8") as out:
            out.write(CONFIGURATION.format(
                folder=self.folder, port=self.port, url=self.url, modules=modules,
                account=account, metadata=self.metadata, application=self.application,
                passphrase=secrets.token_hex(16), client=self.client))

    def __enter__(self):
        try:
            self.configure()
            with open(self.path("output.log"), "wb") as log:
                self.process = subprocess.Popen(
                    [APACHE, "-D", "FOREGROUND", "-f", self.path("apache.conf")],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            if not takes_connections(self.process, self.port):
                raise RuntimeError(f"Apache did not start: {self.log()}")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def log(self):
        text = ""
        for name in ("output.log", "error.log"):
            if os.path.exists(self.path(name)):
                with open(self.path(name), encoding="utf-8", errors="replace") as log:
                    text += log.read()[-4000:]
        return text

    def close(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
