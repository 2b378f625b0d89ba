# SPDX-License-Identifier: Apache-2.0
"""An authority of a test's own: it issues certificates to nodes and takes them back."""

import datetime
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOUR = datetime.timedelta(hours=1)


def write(path, data):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)
    return path


class Authority:
    """`ca` and `revocations` are PEM files in `folder`."""

    def __init__(self, folder, name="cluster"):
        self.folder = folder
        self.name = name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.revoked = []
        self.ca = self.path("ca.crt")
        certificate = (
            self.builder(self.subject, self.key.public_key(), -HOUR, 24 * HOUR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256()))
        write(self.ca, certificate.public_bytes(serialization.Encoding.PEM))
        self.revocations = self.write_revocations()

    def path(self, name):
        return os.path.join(self.folder, f"{self.name}-{name}")

    def builder(self, subject, key, begins, ends):
        now = datetime.datetime.utcnow()
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.subject)
                .public_key(key).serial_number(x509.random_serial_number())
                .not_valid_before(now + begins).not_valid_after(now + ends))

    def issue(self, name, *more, begins=-HOUR, ends=24 * HOUR):
        """Files with the certificate of DNS names, good for both ends, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            self.builder(subject, key.public_key(), begins, ends)
            .add_extension(x509.SubjectAlternativeName([*map(x509.DNSName, (name, *more))]),
                           critical=False)
            .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
            .sign(self.key, hashes.SHA256()))
        file = f"{name}-{certificate.serial_number}"
        return (
            write(self.path(file + ".crt"),
                  certificate.public_bytes(serialization.Encoding.PEM)),
            write(self.path(file + ".key"),
                  key.private_bytes(serialization.Encoding.PEM,
                                    serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption())))

    def revoke(self, certificate):
        with open(certificate, "rb") as file:
            self.revoked.append(x509.load_pem_x509_certificate(file.read()).serial_number)
        self.write_revocations()

    def write_revocations(self):
        now = datetime.datetime.utcnow()
        listed = (x509.CertificateRevocationListBuilder().issuer_name(self.subject)
                  .last_update(now - HOUR).next_update(now + 24 * HOUR))
        for serial in self.revoked:
            listed = listed.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial)
                .revocation_date(now - HOUR).build())
        return write(self.path("revoked.pem"),
                     listed.sign(self.key, hashes.SHA256())
                     .public_bytes(serialization.Encoding.PEM))
