"""Words on the command line: what is understood, what is refused, on which stream, with which status."""

import os
import subprocess

import kist
import pytest


def test_help_is_a_result(bare_engine):
    done = bare_engine.kist()
    assert done.stderr == ""
    for word in ("run", "ps", "images", "pull", "logs", "inspect", "container", "--root"):
        assert word in done.stdout
    assert "cleanup" not in done.stdout
    assert bare_engine.out("--help") == bare_engine.out("help") == bare_engine.out()


@pytest.mark.parametrize("command", ["ps", "images", "run", "image ls", "container rm", "logs", "inspect"])
def test_every_verb_explains_itself(bare_engine, command):
    done = bare_engine.kist(*command.split(), "--help")
    assert done.stdout.startswith(f"Usage:  kist {command}")
    assert done.stderr == ""


def test_an_unknown_command_names_the_nearest(bare_engine):
    done = bare_engine.kist("rnu", status=1)
    assert done.stdout == ""
    assert done.stderr == "kist: 'rnu' is not a kist command. Did you mean 'run'? See 'kist --help'\n"
    assert "Did you mean" not in bare_engine.kist("zzzzzzzz", status=1).stderr
    assert "'kist image --help'" in bare_engine.kist("image", "sl", status=1).stderr


@pytest.mark.parametrize("words", [["--nope"], ["ps", "--nope"], ["ps", "-n"], ["ps", "-n", "x"], ["ps", "--all=maybe"],
                                   ["ps", "-f", "nonsense"], ["ps", "-f", "nope=1"], ["ps", "-f", "status=odd"]])
def test_a_wrong_option_is_misuse(bare_engine, words):
    done = bare_engine.kist(*words, status=125)
    assert done.stdout == "" and done.stderr


@pytest.mark.parametrize("words", ["run", "exec x", "rm", "inspect", "logs a b", "ps a", "rmi", "tag x", "import", "pull"])
def test_too_few_or_too_many_operands_fail(bare_engine, words):
    done = bare_engine.kist(*words.split(), status=1)
    assert done.stdout == "" and f"'kist {words.split()[0]}' " in done.stderr and "argument" in done.stderr


def test_both_spellings_give_the_same(bare_engine):
    for flat, grouped in (("ps -a", "container ls -a"), ("images", "image ls"), ("images", "image list"),
                          ("info", "system info")):
        assert bare_engine.out(*flat.split()) == bare_engine.out(*grouped.split())


def test_the_version_is_told_in_all_forms(bare_engine):
    version = bare_engine.out("version", "--format", "{{.Client.Version}}")
    assert bare_engine.out("-v") == bare_engine.out("--version") == f"kist version {version}"
    assert bare_engine.out("version", "-f", "{{.Server.Version}}") == version
    assert f"Version:   {version}" in bare_engine.out("version")


def test_info_counts(engine):
    engine.kist("create", "--name", "one", "busybox", "true")
    assert engine.out("info", "-f", "{{.Containers}} {{.ContainersRunning}} {{.ContainersStopped}} {{.Images}}") == "1 0 1 1"
    assert engine.out("info", "-f", "{{.DockerRootDir}}") == str(engine.root)


def test_a_full_disk_under_the_output_is_an_error(bare_engine):
    with open("/dev/full", "w") as full:
        done = subprocess.run(bare_engine.command("images"), stdout=full, stderr=subprocess.PIPE, text=True,
                              env=bare_engine.env, check=False)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr


def test_help_opens_nothing(tmp_path):
    env = {**os.environ, "KIST_ROOT": str(tmp_path / "root"), "KIST_RUNROOT": str(tmp_path / "run")}
    for words in ([], ["--help"], ["run", "--help"], ["rnu"], ["-v"], ["version"]):
        subprocess.run([kist.program("kist"), *words], env=env, capture_output=True, check=False)
    assert list(tmp_path.iterdir()) == []
