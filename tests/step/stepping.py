"""Runs an operation once for each of its system calls, and does something at that call.

A Subject is an operation: what must be there before it, its command, what may be there after it, and
how to get back. steps() numbers its calls (step.c) and names every run there is; attempt() does one of
them: prepare, run, let the next command recover, look, clean up, look for leaks. What is wrong comes
back as sentences, none if nothing is.
"""

import errno
import json
import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import kist
import leakcheck
import sandbox

STEP = kist.BIN.parent / "tests" / "step" / "step-tool"
SECONDS = 20  # an operation that takes longer hangs
SETTLE = 5  # so long may what ends by itself take to end

# ------------------------------------------------------------------------------------------- steps


@dataclass(frozen=True)
class Call:
    process: str  # "0.1": the second child of the command
    number: int
    program: str
    name: str
    arguments: tuple
    subject: str  # paths, or the file behind the descriptor
    swaps: tuple  # components that can be replaced, "path:component"

    @property
    def at(self):
        return f"{self.process}:{self.number}"


@dataclass(frozen=True)
class Step:
    call: Call
    how: str  # "kill tree", "kill one", "fail ENOSPC", "swap 0:1"

    def __str__(self):
        return f"{self.how} at {self.call.at} ({self.call.program}: {self.call.name} {self.call.subject})"

    @property
    def key(self):
        return f"{self.call.at} {self.how}"

    def options(self):
        verb, _, what = self.how.partition(" ")
        return ["--at", self.call.at, f"--{verb}", str(getattr(errno, what)) if verb == "fail" else what]


MEMORY, DISK, MANY, BROKEN, SIGNAL = "ENOMEM", "ENOSPC", "EMFILE", "EIO", "EINTR"
# The errors that a call can give by its manual page, of these five.
ERRORS = {
    name: errors
    for names, errors in [
        ("open openat openat2", (MANY, MEMORY)),
        ("creat", (MANY, MEMORY, DISK)),
        ("close", (BROKEN, SIGNAL)),
        ("read pread64 readv preadv", (BROKEN, SIGNAL)),
        ("write pwrite64 writev", (DISK, BROKEN, SIGNAL)),
        ("fsync fdatasync syncfs", (BROKEN, DISK)),
        ("ftruncate", (BROKEN, SIGNAL)),
        ("fallocate", (DISK, BROKEN, SIGNAL)),
        ("mkdir mkdirat mknod mknodat", (DISK, MEMORY)),
        ("link linkat symlink symlinkat", (DISK, MEMORY, BROKEN)),
        ("rename renameat renameat2", (DISK, MEMORY)),
        ("unlink unlinkat", (MEMORY, BROKEN)),
        ("rmdir stat lstat fstat newfstatat statx fchownat fchmodat chdir", (MEMORY,)),
        ("fchmod fchown fchdir", (BROKEN,)),
        ("readlink readlinkat faccessat faccessat2", (BROKEN, MEMORY)),
        ("statfs fstatfs", (BROKEN, MEMORY, SIGNAL)),
        ("setxattr lsetxattr fsetxattr", (DISK,)),
        ("brk mmap mremap mprotect munmap", (MEMORY,)),
        ("clone clone3 fork vfork", (MEMORY,)),
        ("execve execveat", (MEMORY, MANY, BROKEN)),
        ("pipe pipe2 socket socketpair eventfd2 timerfd_create signalfd4 epoll_create1 inotify_init1 memfd_create "
         "pidfd_open fsopen fsmount open_tree fspick", (MANY, MEMORY)),
        ("dup", (MANY,)),
        ("dup2 dup3", (MANY, SIGNAL)),
        ("epoll_ctl inotify_add_watch", (MEMORY, DISK)),
        ("epoll_wait epoll_pwait epoll_pwait2 wait4 waitid flock nanosleep clock_nanosleep connect", (SIGNAL,)),
        ("poll ppoll select pselect6", (SIGNAL, MEMORY)),
        ("sendmsg sendto recvmsg recvfrom", (SIGNAL, MEMORY)),
        ("accept accept4", (SIGNAL, MANY, MEMORY)),
        ("mount move_mount umount2 pivot_root mount_setattr fsconfig setns bind seccomp", (MEMORY,)),
        ("unshare", (MEMORY, DISK)),
        ("splice tee copy_file_range sendfile", (MEMORY,)),
        ("add_key keyctl", (MEMORY,)),
    ]
    for name in names.split()
}
O_CREAT = 0o100
F_DUPFD, F_OFD_SETLKW, F_SETLKW, F_DUPFD_CLOEXEC = 0, 38, 7, 1030


