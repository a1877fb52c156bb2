#!/usr/bin/env python3
"""The path lint: no path inside a container, image, volume or build context is resolved by string.

A by-path call (open, mkdir, mount, rename, *at with AT_FDCWD, ...) is a breach, unless

  * its path is "/", "." or a literal (or a macro of the same file that is one) below /proc, /sys or /dev,
    which no image can have made, or
  * ALLOWED names the call and the file, with the reason: the path is the caller's own or ours.

Calls that are never right (strcpy, system, alloca, ...) have no list of exceptions but BANNED_OK, and
descriptors are closed by base/fd.c alone. Unit tests and fuzz targets may go by path.

Prints one line for each breach, and exits 1 if there was any. Another tree: check-paths.py FOLDER.
"""

import re
import sys
from pathlib import Path

BY_PATH = """open open64 creat fopen fopen64 freopen opendir scandir nftw ftw fts_open glob
    mkdir mkdtemp mkstemp mkostemp mknod mkfifo mount umount umount2 rename unlink rmdir remove symlink link
    chmod chown lchown chdir chroot pivot_root lstat stat statfs statvfs readlink realpath canonicalize_file_name access
    truncate utime utimes lutimes getxattr lgetxattr setxattr lsetxattr listxattr llistxattr removexattr
    lremovexattr execv execve execl execle execvp execvpe execlp posix_spawn posix_spawnp acct swapon
    name_to_handle_at inotify_add_watch bindtextdomain dlopen""".split()
BY_DIRECTORY = """openat openat2 mkdirat mknodat mkfifoat renameat renameat2 unlinkat symlinkat linkat fchmodat
    fchmodat2 fchownat fstatat statx readlinkat faccessat faccessat2 utimensat open_tree move_mount execveat
    mount_setattr fspick""".split()
BANNED = """strcpy strcat strncat stpcpy sprintf vsprintf strtok gets atoi atol atoll system popen alloca
    tmpnam tempnam mktemp gmtime localtime ctime asctime strerror_r rand srand setjmp
    getwd putenv scanf""".split()

OURS = "the path is one of our own state folders, given by the operator or the engine"
KERNEL = "a file of the kernel's own in the host's /proc, built from numbers or fixed names"
INSIDE = "the process is already in the container's root, has its identity and no descriptor of the host's"
CALLER = "the path is an argument of the caller, resolved with the caller's own rights"

# file -> call -> why its path is safe
ALLOWED = {
    "runtime/launch-exec.c": {"open": CALLER},
    "base/fuzz-replay.c": {"opendir": "a folder of this source tree"},
    "cmd/kist/cp.c": {"fstatat": CALLER, "open": CALLER, "readlinkat": CALLER, "realpath": CALLER},
    "cmd/kist/container-options.c": {"open": CALLER},
    "cmd/kist/container-options-isolation.c": {"open": CALLER},
    "cmd/kist/import.c": {"open": CALLER},
    "cmd/kist/load.c": {"open": CALLER},
    "cmd/kist/run.c": {"open": CALLER, "unlink": CALLER},
    "cmd/kistd/listen.c": {
        "fopen": "the host's own /etc/group",
        **{call: "the socket that the operator names" for call in ("lstat", "unlink", "mkdir", "lchown")},
    },
    "cmd/runtime/main.c": {"open": CALLER},
    "cmd/runtime/update.c": {"open": CALLER},
    "cmd/runtime/spec.c": {"open": CALLER},
    "cmd/worker/fetch.c": {"open": "the host's own certificates and resolver files, before the sandbox closes"},
    "engine/bundle.c": {"fstatat": CALLER, "mkdirat": CALLER},  # a bind mount's source on the host
    "engine/exec-process.c": {"openat": KERNEL},
    "engine/container/log.c": {"open": OURS, "inotify_add_watch": "a descriptor, as /proc/self/fd/N"},
    "engine/container/join.c": {"open": KERNEL, "umount2": "a descriptor, as /proc/self/fd/N"},
    "engine/host-devices.c": {"open": CALLER},
    "engine/host-limits.c": {call: "fixed names below the host's /sys/fs/cgroup" for call in ("open", "faccessat")},
    "engine/container/restart.c": {"inotify_add_watch": "a descriptor, as /proc/self/fd/N"},
    "engine/event-stream.c": {"inotify_add_watch": "a descriptor, as /proc/self/fd/N"},
    "engine/engine-info.c": {"fopen": "the host's own os-release"},
    "engine/container/view.c": {"open": "one of our own layers or folders, in a mount namespace made for it"},
    "engine/container/stats.c": {"open": KERNEL},
    "engine/top-column.c": {"open": "the host's own names of users and groups"},
    "engine/root-view.c": {"openat": "one of our own layers, or the current folder to come back to"},
    "engine/runtime-call.c": {"faccessat": "the operator's --runtime, looked for in PATH"},
    "io/root.c": {"mkdir": OURS, "open": OURS, "realpath": OURS},
    "io/spawn.c": {"execve": "an absolute path of our own programs or of the operator's --runtime"},
    "kern/children.c": {"open": KERNEL},
    "kern/mount.c": {"open_tree": CALLER, "umount2": "a descriptor, as /proc/self/fd/N"},  # mount_clone_source: what the bundle says to mount from the host
    "kern/overlay.c": {"mount": "the target is a descriptor, as /proc/self/fd/N"},
    "kern/process-info.c": {"open": KERNEL},
    "kern/process.c": {"open": KERNEL},
    "kern/resolve.c": {"open": KERNEL},
    "kern/sysctl.c": {"open": KERNEL},
    "monitor/announce.c": {"open": OURS},
    "monitor/client.c": {"open": OURS},
    "monitor/json-log.c": {"open": OURS},
    "monitor/monitor.c": {"open": OURS, "execve": "the engine's own kist, for the cleanup"},
    "monitor/record.c": {"open": OURS},
    "monitor/rootfs.c": {"open": OURS},
    "network/network-tool.c": {"execvp": "a tool of the tests, never installed; runs what the test says"},
    "network/hosts.c": {"open": "the host's own /etc/hosts"},
    "network/resolv.c": {"open": "the host's own resolv.conf"},
    "registry/credentials.c": {"open": CALLER},
    "runtime/bundle.c": {"open": CALLER, "realpath": CALLER},
    "runtime/container.c": {"mkdir": OURS, "open": OURS},
    "runtime/init-process.c": {call: INSIDE for call in ("stat", "faccessat", "execve", "open")},
    "runtime/init-rootfs.c": {"open": "the bundle's rootfs, named by the caller, before the root changes"},
    "runtime/conceal.c": {"open": KERNEL, "umount2": KERNEL},  # mount points that /proc/self/mountinfo names, in our own namespace
    "runtime/lifecycle.c": {"open": "the rootfs of a container without a mount namespace, as its maker named it"},
    "runtime/namespaces.c": {"open": "the namespaces that the caller named in config.json"},
    "runtime/pid-file.c": {"open": CALLER},
}
# file -> banned call -> why it is right there
BANNED_OK = {
    "base/test.h": {"setjmp": "cmocka's header needs it"},
}
COMMENT_OR_LITERAL = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
TRUSTED_LITERAL = re.compile(r'(?:NULL,\s*)?"(?:/|\.|/(?:proc|sys|dev)(?:/[^"]*)?)"')
TRUSTED_MACRO = re.compile(r'^#define[ \t]+(\w+)[ \t]+"/(?:proc|sys|dev)/[^"]*"', re.M)
CALL = r"(?<![\w.>])(?:%s)[ \t]*\("


