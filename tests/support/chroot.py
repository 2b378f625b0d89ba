# SPDX-License-Identifier: Apache-2.0
"""A bare Debian 12 in a folder, made by debootstrap. What is run in it has processes and, if
wanted, a network of its own, and is gone when it ends. Needs root and the configured mirror."""

import hashlib
import os
import shutil
import stat
import subprocess
import tempfile

from support.server import ROOT

BASE = os.environ.get("GATEHOUSE_CHROOT_BASE", os.path.join(ROOT, "build", "bookworm.tar"))
RUN_SECONDS_MAX = 600


def can_be_made():
    if os.geteuid() != 0 or not all(map(shutil.which, ("debootstrap", "unshare", "ip"))):
        return False
    tried = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"],
                           capture_output=True, check=False)
    return tried.returncode == 0


def mirror():
    """Where this machine has its Debian from."""
    listed = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)",
                             "Created-By: Packages"], capture_output=True, text=True, check=True)
    return next((line.split()[0] for line in listed.stdout.splitlines()
                 if line.endswith(" bookworm") and "/debian" in line),
                "http://deb.debian.org/debian")


def base():
    """A tar file with a bare Debian, made once."""
    if not os.path.exists(BASE):
        os.makedirs(os.path.dirname(BASE), exist_ok=True)
        folder = tempfile.mkdtemp(prefix="gatehouse-debian-", dir="/var/tmp")
        try:
            subprocess.run(["debootstrap", "--variant=minbase", "bookworm", folder, mirror()],
                           stdout=subprocess.DEVNULL, check=True)
            subprocess.run(["tar", "-C", folder, "-cf", BASE + ".part", "."], check=True)
            os.rename(BASE + ".part", BASE)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return BASE


class Chroot:
    """Use as a context manager."""

    def __enter__(self):
        self.root = tempfile.mkdtemp(prefix="gatehouse-chroot-", dir="/var/tmp")
        try:
            os.chmod(self.root, 0o755)
            subprocess.run(["tar", "-C", self.root, "-xf", base()], check=True)
            shutil.copy("/etc/resolv.conf", self.path("/etc/resolv.conf"))
            shutil.copy("/etc/hosts", self.path("/etc/hosts"))
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        shutil.rmtree(self.root)  # nothing is mounted in it outside of a run

    def path(self, path):
        return self.root + path

    def copy(self, source, path):
        if os.path.isdir(source):
            shutil.copytree(source, self.path(path))
        else:
            os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
            shutil.copy(source, self.path(path))

    def run(self, script, *arguments, addresses=None):
        """Runs a bash script as root; whatever it starts ends with it. With `addresses`, even with
        none in it, it has no network but a loopback with these. What subprocess.run returns, with
        the text of both outputs in `stdout`."""
        inside = ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--root={self.root}",
                  "--mount-proc=/proc", "bash", "-c", script, "bash", *arguments]
        if addresses is not None:
            add = "".join(f"ip address add {address}/32 dev lo; " for address in addresses)
            inside = ["unshare", "--net", "sh", "-ec",
                      f'ip link set lo up; {add} exec "$@"', "sh", *inside]
        return subprocess.run(
            inside, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", timeout=RUN_SECONDS_MAX, check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
                 "DEBIAN_FRONTEND": "noninteractive"})

    def tree(self):
        """{path: all that can be told of it}"""
        found = {}
        for folder, folders, files in os.walk(self.root):
            if folder == self.root:
                folders[:] = [name for name in folders if name not in ("proc", "sys", "dev")]
            for name in [".", *files]:
                path = os.path.normpath(os.path.join(folder, name))
                seen = os.lstat(path)
                content = ""
                if stat.S_ISREG(seen.st_mode):
                    with open(path, "rb") as file:
                        content = hashlib.file_digest(file, "sha256").hexdigest()
                elif stat.S_ISLNK(seen.st_mode):
                    content = os.readlink(path)
                found[path.removeprefix(self.root) or "/"] = (
                    seen.st_mode, seen.st_uid, seen.st_gid, seen.st_mtime_ns, content)
        return found

    def owner(self, path):
        """As `ls -l` says: "gatehouse:gatehouse 0700"."""
        told = self.run('stat -c "%U:%G 0%a" "$1"', path)
        return told.stdout.strip()
