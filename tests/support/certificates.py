# SPDX-License-Identifier: Apache-2.0
"""Keys, and certificates that sign themselves."""

import subprocess


def make_certificate(name, certificate, key, *alternatives):
    """Writes both files. `alternatives`: "DNS:localhost", "IP:127.0.0.1"."""
    names = ["-addext", "subjectAltName=" + ",".join(alternatives)] if alternatives else []
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", f"/CN={name}", *names, "-keyout", key,
         "-out", certificate],
        check=True, capture_output=True)
