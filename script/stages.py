"""The stages of script/test: each builds, runs and counts, and says how long it took.

A test program under CTest that writes gtest's report is counted by its cases, any other one as one
test. Journeys are the unittest modules tests/*/test_*.py.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

PROGRAM_TIMEOUT_S = 900
# Where threads meet without a lock, so where a data race would hide.
RACE_FOLDERS = ["bus", "limits", "net"]
JOURNEY_PORTS = ["10000-21999", "22000-32767"]


class Tally:
    """What passed, what was skipped, and the names of what failed."""

    def __init__(self, passed=0, skipped=0, failed=()):
        self.passed = passed
        self.skipped = skipped
        self.failed = list(failed)

    def add(self, other):
        self.passed += other.passed
        self.skipped += other.skipped
        self.failed += other.failed

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {len(self.failed)} failed{skipped}"


def run(command, **more):
    """(exit code or None after the timeout, output); leaves no process behind."""
    environment = {**os.environ, **more.pop("env", {})}
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", start_new_session=True, env=environment, **more)
    try:
        output, _ = process.communicate(timeout=PROGRAM_TIMEOUT_S)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return None, process.communicate()[0]


def explain(name, code, output):
    """Shows the end of what a failed program said."""
    ending = f"no end after {PROGRAM_TIMEOUT_S} s" if code is None else f"exit code {code}"
    tail = "\n".join(output.splitlines()[-80:])
    print(f"---- {name}: {ending}\n{tail}\n----", flush=True)


def build(preset, *targets):
    return subprocess.run(["script/build", preset, *targets], stdin=subprocess.DEVNULL,
                          check=False).returncode == 0


# Stages ------------------------------------------------------------------------------------------


def tidy():
    tally = Tally()
    code, output = run(["script/tidy", "--self-test"])
    counts = re.search(r"(\d+) passed, (\d+) failed", output)
    if counts:
        tally.passed += int(counts[1])
    if code != 0:
        tally.failed.append("script/tidy --self-test")
        explain("script/tidy --self-test", code, output)
    code, output = run(["script/tidy"])
    if code == 0:
        tally.passed += 1
    else:
        tally.failed.append("script/tidy")
        explain("script/tidy", code, output)
    return tally


def units(preset, folders=None, engines=("sqlite", "postgresql")):
    """The test programs of `folders`, or all of them, on these databases."""
    everything = [] if preset == "release" else ["unit_tests"]
    targets = [f"{folder}_test" for folder in folders] if folders else everything
    if not build(preset, *targets):
        return Tally(failed=[f"build of {preset}"])
    _, listing = run(["ctest", "--test-dir", f"build/{preset}", "--show-only=json-v1"])
    programs = [
        test for test in json.loads(listing[listing.index("{"):])["tests"]
        if "command" in test and (not folders or test["name"] in folders)
        and Path(test["command"][0]).exists()
        and ("postgresql" in engines or not test["name"].endswith("_postgresql"))
    ]
    tally = Tally()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(lambda test: unit(preset, test), programs):
            tally.add(part)
    return tally if programs else Tally(failed=[f"no unit tests in {preset}"])


def unit(preset, test):
    properties = {entry["name"]: entry["value"] for entry in test.get("properties", [])}
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        code, output = run(
            test["command"], cwd=properties.get("WORKING_DIRECTORY"),
            env={
                **dict(entry.split("=", 1) for entry in properties.get("ENVIRONMENT", [])),
                "GTEST_OUTPUT": f"json:{report.name}",
                "GATEHOUSE_BINARY": binary(preset),
                "UBSAN_OPTIONS": "print_stacktrace=1",
                "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
            })
        written = Path(report.name).read_text(encoding="utf-8")
    name = f"{test['name']} ({preset})"
    if not written:
        tally = Tally(passed=1) if code == 0 else Tally(failed=[name])
    else:
        tally = count_cases(json.loads(written), preset)
        if code != 0 and not tally.failed:
            tally.failed.append(f"{name} at its end")
    if tally.failed:
        explain(name, code, output)
    return tally


def count_cases(report, preset):
    tally = Tally()
    for suite in report["testsuites"]:
        for case in suite["testsuite"]:
            if case.get("failures"):
                tally.failed.append(f"{suite['name']}.{case['name']} ({preset})")
            elif case["result"] == "COMPLETED":
                tally.passed += 1
            else:
                tally.skipped += 1
    return tally


def binary(preset):
    return str(Path(f"build/{preset}/gatehouse").resolve())


def journeys(preset, pattern="test_*.py"):
    if not build(preset, "gatehouse"):
        return Tally(failed=[f"build of gatehouse, {preset}"])
    modules = sorted(module for module in Path("tests").glob(f"*/{pattern}")
                     if module.parent.name != "deployment")
    tally = Tally() if modules else Tally(failed=[f"no journey is called {pattern}"])
    # They wait for servers more than they compute. Each lane has ports of its own.
    lanes = SimpleQueue()
    for ports in JOURNEY_PORTS:
        lanes.put(ports)
    with ThreadPoolExecutor(len(JOURNEY_PORTS)) as pool:
        for part in pool.map(lambda module: journey(preset, module, lanes), modules):
            tally.add(part)
    return tally


def deployments(preset, environment):
    """Trials of the deployment patterns: alone, for they measure, and have one network."""
    lanes = SimpleQueue()
    lanes.put(JOURNEY_PORTS[0])
    tally = Tally()
    for module in sorted(Path("tests/deployment").glob("test_*.py")):
        tally.add(journey(preset, module, lanes, environment))
    return tally


def journey(preset, module, lanes, environment=None):
    ports = lanes.get()
    begun = time.monotonic()
    try:
        code, output = run(
            [sys.executable, "-m", "unittest", "discover", "-v", "-t", "tests",
             "-s", str(module.parent), "-p", module.name],
            env={"GATEHOUSE_BINARY": binary(preset), "GATEHOUSE_PORTS": ports,
                 "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})})
    finally:
        lanes.put(ports)
    part = count_unittest(output, code, f"{module} ({preset})")
    print(f"  {module}: {part} ({time.monotonic() - begun:.0f} s)", flush=True)
    if part.failed:
        explain(module, code, output)
    return part


def count_unittest(output, code, name):
    ran = re.findall(r"^Ran (\d+) tests? in", output, re.M)
    if not ran:
        return Tally(failed=[f"{name} did not end"])
    failed = re.findall(r"^(?:FAIL|ERROR): (\S+)", output, re.M)
    if code != 0 and not failed:
        failed = ["at its end"]
    skipped = re.findall(r"\bskipped=(\d+)", output.splitlines()[-1])
    skips = int(skipped[0]) if skipped else 0
    passed = max(int(ran[-1]) - skips - len(set(failed)), 0)
    return Tally(passed, skips, [f"{name}: {case}" for case in failed])


def fuzz():
    """One test per fuzz target, a minute each."""
    targets = [path.stem for path in sorted(Path("src").glob("**/*_fuzz.cc"))]
    tally = Tally()
    for target in targets:
        if subprocess.run(["script/fuzz", target, "60"], check=False).returncode == 0:
            tally.passed += 1
        else:
            tally.failed.append(target)
    return tally


# Which stages ------------------------------------------------------------------------------------


def folders_with_tests():
    return {path.parts[1] for path in Path("src").glob("*/**/*_test.cc")}


def changed_folders():
    changes = subprocess.run(["script/changed"], capture_output=True, text=True, check=True).stdout
    paths = [path.split("/") for path in changes.splitlines()]
    return {path[1] for path in paths if path[0] == "src" and len(path) > 2}


def stages_of(mode):
    """(title, stage) in the order of how soon each tells something."""
    yield "style", tidy
    if mode == "--quick":
        folders = sorted(changed_folders() & folders_with_tests())
        if folders:
            yield f"unit tests of {', '.join(folders)}", lambda: units("release", folders)
        yield "the walk", lambda: journeys("release", "test_walk.py")
        return
    races = sorted(folders_with_tests().intersection(RACE_FOLDERS))
    yield "unit tests", lambda: units("release")
    yield "journeys", lambda: journeys("release")
    variants = {"GATEHOUSE_TEST_VARIANTS": "1"} if mode == "--full" else {}
    yield "deployment patterns", lambda: deployments("release", variants)
    # Above the stores nothing differs in memory between the databases.
    engines = ("sqlite", "postgresql") if mode == "--full" else ("sqlite",)
    yield ("unit tests, address and undefined behaviour sanitizers",
           lambda: units("asan", engines=engines))
    yield "unit tests, thread sanitizer", lambda: units("tsan", races)
    if mode == "--full":
        yield "journeys, address and undefined behaviour sanitizers", lambda: journeys("asan")
        yield "fuzzing", fuzz


def main(arguments):
    mode = arguments[0] if arguments else ""
    if len(arguments) > 1 or mode not in {"", "--quick", "--full"}:
        print("usage: script/test [--quick|--full]", file=sys.stderr)
        return 2
    total = Tally()
    for title, stage in stages_of(mode):
        print(f"== {title}", flush=True)
        begun = time.monotonic()
        tally = stage()
        total.add(tally)
        print(f"== {title}: {tally} ({(time.monotonic() - begun) / 60:.1f} min)", flush=True)
    for name in total.failed:
        print(f"failed: {name}")
    print(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
