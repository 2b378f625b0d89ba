# SPDX-License-Identifier: Apache-2.0
"""The Debian package, on a bare Debian: installed, upgraded, removed, purged."""

import os
import subprocess
import tempfile
import unittest

from support.chroot import Chroot, can_be_made
from support.server import ROOT

INSTALL = 'apt-get -qq update && apt-get -qq -y install --no-install-recommends "$@"'
# As the unit does, which systemd starts: there is none in here.
SERVE = r"""
set -e
cd /var/lib/gatehouse
as_user=(setpriv --reuid=gatehouse --regid=gatehouse --init-groups)
"${as_user[@]}" gatehouse check-config /etc/gatehouse/gatehouse.toml
"${as_user[@]}" gatehouse serve --config /etc/gatehouse/gatehouse.toml >/srv/served.log 2>&1 &
ask() {
  exec 3<>/dev/tcp/127.0.0.1/9763 && printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3 && head -1 <&3
}
for try in $(seq 300); do
  line=$(ask 2>/dev/null || :)
  case $line in *" 200 "*) break ;; esac
  sleep 0.1
done
echo "readyz: $line"
case $line in *" 200 "*) ;; *) cat /srv/served.log ;; esac
kill -TERM $!
wait $!
"""
DATA = "cd /var/lib/gatehouse && sha256sum admin-password cluster.key"
OWN = "# kept\n"


def package(version, into):
    made = subprocess.run(["script/package", "--version", version, "--into", into], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise AssertionError(made.stderr)
    return made.stdout.strip()


@unittest.skipUnless(can_be_made(), "skipped: no root, or no debootstrap")
class Package(unittest.TestCase):
    def setUp(self):
        self.packages = self.enterContext(tempfile.TemporaryDirectory())
        self.debian = self.enterContext(Chroot())

    def must(self, script, *arguments, **more):
        done = self.debian.run(script, *arguments, **more)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def brought(self, version):
        file = package(version, self.packages)
        self.assertEqual(os.path.basename(file), f"gatehouse_{version}_amd64.deb")
        self.debian.copy(file, "/srv/" + os.path.basename(file))
        return "/srv/" + os.path.basename(file)

    def serves(self):
        self.assertIn("readyz: HTTP/1.1 200", self.must(SERVE, addresses=[]))

    def exists(self, path):
        return os.path.lexists(self.debian.path(path))

    def test_lives_from_installation_to_purge(self):
        with self.subTest("installed: a user, folders, what it needs, and it serves"):
            self.must(INSTALL, self.brought("1.0"))
            self.assertEqual(self.must("dpkg --verify gatehouse"), "")
            self.assertEqual(self.debian.owner("/etc/gatehouse"), "root:gatehouse 0750")
            self.assertEqual(self.debian.owner("/etc/gatehouse/gatehouse.toml"),
                             "root:gatehouse 0640")
            self.assertEqual(self.debian.owner("/var/lib/gatehouse"), "gatehouse:gatehouse 0700")
            self.assertTrue(self.exists("/lib/systemd/system/gatehouse.service"))
            for name in ("copyright", "README.md", "docs/nodes.md"):
                self.assertTrue(self.exists(os.path.join("/usr/share/doc/gatehouse", name)), name)
            self.serves()
        with self.subTest("upgraded: configuration and data stay"):
            with open(self.debian.path("/etc/gatehouse/gatehouse.toml"), "a",
                      encoding="utf-8") as file:
                file.write(OWN)
            data = self.must(DATA)
            self.must("dpkg -i \"$1\"", self.brought("1.1"))
            self.assertIn("1.1", self.must("dpkg-query -W gatehouse"))
            with open(self.debian.path("/etc/gatehouse/gatehouse.toml"), encoding="utf-8") as file:
                self.assertTrue(file.read().endswith(OWN))
            self.serves()
            self.assertEqual(self.must(DATA), data)
        with self.subTest("removed: configuration and data stay, the program goes"):
            self.must("dpkg --remove gatehouse")
            self.assertFalse(self.exists("/usr/bin/gatehouse"))
            self.assertTrue(self.exists("/etc/gatehouse/gatehouse.toml"))
            self.assertEqual(self.must(DATA), data)
        with self.subTest("installed again: as if it had never been away"):
            self.must("dpkg -i \"$1\"", "/srv/gatehouse_1.1_amd64.deb")
            self.serves()
            self.assertEqual(self.must(DATA), data)
        with self.subTest("purged: nothing of it is left but the user"):
            self.must("dpkg --purge gatehouse")
            left = self.must("find / -xdev -path /proc -prune -o -path /srv -prune -o "
                             "-iname '*gatehouse*' -print")
            self.assertEqual(left, "")
            self.must("getent passwd gatehouse")

    def test_is_the_same_when_it_is_made_again(self):
        first = package("1.0", self.packages)
        with open(first, "rb") as file:
            bytes_ = file.read()
        with open(package("1.0", self.packages), "rb") as file:
            self.assertEqual(file.read(), bytes_)
