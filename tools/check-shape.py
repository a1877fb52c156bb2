#!/usr/bin/env python3
"""Sizes and manners that a formatter cannot hold: what a reader may rely on in every file of src/.

  * A file begins with a comment that says what it is for. Headers begin with it too, then #pragma once.
    A foo.c with a foo.h of its own is explained there.
  * Files have at most 1,000 lines, functions at most 80.
  * No file name that explains nothing (utils, misc, common, helpers).
  * Every .c file is in the meson.build of its directory; every test-foo.c and fuzz-foo.c belongs to something.
  * Every fuzz target has seeds in tests/fuzz-corpus/.
  * An open issue is not kept in a comment; commented-out code is not kept at all.

Prints one line for each breach, and exits 1 if there was any. Another tree: check-shape.py FOLDER.
"""

import re
import sys
from pathlib import Path

FILE_LINES = 1000
FUNCTION_LINES = 80
VAGUE = re.compile(r"(?:^|-)(?:utils?|misc|common|helpers?)\.[ch]$")
LEFT_OPEN = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")


def check_functions(rel: Path, lines: list[str]) -> list[str]:
    """The tree is formatted, so a function's body is what stands between braces in column 0."""
    breaches = []
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start - 1 > FUNCTION_LINES:
                breaches.append(f"{rel}:{start}: function of {number - start - 1} lines (at most {FUNCTION_LINES})")
            start = None
    return breaches


def check_file(src: Path, path: Path) -> list[str]:
    rel = path.relative_to(src)
    text = path.read_text()
    lines = text.splitlines()
    breaches = check_functions(rel, lines)
    explained = path.suffix == ".c" and path.with_suffix(".h").is_file()
    if not explained and not path.name.startswith("test-") and not text.startswith("/*"):
        breaches.append(f"{rel}: begins with no comment that says what it is for")
    if path.suffix == ".h" and "\n#pragma once\n" not in text:
        breaches.append(f"{rel}: has no #pragma once")
    if len(lines) > FILE_LINES:
        breaches.append(f"{rel}: {len(lines)} lines (at most {FILE_LINES})")
    if VAGUE.search(path.name):
        breaches.append(f"{rel}: a name that explains nothing")
    for number, line in enumerate(lines, 1):
        if LEFT_OPEN.search(line):
            breaches.append(f"{rel}:{number}: left open in a comment; file an issue")
    if path.suffix == ".c" and not any(
        f"'{path.relative_to(folder)}'" in (folder / "meson.build").read_text()
        for folder in (path.parent, *path.parent.parents)
        if (folder / "meson.build").is_file() and folder.is_relative_to(src)
    ):
        breaches.append(f"{rel}: in no meson.build")
    return breaches


def check_corpus(src: Path) -> list[str]:
    breaches = []
    corpus = src.parent / "tests" / "fuzz-corpus"
    for target in sorted(src.rglob("fuzz-*.c")):
        if target.name == "fuzz-replay.c":
            continue
        rel = target.relative_to(src)
        folder = next(f for f in (target.parent, *target.parent.parents) if (f / "meson.build").is_file())
        name = re.search(
            rf"\['([\w-]+)',\s*files\('{re.escape(str(target.relative_to(folder)))}'", (folder / "meson.build").read_text()
        )
        folder = corpus / (name.group(1) if name else "-")
        if not name:
            breaches.append(f"{rel}: not among the fuzz_targets of its directory")
        elif not folder.is_dir() or not any(folder.iterdir()):
            breaches.append(f"{rel}: no seeds in tests/fuzz-corpus/{folder.name}")
    return breaches


def main() -> int:
    src = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "src"
    breaches = []
    for path in sorted([*src.rglob("*.c"), *src.rglob("*.h")]):
        breaches += check_file(src, path)
    breaches += check_corpus(src)
    for breach in breaches:
        print(breach)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
