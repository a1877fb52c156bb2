"""What is there before a test must be what is there after it.

A Snapshot holds, as sets of lines: processes, namespaces, mounts of every mount namespace, interfaces,
addresses, routes and rules, the firewall, cgroups, loop devices, temporary files, the descriptors of
this process, and the records of every engine that lives on (kist.Engine). compare() says what came
and what went; settled() gives things that end by themselves a moment.

The tests run in a sandbox (sandbox.py), so all of this is the test's own doing; cgroups alone are
shared with the machine, and counted when their name contains the session's name or an engine's tag.
"""

import json
import os
import time
from pathlib import Path

import netlink
import sandbox

SETTLE_SECONDS = 5.0

# What belongs to an engine's folder, as long as that exists: its bridge, its table, its cgroup parent.
# They are made by the first container, not by each, and Engine.close() removes them when they are empty.


def _read(path):
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def _link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


def processes():
    """{pid: "start-time command line"} of everybody here but this process and kernel threads."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) in (1, os.getpid()):
            continue
        stat = _read(f"/proc/{entry}/stat").rpartition(")")[2].split()
        if not stat or stat[0] in ("X", "x"):
            continue
        name = _read(f"/proc/{entry}/cmdline").replace("\0", " ").strip() or _read(f"/proc/{entry}/comm").strip()
        if stat[1] == "2" or (entry == "2" and name == "kthreadd"):
            continue
        found[int(entry)] = f"{name[:200]}" + (" (zombie)" if stat[0] == "Z" else "")
    return found


def namespaces(pids):
    """Namespaces that somebody lives in or holds open, except those of this process."""
    found = {}
    for pid in pids:
        for kind in ("mnt", "net", "pid", "ipc", "uts", "user", "cgroup"):
            found.setdefault(_link(f"/proc/{pid}/ns/{kind}"), pid)
        try:
            descriptors = os.listdir(f"/proc/{pid}/fd")
        except OSError:
            continue
        for fd in descriptors:
            target = _link(f"/proc/{pid}/fd/{fd}")
            if target.startswith(("net:[", "mnt:[", "user:[", "pid:[")):
                found.setdefault(target, pid)
    for kind in ("mnt", "net", "pid", "ipc", "uts", "user", "cgroup"):
        found.pop(_link(f"/proc/self/ns/{kind}"), None)
    found.pop("", None)
    return {f"{name} of process {pid}" for name, pid in found.items()}


def mounts(pids):
    """Lines "namespace: mount point, type, source" over all mount namespaces."""
    found, seen = set(), set()
    for pid in ["self", *pids]:
        namespace = _link(f"/proc/{pid}/ns/mnt")
        if namespace in seen:
            continue
        seen.add(namespace)
        where = "here" if pid == "self" else namespace
        for line in _read(f"/proc/{pid}/mountinfo").splitlines():
            fields, _, rest = line.partition(" - ")
            kind, source = rest.split()[:2]
            found.add(f"{where}: {fields.split()[4]} {kind} {source}")
    return found


def interfaces(tags):
    """Links, addresses, routes and rules of this network namespace."""
    # the bridge of a living engine itself, but not what is attached to it
    return {line for names, line in netlink.interfaces() if " master " in line or not set(names) & set(tags)}


def firewall(tags):
    """One line for each rule and each element of a set or map."""
    found = set()
    for entry in netlink.ruleset():
        for kind, thing in entry.items():
            if kind == "metainfo":
                continue
            table = thing["name"] if kind == "table" else thing.get("table", "")
            thing = {key: value for key, value in thing.items() if key != "handle"}
            where = f"nft {thing.get('family')} {table} {kind} {thing.get('name', thing.get('chain', ''))}"
            if kind in ("set", "map"):
                constant = "constant" in thing.get("flags", [])
                for element in thing.get("elem", []):
                    if not (table in tags and constant):
                        found.add(f"{where}: {json.dumps(element)}")
            if table not in tags:
                found.add(f"{where}: {json.dumps(thing.get('expr', ''))}")
    return found


def cgroups(names, tags):
    """Every cgroup of the session; in a place of our own (KIST_ALONE=1), every cgroup."""
    if os.environ.get("KIST_ALONE") == "1":
        names = [""]
    return {folder for folder in sandbox.cgroups_named(names) if os.path.basename(folder) not in tags}


def loop_devices():
    found = set()
    session = os.environ.get("KIST_SESSION", "/nonexistent")
    for path in Path("/sys/block").glob("loop*/loop/backing_file"):
        backing = _read(path).strip()
        if session in backing:
            found.add(f"{path.parts[3]} on {backing}")
    return found


def temporary_files():
    try:
        return {n for n in os.listdir(os.environ["TMPDIR"]) if not n.startswith(("pytest-of-", "kist-root-"))}
    except (OSError, KeyError):
        return set()


def own_descriptors():
    return {f"{fd} -> {_link(f'/proc/self/fd/{fd}')}" for fd in os.listdir("/proc/self/fd")
            if _link(f"/proc/self/fd/{fd}").startswith(("/", "socket:", "anon_inode:", "net:", "mnt:"))
            and not _link(f"/proc/self/fd/{fd}").startswith("/proc/")}


FOREIGN = set()  # process ids of other projects' daemons, which keep what they like


def descriptors(pids):
    """How many descriptors each process holds: those that live through a test hold no more after it."""
    found = {}
    for pid in set(pids) - FOREIGN:
        try:
            found[pid] = len(os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            pass
    return found


class Snapshot:
    def __init__(self, engines=(), tags=()):
        """@engines live on through the test; @tags are those of all engines of the session."""
        session = os.path.basename(os.environ.get("KIST_SESSION", "kt-none"))
        living = {engine.tag for engine in engines}
        running = processes()
        pids = sorted(running)
        self.parts = {
            "process": {f"{pid} {name}" for pid, name in running.items()},
            "namespace": namespaces(pids),
            "mount": mounts(pids),
            "network": interfaces(living),
            "firewall": firewall(living),
            "cgroup": cgroups([session, *tags], living),
            "loop device": loop_devices(),
            "temporary file": temporary_files(),
            "own descriptor": own_descriptors(),
            "record": {line for engine in engines for line in engine.records()},
        }
        self.descriptors = descriptors(pids)

    def forget_own(self):
        """After a failure: its traceback holds what the test had open, which is no leak of ours."""
        del self.parts["own descriptor"]

    def compare(self, after):
        """Lines that say what differs; none if nothing does."""
        lines = []
        for kind, before in self.parts.items():
            lines += [f"left behind: {kind} {line}" for line in sorted(after.parts[kind] - before)]
            lines += [f"gone: {kind} {line}" for line in sorted(before - after.parts[kind])]
        for pid, count in self.descriptors.items():
            now = after.descriptors.get(pid, count)
            if now > count:
                lines.append(f"left behind: {now - count} descriptors in process {pid}")
        return lines


def settled(before, take, seconds=SETTLE_SECONDS):
    """Compares with take() until nothing differs or @seconds have passed; returns the last difference."""
    deadline = time.monotonic() + seconds
    while True:
        lines = before.compare(take())
        if not lines or time.monotonic() > deadline:
            return lines
        time.sleep(0.05)
