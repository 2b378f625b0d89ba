# SPDX-License-Identifier: Apache-2.0
"""deploy/install on a bare Debian: machines of pattern 3, each from its files."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from support.authority import Authority, write
from support.chroot import Chroot, can_be_made
from support.server import BINARY, ROOT

DEPLOY = os.path.join(ROOT, "deploy")
sys.path.insert(0, os.path.join(DEPLOY, "lib"))

from patterns import pattern_named  # noqa: E402
from databases import passwords  # noqa: E402
from render import member, names  # noqa: E402

PATTERN = pattern_named("3")
INSTALL = "exec /srv/deploy/install 3 \"$@\""
PASSWORD = "of the database"
# What systemd is asked; it remembers in a folder what has been enabled and started.
SYSTEMCTL = """#!/bin/sh
[ "$1" = --quiet ] && shift
state=/run/asked
case $1 in
  is-enabled) test -e $state/enable-$2 ;;
  is-active) test -e $state/start-$2 ;;
  *) mkdir -p $state && echo "$1 $2" >>/run/asked/log && touch "$state/$1-$2" ;;
esac
"""


def make_secrets(folder):
    """All of a cluster: for each machine its own in a folder of its name."""
    authority = Authority(folder)
    shutil.copy(authority.ca, os.path.join(folder, "ca.crt"))
    for name, text in (("cluster.key", b"k" * 32), ("cluster.secret", b"of a gateway\n"),
                       *((f"{role}.password", PASSWORD.encode() + b"\n")
                         for role in passwords(PATTERN))):
        write(os.path.join(folder, name), text)
    told = subprocess.run([BINARY, "cluster", "nats-permissions", "--passwords", folder,
                           *map(member, PATTERN.nodes())], capture_output=True, check=True)
    write(os.path.join(folder, "permissions.conf"), told.stdout)
    for machine in PATTERN.machines:
        own = os.path.join(folder, machine.name)
        os.makedirs(own)
        certificate, key = authority.issue(*names(PATTERN, machine))
        shutil.move(certificate, os.path.join(own, "tls.crt"))
        shutil.move(key, os.path.join(own, "tls.key"))
        with open(os.path.join(own, "tls.crt"), "rb") as one, \
                open(os.path.join(own, "tls.key"), "rb") as other:
            write(os.path.join(own, "tls.pem"), one.read() + other.read())


@unittest.skipUnless(can_be_made(), "skipped: no root, or no debootstrap")
class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        make_secrets(cls.folder)
        made = subprocess.run(["script/package", "--into", cls.folder], cwd=ROOT,
                              capture_output=True, text=True, check=True)
        cls.package = made.stdout.strip()

    def setUp(self):
        self.debian = self.enterContext(Chroot())
        self.debian.copy(DEPLOY, "/srv/deploy")
        self.debian.copy(self.folder, "/srv/secrets")

    def must(self, script, *arguments, **more):
        done = self.debian.run(script, *arguments, **more)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def becomes(self, machine, *arguments):
        """Installed once, and a second time, which changes nothing."""
        arguments = [machine, "--secrets", "/srv/secrets", "--hosts", *arguments]
        first = self.must(INSTALL, *arguments)
        self.assertNotIn("nothing to change", first)
        before = self.debian.tree()
        again = self.must(INSTALL, *arguments)
        self.assertIn("nothing to change\n", again)
        after = self.debian.tree()
        self.assertEqual({path for path in before.keys() | after.keys()
                          if before.get(path) != after.get(path)}, set())
        for path in self.must("find /etc/gatehouse -name '*.key'").split():
            self.assertTrue(self.debian.owner(path).endswith("0600"), path)
        self.must("nft -c -f /etc/nftables.conf", addresses=[])
        return first

    def addresses(self):
        """All machines are this one: what it asks others for, it may be refused, but not find."""
        return [one.address for one in PATTERN.machines]

    def test_a_gateway(self):
        package = "/srv/secrets/" + os.path.basename(self.package)
        with self.subTest("secrets that are missing are named, and nothing is changed"):
            before = self.debian.tree()
            done = self.debian.run(INSTALL, "gw-1", "--package", package)
            self.assertEqual(done.returncode, 2, done.stdout)
            for name in ("ca.crt", "cluster.secret", "gw-1.password", "tls.crt", "tls.key"):
                self.assertRegex(done.stdout, rf"\n  {name} ")
            self.assertNotIn("cluster.key ", done.stdout)
            self.assertEqual(self.debian.tree(), before)
        with self.subTest("no such machine"):
            done = self.debian.run(INSTALL, "gw-9")
            self.assertEqual(done.returncode, 2)
            self.assertIn("gw-1/ gw-2/", done.stdout)
        said = self.becomes("gw-1", "--package", package)
        self.assertIn("systemd does not run here", said)
        for path, owner in (("/etc/gatehouse/gatehouse.toml", "root:gatehouse 0640"),
                            ("/etc/gatehouse/cluster.secret", "gatehouse:gatehouse 0600"),
                            ("/etc/gatehouse/gw-1.password", "gatehouse:gatehouse 0600")):
            self.assertEqual(self.debian.owner(path), owner)
        self.assertFalse(os.path.exists(self.debian.path("/etc/gatehouse/cluster.key")))
        with self.subTest("what has been changed by hand is put right, alone"):
            self.must("chmod 644 /etc/gatehouse/cluster.secret; "
                      "echo >>/etc/gatehouse/gatehouse.toml")
            said = self.must(INSTALL, "gw-1")
            self.assertEqual(said.splitlines()[:2],
                             ["/etc/gatehouse/gatehouse.toml",
                              "/etc/gatehouse/cluster.secret is gatehouse:gatehouse, 600"])
        with self.subTest("where systemd runs, its units are enabled and started, once"):
            write(self.debian.path("/usr/local/bin/systemctl"), SYSTEMCTL.encode())
            self.must("chmod 755 /usr/local/bin/systemctl; mkdir -p /run/systemd/system")
            path = "export PATH=/usr/local/bin:$PATH; "
            self.must(path + INSTALL, "gw-1")
            self.assertEqual(self.must("cat /run/asked/log").splitlines(), [
                "enable nftables", "start nftables", "enable gatehouse", "start gatehouse"])
            self.assertIn("nothing to change", self.must(path + INSTALL, "gw-1"))
            self.must("echo >>/etc/gatehouse/gatehouse.toml")
            self.must(path + INSTALL, "gw-1")
            self.assertEqual(self.must("cat /run/asked/log").splitlines()[4:],
                             ["reload nftables", "restart gatehouse"])

    def test_a_database(self):
        self.becomes("db-1")
        # The address that it comes from is the server's own, from where nobody may.
        self.assertIn("no pg_hba.conf entry for host", self.database_says())
        self.must("sed -i 's,10.77.0.31/,10.77.0.10/,' /etc/postgresql/15/main/pg_hba.conf")
        self.assertIn("databases: 6\n", self.database_says())

    def database_says(self):
        """To a node, by the configured password and over TLS."""
        return self.must(
            "pg_ctlcluster 15 main start && "
            f"PGPASSWORD='{PASSWORD}' psql -At "
            "-c \"SELECT 'databases: ' || count(*) FROM pg_database\" "
            "'host=db-1.example.internal user=gatehouse_key_manager dbname=user_manager "
            "sslmode=verify-full sslrootcert=/srv/secrets/ca.crt' 2>&1; "
            "pg_ctlcluster 15 main stop -m fast",
            addresses=self.addresses())

    def test_a_server_of_the_bus(self):
        self.becomes("bus-1")
        self.assertEqual(self.debian.owner("/etc/permissions.conf"), "nats:nats 0600")
        self.assertEqual(self.debian.owner("/etc/gatehouse/tls.key"), "nats:nats 0600")
        said = self.must(
            "setpriv --reuid=nats --regid=nats --init-groups nats-server -c /etc/nats-server.conf "
            ">/srv/said 2>&1 & for try in $(seq 100); do grep -q 'Listening for client' /srv/said "
            "&& break; sleep 0.1; done; cat /srv/said", addresses=self.addresses())
        self.assertIn("Listening for client connections on 10.77.0.14:4222", said)
        self.assertNotIn("[FTL]", said)

    def test_a_balancer(self):
        for balancer, serve in (("nginx", "nginx"),
                                ("haproxy", "haproxy -D -f /etc/haproxy/haproxy.cfg")):
            with self.subTest(balancer):
                self.becomes("lb-ext", "--balancer", balancer)
                said = self.must(
                    f"{serve} && exec 3<>/dev/tcp/10.77.0.5/8243 && echo listening",
                    addresses=self.addresses())
                self.assertIn("listening", said)
