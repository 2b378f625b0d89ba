# SPDX-License-Identifier: Apache-2.0
"""An LDAP directory (Debian's slapd) on private ports, with its data in a temporary folder."""

import base64
import os
import shutil
import subprocess
import tempfile

from support.certificates import make_certificate
from support.ports import free_ports, takes_connections

SLAPD = "/usr/sbin/slapd"
BASE = "dc=example,dc=org"
MANAGER = f"cn=manager,{BASE}"
MANAGER_PASSWORD = "manager-secret"

CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
{schema}
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCertificateFile {folder}/tls.crt
TLSCertificateKeyFile {folder}/tls.key
database mdb
suffix "{base}"
rootdn "{manager}"
rootpw {password}
directory {folder}/data
index uid,member,entryUUID eq
{limits}
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{manager}" read by * none
"""

# What Active Directory calls things, under its own numbers, with rules by which slapd can compare.
# 1.2.840.113556.1.4.803 (a bit of a number) is known to slapd.
ACTIVE_DIRECTORY = """
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.159 NAME 'accountExpires' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP organizationalPerson STRUCTURAL
  MAY ( sAMAccountName $ userPrincipalName $ objectGUID $ userAccountControl $ accountExpires $
  mail ) )
objectclass ( 1.2.840.113556.1.5.8 NAME 'group' SUP top STRUCTURAL
  MUST cn MAY ( member $ sAMAccountName $ objectGUID ) )
"""


def person(name, password, **more):
    lines = [f"dn: uid={name},ou=people,{BASE}", "objectClass: inetOrgPerson", f"uid: {name}",
             f"cn: {name}", f"sn: {name}", f"userPassword: {password}"]
    return "\n".join(lines + [f"{key}: {value}" for key, value in more.items()])


def group(name, *members):
    lines = [f"dn: cn={name},ou=groups,{BASE}", "objectClass: groupOfNames", f"cn: {name}"]
    return "\n".join(lines + [f"member: {member}" for member in members])


def account(name, password, guid, control=512, **more):
    """A person of Active Directory; `guid` is 16 bytes."""
    lines = [f"dn: cn={name},ou=people,{BASE}", "objectClass: user", f"cn: {name}", f"sn: {name}",
             f"sAMAccountName: {name}", f"userPrincipalName: {name}@corp.example",
             f"objectGUID:: {base64.b64encode(guid).decode()}",
             f"userAccountControl: {control}", f"userPassword: {password}"]
    return "\n".join(lines + [f"{key}: {value}" for key, value in more.items()])


def account_group(name, *members):
    lines = [f"dn: cn={name},ou=groups,{BASE}", "objectClass: group", f"cn: {name}"]
    return "\n".join(lines + [f"member: {member}" for member in members])


class Directory:
    """A running slapd. Use as a context manager; `stop` and `start` keep data and ports."""

    def __init__(self, *entries, schema="", limits=""):
        self.schema, self.limits = schema, limits
        self.folder = tempfile.mkdtemp(prefix="gatehouse-ldap-")
        self.port = free_ports((0, 1))
        self.tls_port = self.port + 1
        self.process = None
        self.prepare(entries)

    def prepare(self, entries):
        os.mkdir(os.path.join(self.folder, "data"))
        make_certificate("directory", self.path("tls.crt"), self.path("tls.key"), "IP:127.0.0.1")
        with open(self.path("slapd.conf"), "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(folder=self.folder, base=BASE, manager=MANAGER,
                                            password=MANAGER_PASSWORD, schema=self.schema,
                                            limits=self.limits))
        tree = [f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: x\ndc: example"]
        tree += [f"dn: ou={unit},{BASE}\nobjectClass: organizationalUnit\nou: {unit}"
                 for unit in ("people", "groups")]
        subprocess.run([SLAPD, "-T", "add", "-f", self.path("slapd.conf")], check=True,
                       input="\n\n".join(tree + list(entries)).encode(), capture_output=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, scheme="ldap"):
        return f"{scheme}://127.0.0.1:{self.tls_port if scheme == 'ldaps' else self.port}"

    def certificate(self):
        with open(self.path("tls.crt"), "rb") as file:
            return file.read()

    def start(self):
        urls = f"ldap://127.0.0.1:{self.port}/ ldaps://127.0.0.1:{self.tls_port}/"
        with open(self.path("log"), "ab") as log:
            self.process = subprocess.Popen(
                [SLAPD, "-h", urls, "-f", self.path("slapd.conf"), "-d", "0"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if not takes_connections(self.process, self.tls_port):
            raise RuntimeError("slapd did not start")

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def modify(self, change):
        subprocess.run(["ldapmodify", "-x", "-H", f"ldap://127.0.0.1:{self.port}", "-D", MANAGER,
                        "-w", MANAGER_PASSWORD], input=change.encode(), check=True,
                       capture_output=True)
