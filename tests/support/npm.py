# SPDX-License-Identifier: Apache-2.0
"""Packages of npm that tests run, as the lock files beside them say."""

import fcntl
import os
import subprocess


def install(folder):
    """The packages of `folder`, once for each state of its lock file."""
    with open(os.path.join(folder, "package-lock.json"), "rb") as lock:
        wanted = lock.read()
    modules = os.path.join(folder, "node_modules")
    mark = os.path.join(modules, ".installed")
    with open(os.path.join(folder, "package.json"), encoding="utf-8") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if os.path.exists(mark):
            with open(mark, "rb") as done:
                if done.read() == wanted:
                    return
        subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL, timeout=300)
        with open(mark, "wb") as done:
            done.write(wanted)
