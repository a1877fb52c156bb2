#!/usr/bin/python3
"""Runs a command where a test can leave nothing behind and meets nobody.

    tests/lib/sandbox.py COMMAND...

The command gets PID, mount, network and IPC namespaces of its own, with a fresh /proc, an empty /run,
loopback, and an uplink (198.51.100.2/24 with a default route) so that the place looks like a host.
Its end, however it comes, is the end of every process, mount and interface made there. What namespaces
do not hold, cgroups and files, is removed by a janitor outside that waits for the end of all of it:
the session folder ($KIST_SESSION, where TMPDIR points), and cgroups whose name contains the session's
name or a line of <session>/tags.

Exits as the command does.
"""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_REC, MS_PRIVATE = 0x4000, 0x40000
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)

NETWORK = """
ip link set lo up
ip link add up0 type veth peer name up1
for dev in up0 up1; do
    echo 1 >/proc/sys/net/ipv6/conf/$dev/disable_ipv6 2>/dev/null || true
    ip link set $dev up
done
ip addr add 198.51.100.2/24 dev up0
ip route add default via 198.51.100.1 dev up0
"""


def _checked(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source, target, kind, flags):
    def encode(s):
        return s.encode() if s else None

    _checked(_libc.mount(encode(source), encode(target), encode(kind), flags, None), f"mount {target}")


def die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def cgroup_mounts():
    """The mount points of all cgroup hierarchies, v1 and v2."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        if rest.split()[0] in ("cgroup", "cgroup2"):
            yield fields.split()[4]


def cgroups_named(names):
    """Folders of cgroups with one of @names in their path, innermost first."""
    found = []
    for top in cgroup_mounts():
        for folder, _, _ in os.walk(top, topdown=False):
            if any(name in folder[len(top):] for name in names):
                found.append(folder)
    return found


def remove_cgroups(names, patience=5.0):
    """Kills what runs in them, and removes them. Returns what could not be removed."""
    deadline = time.monotonic() + patience
    while True:
        left = []
        for folder in cgroups_named(names):
            try:
                for pid in Path(folder, "cgroup.procs").read_text().split():
                    if int(pid) != os.getpid():
                        os.kill(int(pid), signal.SIGKILL)
            except OSError:
                pass
            try:
                os.rmdir(folder)
            except FileNotFoundError:
                pass
            except OSError:
                left.append(folder)
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.02)


def _janitor(session, alive):
    """Waits until nobody holds the other end of @alive, then removes what namespaces do not hold."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.read(alive, 1)
    names = [session.name]
    try:
        names += [tag for tag in (session / "tags").read_text().split() if len(tag) > 5]
    except OSError:
        pass
    remove_cgroups(names)
    subprocess.run(["rm", "-rf", "--one-file-system", session], check=False)  # trees may be deeper than Python goes
    os._exit(0)


def _init(command):
    """PID 1: sets the place up, starts the command, reaps whoever ends here."""
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV)
    if os.system(f"set -e\n{NETWORK}") != 0:  # the command line is ours
        raise OSError("cannot set up the network of the sandbox")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = os.fork()
    if child == 0:
        # Started in the background we may have inherited these ignored; the tests are about what they do.
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(command[0], command)
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


def enter(command):
    """Runs @command in a sandbox; returns its exit status (128 + n for a signal)."""
    session = Path(tempfile.mkdtemp(prefix="kt-"))
    (session / "tmp").mkdir()
    watch, held = os.pipe()
    janitor = os.fork()
    if janitor == 0:
        os.close(held)
        _janitor(session, watch)
    os.close(watch)
    os.set_inheritable(held, False)  # held by us and by PID 1, not by the command

    os.environ["KIST_SESSION"] = str(session)
    os.environ["TMPDIR"] = str(session / "tmp")
    _checked(_libc.unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC), "unshare")
    child = os.fork()
    if child == 0:
        die_with_parent()
        try:
            status = _init(command)
        except OSError as error:
            print(f"sandbox: {error}", file=sys.stderr)
            status = 125
        os._exit(status if status >= 0 else 128 - status)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells the command too
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: os.kill(child, signal.SIGKILL))
    _, status = os.waitpid(child, 0)
    os.close(held)
    os.waitpid(janitor, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print("sandbox: only root can make one", file=sys.stderr)
        return 125
    return enter(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