def blank(text: str, keep_literals: bool) -> str:
    """The text without comments (and literals), at the same offsets."""

    def hide(match: re.Match) -> str:
        piece = match.group(0)
        if keep_literals and piece[0] == '"':
            return piece
        return re.sub(r"[^\n]", " ", piece)

    return COMMENT_OR_LITERAL.sub(hide, text)


def declared(code: str, start: int) -> bool:
    """Whether the name at @start is declared or defined there (int open_tree(...)), not called."""
    before = code[:start].rstrip(" \t")
    word = re.search(r"([\w*]+)$", before)
    if not word or word.group(1) in ("return", "else", "do", "case"):
        return False
    return before.endswith("*") and bool(re.search(r"\w\s+\*+$", before)) or bool(re.match(r"[A-Za-z_]\w*$", word.group(1)))


def calls(code: str, names: list[str]):
    for match in re.finditer(CALL % "|".join(map(re.escape, names)), code):
        if not declared(code, match.start()):
            yield match.group(0).rstrip("( \t"), match.start(), match.end()


def check_file(rel: str, text: str) -> list[str]:
    breaches = []
    code = blank(text, keep_literals=False)
    with_literals = blank(text, keep_literals=True)
    is_test = Path(rel).name.startswith(("test-", "fuzz-")) or rel == "base/test.h"

    macros = set(TRUSTED_MACRO.findall(text))

    def trusted(path: str) -> bool:
        name = re.match(r"\w+(?=[,)])", path)
        return bool(TRUSTED_LITERAL.match(path)) or bool(name and name.group(0) in macros)

    def breach(offset: int, what: str) -> None:
        breaches.append(f"{rel}:{text.count(chr(10), 0, offset) + 1}: {what}")

    for name, start, _ in calls(code, BANNED):
        if is_test and name in ("setjmp", "putenv"):
            continue
        if name not in BANNED_OK.get(rel, {}):
            breach(start, f"{name}() is banned")
    if is_test:
        return breaches
    for name, start, end in calls(code, BY_PATH):
        if trusted(with_literals[end:].lstrip()):
            continue
        if name not in ALLOWED.get(rel, {}):
            breach(start, f"{name}() resolves a path by string; open it with kern/resolve and use the descriptor")
    for name, start, end in calls(code, BY_DIRECTORY):
        rest = with_literals[end:].lstrip()
        if not rest.startswith("AT_FDCWD"):
            continue
        if trusted(rest.removeprefix("AT_FDCWD").lstrip(", \t\n")):
            continue
        if name not in ALLOWED.get(rel, {}):
            breach(start, f"{name}(AT_FDCWD) resolves a path by string")
    if rel != "base/fd.c":
        for _, start, _ in calls(code, ["close"]):
            breach(start, "close() belongs to base/fd.c: use auto_fd or fd_close()")
    return breaches


def unused(src: Path) -> list[str]:
    """An exception that nothing needs any more is a hole for the next change."""
    breaches = []
    for table, names in ((ALLOWED, BY_PATH + BY_DIRECTORY), (BANNED_OK, BANNED)):
        for rel, exceptions in table.items():
            path = src / rel
            code = blank(path.read_text(), keep_literals=False) if path.is_file() else ""
            for name in exceptions:
                if name not in names:
                    breaches.append(f"tools/check-paths.py: {name} is not a call the lint knows")
                elif not re.search(rf"\b{name}\b", code):
                    breaches.append(f"tools/check-paths.py: {rel} does not call {name}: remove its exception")
    return breaches


def main() -> int:
    own = Path(__file__).resolve().parent.parent / "src"
    src = Path(sys.argv[1]) if len(sys.argv) > 1 else own
    breaches = [] if src != own else unused(src)
    for path in sorted([*src.rglob("*.c"), *src.rglob("*.h")]):
        breaches += check_file(str(path.relative_to(src)), path.read_text())
    for breach in breaches:
        print(breach)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