def errors_of(call):
    """What the call can fail with: a pipe's disk is never full."""
    errors = ERRORS.get(call.name, ())
    if call.name in ("open", "openat"):
        flags = call.arguments[1 if call.name == "open" else 2]
        return (*errors, DISK) if flags & O_CREAT else errors
    if call.name == "fcntl":
        return {F_DUPFD: (MANY,), F_DUPFD_CLOEXEC: (MANY,), F_SETLKW: (SIGNAL,), F_OFD_SETLKW: (SIGNAL,)}.get(
            call.arguments[1], ())
    if call.name == "futex":
        return (SIGNAL,) if call.arguments[1] & 127 in (0, 9) else ()  # FUTEX_WAIT, FUTEX_WAIT_BITSET
    if call.name in ("read", "write", "pread64", "pwrite64", "readv", "writev") and not call.subject.startswith("/"):
        return (SIGNAL,)
    return errors


def speaks(call):
    """Whether it writes the very sentence that an error would be told in."""
    return call.name in ("write", "writev") and call.arguments[0] == 2


# Killed before the second of two calls is killed after the first. Where that one changes nothing outside of its
# process, it is the same as killed before it, so a sample leaves these out.
PURE = set("""access arch_prctl brk clock_gettime faccessat faccessat2 fstat fstatfs futex getcwd getdents64 getegid geteuid
    getgid getpid getppid getrandom getsockname getsockopt getuid lseek madvise mmap mprotect munmap newfstatat openat2
    poll prlimit64 pread64 readlink readlinkat rseq rt_sigaction rt_sigprocmask set_robust_list set_tid_address
    statfs statx sysinfo uname fgetxattr umask sched_getaffinity""".split())

# ---------------------------------------------------------------------------------------- subjects

SENTENCE = re.compile(r"(?:kist|kist-[a-z]+|Error[a-z ]*): \S.*\S")
HINT = re.compile(r"\n\nRun 'kist [a-z]+ --help' for more information\n*\Z")  # Docker's, behind every error of run
# What may stand before the sentence: warnings, and what the C library says when it cannot even start a worker.
WARNING = re.compile(r"(?:kist|kist-\w+): warning: |WARNING: |[\w-]+: error while loading shared libraries: |"
                     r"The futex facility returned")
STRERRORS = "|".join(map(re.escape, {os.strerror(number) for number in errno.errorcode}))
BARE = re.compile(rf"(?:[\w-]+: )*(?:{STRERRORS})")


def unclear(text):
    """What is wrong with the words of a failed command, or None."""
    text = HINT.sub("", text)
    lines = [line for line in text.splitlines() if not WARNING.match(line)]
    if not lines:
        return "it says nothing"
    if len(lines) > 1:
        return "it says more than one sentence"
    if not SENTENCE.fullmatch(lines[0]):
        return "it does not speak as kist does"
    if BARE.fullmatch(lines[0]):
        return "it says no more than errno"
    if re.search(r": Success\b|\(null\)|[Uu]nknown error|errno", lines[0]):
        return "it says nothing of sense"
    return None


