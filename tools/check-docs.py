#!/usr/bin/env python3
"""Holds the documents to the tree: every file they name exists, every folder of src/ is on the map.

A name counts when it stands in backquotes and begins with src/, tools/, tests/ or docs/, or in a
link; one with <...> or * in it is a pattern and is looked up as such.
"""

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
DOCUMENTS = [*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")]
QUOTED = re.compile(r"`((?:src|tools|tests|docs)/[\w./<>*-]+)`")
LINKED = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def exists(base, name):
    if re.search(r"[<*]", name):
        return any(base.glob(re.sub(r"<[^>]*>", "*", name)))
    return (base / name).exists()


def main():
    findings = []
    for document in sorted(DOCUMENTS):
        text = document.read_text()
        where = document.relative_to(TOP)
        for name in sorted(set(QUOTED.findall(text))):
            if not exists(TOP, name):
                findings.append(f"{where}: names {name}, which does not exist")
        for name in sorted(set(LINKED.findall(text))):
            if not exists(document.parent, name):
                findings.append(f"{where}: links to {name}, which does not exist")
    architecture = (TOP / "ARCHITECTURE.md").read_text()
    for folder in sorted(p.name for p in (TOP / "src").iterdir() if p.is_dir() and any(p.iterdir())):
        if f"`{folder}`" not in architecture:
            findings.append(f"ARCHITECTURE.md: src/{folder} is not on the map")
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


sys.exit(main())
