"""The manual pages are made of the programs' own tables, and lint clean."""

import re
import shutil
import subprocess

import kist
import pytest

PROGRAMS = ("kist", "kist-runtime", "kist-monitor", "kistd")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    out = tmp_path_factory.mktemp("pages")
    programs = [kist.BIN / name for name in PROGRAMS if (kist.BIN / name).exists()]
    generate(kist.TOP / "docs" / "man", out, programs)
    return out


def generate(prose, out, programs):
    subprocess.run(["/usr/bin/python3", kist.TOP / "tools" / "gen-man.py", prose, out, "1.0", *programs], check=True,
                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def tables(program):
    text = subprocess.run([kist.program(program), "__describe"], stdout=subprocess.PIPE, check=True, text=True).stdout
    return [line.split("\t") for line in text.splitlines()]


def shown(path):
    """A page as people read it."""
    text = subprocess.run(["mandoc", "-T", "utf8", path], stdout=subprocess.PIPE, check=True, text=True).stdout
    return re.sub(".\b", "", text)


def test_every_verb_has_a_page_with_every_option(pages):
    rows = tables("kist")
    for path in (row[1] for row in rows if row[0] == "command"):
        text = shown(pages / "man1" / f"kist-{path.replace(' ', '-')}.1")
        for row in rows:
            if row[0] == "option" and row[1] == path:
                assert re.search(rf"--{row[3]}\b", text), f"{path}: --{row[3]}"


def test_the_pages_have_nothing_to_complain_about(pages):
    files = sorted(pages.glob("man*/*"))
    assert len(files) > 20
    # The date is left out: a page is a function of the tree.
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *files], stdout=subprocess.PIPE, check=False, text=True)
    assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []


def test_see_also_names_pages_that_exist(pages):
    ours = {path.name for path in pages.glob("man*/*")}
    for path in pages.glob("man*/*"):
        for name, section in re.findall(r"\\fB(kist[a-z\\-]*)\\fR\((\d)\)", path.read_text()):
            assert f"{name.replace(chr(92), '')}.{section}" in ours, path.name


@pytest.mark.parametrize("damage", ["help", "value", "unknown-option", "unknown-page"])
def test_a_page_that_would_lie_is_not_made(tmp_path, damage):
    prose = tmp_path / "man"
    prose.mkdir()
    rows = ["program\tkist\tContainers\t[OPTIONS]", "option\t\t\troot\tstring\tdir\tWhere", "command\trun\t\tIMAGE\tRun it"]
    if damage == "help":
        rows.append("option\trun\t\tname\tflag\t\t")
    if damage == "value":
        rows.append("option\trun\t\tname\tstring\t\tIts name")
    if damage == "unknown-option":
        (prose / "kist-run.md").write_text("Runs with `--nmae`.\n")
    if damage == "unknown-page":
        (prose / "kist-rnu.md").write_text("Runs.\n")
    program = tmp_path / "kist"
    program.write_text("#!/bin/sh\ncat <<'END'\n" + "\n".join(rows) + "\nEND\n")
    program.chmod(0o755)
    with pytest.raises(subprocess.CalledProcessError) as error:
        generate(prose, tmp_path / "out", [program])
    assert "gen-man: " in error.value.stderr


@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
def test_man_shows_them(pages):
    done = subprocess.run(["man", "-l", "--warnings", pages / "man1" / "kist-run.1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=True, text=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANPAGER": "cat", "HOME": "/"})
    assert done.stderr == "" and "kist container run" in done.stdout
