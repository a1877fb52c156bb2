"""Completion as the shells do it: the script that is installed, a real shell, the tabulator key."""

import os
import re
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
    bash.sees("kist insp\t", "kist inspect ")
    bash.sees("kist run --inter\t", "--interactive")
    bash.sees("kist exec r\t", "kist exec runner ")
    bash.sees("kist rm -f sl\t", "kist rm -f sleeper ")
    bash.sees("kist contai\tins\t", "kist container inspect ")


def test_bash_offers_containers_by_their_state(bash):
    assert "runner" not in bash.sees("kist start \t", "sleeper")
    bash.sees("kist rm \t\t", "sleeper", "runner")


def test_bash_completes_behind_equals_signs_and_colons(bash):
    bash.sees("kist run --network=ho\t", "kist run --network=host ")
    bash.sees("kist run registry.example:50\t", "kist run registry.example:5000/team/app:v1 ")
    bash.sees("kist --root=fo\t", "kist --root=folder")


def test_bash_completes_files_where_files_belong(bash):
    bash.sees("kist load -i arch\t", "kist load -i archive.tar ")
    # Nothing to wait for: the next answer comes behind it.
    assert "archive.tar" not in bash.sees("kist rm arch\t\x15kist insp\t", "kist inspect ")


def path_in_a_container(shell):
    # What is typed behind the name shows that there is no space.
    shell.sees("kist cp runn\t/etc", "kist cp runner:/etc")
    shell.sees("kist cp runner:/etc arch\t", "kist cp runner:/etc archive.tar")


def test_bash_begins_a_path_in_a_container_with_its_name(bash):
    path_in_a_container(bash)


def test_zsh_begins_a_path_in_a_container_with_its_name(zsh):
    path_in_a_container(zsh)


def test_zsh_completes_commands_options_and_names(zsh):
    zsh.sees("kist insp\t", "kist inspect ")
    zsh.sees("kist run --inter\t", "--interactive ")
    zsh.sees("kist exec r\t", "kist exec runner ")
    zsh.sees("kist run --network=ho\t", "kist run --network=host")
    zsh.sees("kist load -i arch\t", "kist load -i archive.tar")
    zsh.sees("kist rmi reg\t", "registry.example")


def test_zsh_describes_what_it_offers(zsh):
    zsh.sees("kist rm\t\t", "Remove one or more containers", "Remove one or more images")


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


def test_every_value_that_is_known_is_an_options(engine):
    """A row of the completer's table that no option has any more is stale."""
    if not (kist.TOP / "src").exists():
        pytest.skip("the sources are not here")
    source = (kist.TOP / "src" / "cmd" / "kist" / "complete.c").read_text()
    table = re.search(r"} known\[\] = {(.*?)\n};", source, re.S).group(1)
    known = set(re.findall(r'{(?:NULL|"[a-z]+"),\s*"([a-z-]+)",', table))
    assert len(known) > 20
    options = {line.split("\t")[3] for line in engine.out("__describe").splitlines() if line.startswith("option\t")}
    assert known - options == set()


def test_a_name_that_would_speak_to_the_terminal_is_no_candidate(bare_engine):
    # An engine folder is the caller's, but its names come from images and registries too.
    done = bare_engine.kist("__complete", "--root", "/no/such\nplace", "rm", "", status=0)
    assert done.stdout == ":none\n"