class Subject:
    """An operation. Subclasses say what of: Engine's below, and operations.py."""

    name = ""
    statuses = (1,)  # that a failure may have
    whole = False  # the operation ends with the last of its processes, not with the command
    below = None  # folder of an attacker: see swap.h

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="kist-root-step-"))
        self.env = dict(os.environ)

    def command(self):
        raise NotImplementedError

    def prepare(self):
        """Makes what the operation needs."""

    def recover(self):
        """The next command. Sentences about what is wrong with it."""
        return []

    def look(self, done):
        """@done: the operation said that it has succeeded. Sentences about what is not whole."""
        return []

    def clean(self):
        """Back to what was before prepare()."""

    def close(self):
        """The end. Sentences about what was left."""
        subprocess.run(["rm", "-rf", self.folder], check=False)
        return []

    def roots(self):
        """Folders whose files count, and names in the paths of cgroups that do."""
        return (), ()

    # ---------------------------------------------------------------------------------- machinery

    def files(self):
        """Names of all that is kept, but for the files of layers."""
        found = set()
        for top in self.roots()[0]:
            for folder, folders, files in os.walk(top):
                if not folder.endswith("/network/ports"):  # it has a folder for each port that ever was
                    found |= {os.path.join(folder, name) for name in folders}
                if not folder.endswith("/network/bridge"):  # what the bridge itself is
                    found |= {os.path.join(folder, name) for name in files}
                if os.path.basename(folder) == "layers":
                    folders.clear()
        return found

    def snapshot(self):
        """As leakcheck's, as far as the operation can matter, so as to be quick. An engine's bridge, table and cgroup
        parent may stay behind an error: the next container takes them over."""
        running = leakcheck.processes()
        tags = self.roots()[1]
        return {
            "process": {f"{pid} {name}" for pid, name in running.items()},
            "mount": leakcheck.mounts(sorted(running)),
            "link": leakcheck.interfaces(tags),
            "firewall": leakcheck.firewall(tags),
            "cgroup": self.cgroups(tags),
            "file": self.files(),
        }

    def rest(self):
        """The snapshot when nothing is on its way out any more."""
        last = None
        while True:
            now = self.snapshot()
            if now == last and not any("(zombie)" in line for line in now["process"]):
                return now
            last = now
            time.sleep(0.05)

    @staticmethod
    def cgroups(tags):
        found = set()
        for mine in (os.path.join(top, tag) for top in sandbox.cgroup_mounts() for tag in tags):
            if os.path.isdir(mine):
                found |= {folder for folder, _, _ in os.walk(mine) if folder != mine}
        return found

    def leaks(self, before):
        deadline = time.monotonic() + SETTLE * kist.PATIENCE
        while True:
            after = self.snapshot()
            lines = []
            for kind, things in before.items():
                lines += [f"left behind: {kind} {line}" for line in sorted(after[kind] - things)]
                lines += [f"gone: {kind} {line}" for line in sorted(things - after[kind])]
            if not lines or time.monotonic() > deadline:
                return lines
            time.sleep(0.02)

    def step(self, *options):
        """Runs the operation under step: (report, stdout, stderr)."""
        report, out, err = (self.folder / name for name in ("report", "out", "err"))
        argv = [STEP, "--report", report, "--timeout", str(int(SECONDS * kist.PATIENCE)), *options]
        if self.whole:
            argv.append("--whole")
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            subprocess.run([*argv, "--", *self.command()], env=self.env, stdin=subprocess.DEVNULL, stdout=stdout,
                           stderr=stderr, timeout=SECONDS * kist.PATIENCE * 2, check=True)
        return json.loads(report.read_text()), out.read_text(errors="replace"), err.read_text(errors="replace")

    def decoy(self):
        return ["--decoy", str(self.folder / "decoy"), *(["--below", str(self.below)] if self.below else [])]

    def calls(self):
        """All calls of the operation; it must succeed."""
        listing = self.folder / "list"
        self.prepare()
        report, _, err = self.step("--list", str(listing), *self.decoy())
        assert report["status"] == 0, (self.name, report, err)
        self.clean()
        found = []
        for line in listing.read_text().splitlines():
            process, number, program, name, arguments, subject, swaps = line.split("\t")
            found.append(Call(process, int(number), program, name, tuple(int(a, 16) for a in arguments.split()), subject,
                              tuple(swaps.split(",")) if swaps else ()))
        return found

    def judge_failure(self, step, report, err):
        if step.how == "kill tree" or (step.how == "kill one" and step.call.process == "0"):
            return []
        if report["status"] == 127 and "error while loading shared libraries" in err:
            return []  # the C library, before there is a kist that could speak
        if step.call.name == "brk" and report["status"] == -6:
            return []  # the C library again: its heap is lost
        if report["status"] not in self.statuses:
            return [f"its status is {report['status']}: {err.strip()}"]
        wrong = unclear(err)
        return [f"{wrong}: {err.strip()!r}"] if wrong else []

    def look_patiently(self, done):
        """What the monitor cleans up takes it a moment."""
        deadline = time.monotonic() + SETTLE * kist.PATIENCE
        while True:
            found = self.look(done)
            if not found or time.monotonic() > deadline:
                return found
            time.sleep(0.02)

    def attempt(self, step, before):
        """One run. (reached, [sentences])"""
        self.prepare()
        report, _, err = self.step(*step.options(), *(self.decoy() if step.how.startswith("swap") else ()))
        found = []
        if report["timeout"]:
            found.append(f"it hangs: {report['stuck']}")
        elif report["status"] != 0:
            found += self.judge_failure(step, report, err)
        if report["decoy"]:
            found.append(f"the decoy was touched: {report['decoy']}")
        found += self.recover()
        found += self.look_patiently(report["status"] == 0)
        self.clean()
        found += self.leaks(before)
        return report["reached"] and report["done"], found


def steps_of(calls):
    """Every run there is for these calls."""
    for call in calls:
        yield Step(call, "kill tree")
        if "." in call.process or any("." in other.process for other in calls):
            yield Step(call, "kill one")
        for error in errors_of(call) if not speaks(call) else ():
            yield Step(call, f"fail {error}")
        for swap in call.swaps:
            yield Step(call, f"swap {swap}")


def sample_of(calls, count):
    """Some @count of them, the same ones each time for the same calls, spread over the operation."""
    last, same = {}, set()
    for call in calls:
        if last.get(call.process) in PURE:
            same.add(call)
        last[call.process] = call.name
    useful = [step for step in steps_of(calls) if not (step.call in same and step.how.startswith("kill"))]
    stride = max(1, len(useful) / count)
    return [useful[int(i * stride)] for i in range(min(count, len(useful)))]
