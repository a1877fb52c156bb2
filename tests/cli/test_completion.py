"""Completion as the shells do it: the script that is installed, a real shell, the tabulator key."""

import os
import shutil
import subprocess
from pathlib import Path

import kist
import pytest
from completion import SPLIT_MARK, Shell

TEMPLATES = kist.TOP / "tools" / "completion"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home folder with the three scripts and a PATH on which kist is."""
    folder = tmp_path_factory.mktemp("home")
    for shell in ("bash", "zsh", "fish"):
        text = (TEMPLATES / f"{shell}.in").read_text().replace("@PROGRAM@", "kist").replace("@FUNCTION@", "kist")
        (folder / f"kist.{shell}").write_text(text)
    (folder / "files").mkdir()
    (folder / "files" / "archive.tar").write_text("")
    (folder / "files" / "folder").mkdir()
    return folder


@pytest.fixture
def filled(shared_engine):
    """An engine with a running and a created container."""
    shared_engine.kist("run", "-d", "--name", "runner", "busybox", "sleep", "1000")
    shared_engine.kist("create", "--name", "sleeper", "busybox", "true")
    shared_engine.kist("tag", "busybox", "registry.example:5000/team/app:v1")
    yield shared_engine
    shared_engine.remove_all()


def environment(engine, home):
    env = {"PATH": f"{kist.BIN.resolve()}:/usr/bin:/bin", "HOME": str(home), "TERM": "xterm", "LC_ALL": "C.UTF-8",
           "KIST_ROOT": str(engine.root), "KIST_RUNROOT": str(engine.runroot)}
    # An uninstrumented shell asks an instrumented kist: what the sanitizers need goes along.
    return {**env, **{name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")}}


def needs(shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")


@pytest.fixture
def bash(filled, home):
    shell = Shell(["bash", "--norc", "--noprofile", "-i"], environment(filled, home),
                  f"cd {home}/files; bind 'set show-all-if-ambiguous on'; bind 'set bell-style none'; "
                  f"bind 'set enable-bracketed-paste off'; . {home}/kist.bash; PS1={SPLIT_MARK}")
    yield shell
    shell.close()


@pytest.fixture
def zsh(filled, home):
    needs("zsh")
    shell = Shell(["zsh", "-f", "-i"], environment(filled, home),
                  f"cd {home}/files; unsetopt zle_bracketed_paste; autoload -U compinit; compinit -u -d {home}/dump; "
                  f"unsetopt automenu listbeep promptsp; . {home}/kist.zsh; PROMPT={SPLIT_MARK}")
    yield shell
    shell.close()


def fish(filled, home, line):
    """What fish offers for @line: it has a command for that."""
    needs("fish")
    script = f"source {home}/kist.fish; cd {home}/files; complete -C {kist_quote(line)}"
    env = {**environment(filled, home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_DATA_HOME": str(home / "data")}
    done = subprocess.run(["fish", "--no-config", "-c", script], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False, timeout=60 * kist.PATIENCE)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return dict((*row.split("\t"), "")[:2] for row in done.stdout.splitlines())


def kist_quote(text):
    return "'" + text.replace("'", "\\'") + "'"


def test_bash_completes_commands_options_and_names(bash):
    assert "kist inspect " in bash.show("kist insp\t")
    assert "--interactive" in bash.show("kist run --inter\t")
    assert "kist exec runner " in bash.show("kist exec r\t")
    assert "kist rm -f sleeper " in bash.show("kist rm -f sl\t")
    assert "kist container inspect " in bash.show("kist contai\tins\t")


def test_bash_offers_containers_by_their_state(bash):
    offered = bash.show("kist start \t")
    assert "sleeper" in offered and "runner" not in offered
    offered = bash.show("kist rm \t\t")
    assert "sleeper" in offered and "runner" in offered


def test_bash_completes_behind_equals_signs_and_colons(bash):
    assert "kist run --network=host " in bash.show("kist run --network=ho\t")
    assert "kist run registry.example:5000/team/app:v1 " in bash.show("kist run registry.example:50\t")
    assert "kist --root=folder" in bash.show("kist --root=fo\t")


def test_bash_completes_files_where_files_belong(bash):
    assert "kist load -i archive.tar " in bash.show("kist load -i arch\t")
    assert "archive.tar" not in bash.show("kist rm arch\t")


def test_zsh_completes_commands_options_and_names(zsh):
    assert "kist inspect " in zsh.show("kist insp\t")
    assert "--interactive " in zsh.show("kist run --inter\t")
    assert "kist exec runner " in zsh.show("kist exec r\t")
    assert "kist run --network=host" in zsh.show("kist run --network=ho\t")
    assert "kist load -i archive.tar" in zsh.show("kist load -i arch\t")
    assert "registry.example" in zsh.show("kist rmi reg\t")


def test_zsh_describes_what_it_offers(zsh):
    offered = zsh.show("kist rm\t\t")
    assert "Remove one or more containers" in offered and "Remove one or more images" in offered


def test_fish_completes_commands_options_and_names(filled, home):
    assert fish(filled, home, "kist insp")["inspect"].startswith("Return low-level")
    assert "--interactive" in fish(filled, home, "kist run --inter")
    assert set(fish(filled, home, "kist exec ")) == {"runner"}
    assert "sleeper" in fish(filled, home, "kist rm ")
    assert "--network=host" in fish(filled, home, "kist run --network=ho")
    assert "registry.example:5000/team/app:v1" in fish(filled, home, "kist rmi reg")
    assert "archive.tar" in fish(filled, home, "kist load -i ")


def test_every_table_answers_for_every_command(engine):
    """No place of any command makes the completer fail, and every option is offered."""
    description = engine.out("__describe").splitlines()
    rows = [line.split("\t") for line in description]
    for path in sorted({row[1] for row in rows if row[0] == "command"}):
        offered = {line.split("\t")[0] for line in engine.out("__complete", *path.split(), "--").splitlines()}
        options = {f"--{row[3]}" for row in rows if row[0] == "option" and row[1] == path}
        assert options <= offered, path
        for option in options:
            answer = engine.out("__complete", *path.split(), option, "").splitlines()
            assert answer[-1] in (":none", ":files", ":dirs", ":stay"), (path, option)


def test_a_name_that_would_speak_to_the_terminal_is_no_candidate(bare_engine):
    # An engine folder is the caller's, but its names come from images and registries too.
    done = bare_engine.kist("__complete", "--root", "/no/such\nplace", "rm", "", status=0)
    assert done.stdout == ":none\n"
