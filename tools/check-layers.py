#!/usr/bin/env python3
"""Holds the includes of src/ to the layers that ARCHITECTURE.md draws.

  * A directory includes itself and those in ALLOWED; a program's folder (cmd/<program>) what PROGRAMS says.
  * Project headers are named by their path from src/ ("io/root.h").
  * foo.c includes foo.h first, so that every header is known to stand alone.
  * A library's header is included in one file only, in a directory that may know the library.

Prints one line for each breach, and exits 1 if there was any. Another tree: check-layers.py FOLDER.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

LOW = ["base", "codec", "spec", "kern", "io"]
ALLOWED = {
    "base": [],
    "codec": ["base"],
    "spec": ["base", "codec"],
    "kern": ["base"],
    "io": ["base", "codec", "kern"],
    "runtime": LOW,
    "monitor": LOW,
    "store": LOW,
    "registry": [*LOW, "store"],
    "build": [*LOW, "store", "registry"],
    "network": LOW,
    "volume": ["base", "codec", "io", "kern"],
    "engine": [*LOW, "monitor", "store", "registry", "build", "network", "volume"],
    # its operations run engine calls; images, logs and ports are calls of the directories below
    "api": [*LOW, "monitor", "store", "registry", "network", "volume", "engine"],
}
PROGRAMS = {
    # its verbs start fixed helpers of their own only through the engine; the runtime it executes
    "cmd/kist": [*LOW, "monitor", "store", "registry", "build", "network", "volume", "engine", "api"],
    # process 1 of a container: a program without anything
    "cmd/init": [],
    "cmd/monitor": [*LOW, "monitor"],
    "cmd/runtime": [*LOW, "runtime"],
    # the door parses requests; it never touches a container
    "cmd/kistd": ["base", "codec", "io", "api"],
    # with privileges: it reads the door's record; HTTP's frames only in its sandboxed role
    "cmd/operation": ["base", "codec", "io", "api"],
    # the roles share record formats with those who start them
    "cmd/worker": [*LOW, "store", "registry", "build"],
}
# Header -> directory that may know the library. cmocka is the unit tests' (base/test.h).
LIBRARIES = {
    r"zlib\.h$": "codec",
    r"isa-l|igzip": "codec",
    r"zstd": "codec",
    r"lzma\.h$": "codec",
    r"openssl/": "codec",
    r"seccomp\.h$": "kern",
    r"curl/": "io",
    r"yaml\.h$": "codec",
    r"nghttp2/": "codec",
    r"protobuf-c/": "codec",
    r"cmocka\.h$": "base",
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(["<])([^">]+)[">]', re.M)


def layer_of(path: Path) -> str:
    """The directory that the rules speak of: 'io', 'cmd/kist'."""
    parts = path.parts
    return "/".join(parts[:2]) if parts[0] == "cmd" and len(parts) > 2 else parts[0]


def may_include(layer: str, target: str) -> bool:
    if layer == target:
        return True
    if layer in ("cmd",):  # a file of several programs
        return target in LOW
    rules = PROGRAMS if layer.startswith("cmd/") else ALLOWED
    # a program's folder that is not listed yet must be added above, with what it needs
    return target in rules.get(layer, []) or (layer.startswith("cmd/") and target == "cmd")


def check(src: Path) -> list[str]:
    breaches = []
    users = defaultdict(set)
    for path in sorted([*src.rglob("*.c"), *src.rglob("*.h")]):
        rel = path.relative_to(src)
        layer = layer_of(rel)
        if layer not in ALLOWED and layer not in PROGRAMS and layer != "cmd":
            breaches.append(f"{rel}: {layer} has no place among the layers (tools/check-layers.py)")
            continue
        text = path.read_text()
        found = list(INCLUDE.finditer(text))
        for match in found:
            line = text.count("\n", 0, match.start()) + 1
            kind, name = match.groups()
            if kind == "<":
                for library, home in LIBRARIES.items():
                    if not re.match(library, name):
                        continue
                    users[library].add(str(rel))
                    if layer != home:
                        breaches.append(f"{rel}:{line}: <{name}> belongs to {home}")
                continue
            if not (src / name).is_file():
                breaches.append(f'{rel}:{line}: "{name}" is not a path from src/')
                continue
            target = layer_of(Path(name))
            if not may_include(layer, target):
                breaches.append(f"{rel}:{line}: {layer} may not include {target} ({name})")
        own = rel.with_suffix(".h")
        if rel.suffix == ".c" and (src / own).is_file() and found:
            if found[0].groups() != ('"', str(own)):
                breaches.append(f'{rel}: "{own}" comes first')
    for library, files in users.items():
        if len(files) > 1:
            breaches.append(f"{library}: included by more than one file: {', '.join(sorted(files))}")
    return breaches


def main() -> int:
    src = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "src"
    breaches = check(src)
    for breach in breaches:
        print(breach)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
