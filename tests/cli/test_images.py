"""pull, load and import as commands: words, streams, statuses."""

import json
import subprocess

import kist
import pytest
import registry as reg


@pytest.fixture
def registry(tmp_path):
    with reg.Registry(tmp_path) as running:
        yield running


def test_a_pull_tells_what_it_did(bare_engine, registry):
    name = registry.push(reg.busybox_image(), "web:1")
    done = bare_engine.kist("pull", name)
    lines = done.stdout.splitlines()
    assert lines[0] == "1: Pulling from web"
    assert any(line.endswith(": Pull complete") for line in lines)
    assert "\x1b" not in done.stdout and "\r" not in done.stdout
    digest, status, full = lines[-3:]
    assert digest.startswith("Digest: sha256:")
    assert status == f"Status: Downloaded newer image for {name}"
    assert full == name
    again = bare_engine.out("pull", name).splitlines()
    assert again[-2] == f"Status: Image is up to date for {name}"
    assert bare_engine.out("pull", "-q", name) == name
    assert bare_engine.out("images", "--format", "{{.Repository}}:{{.Tag}}") == name
    assert bare_engine.out("inspect", "-f", "{{json .RepoDigests}}", name) == json.dumps(
        [f"{name.rpartition(':')[0]}@{digest[8:]}"])


def test_run_pulls_what_is_missing_and_talks_on_stderr(bare_engine, registry):
    name = registry.push(reg.busybox_image(), "tool:1")
    done = bare_engine.kist("run", "--rm", "--network", "none", name, "echo", "hello")
    assert done.stdout == "hello\n"
    assert done.stderr.startswith(f"Unable to find image '{name}' locally\n")
    assert bare_engine.kist("run", "--rm", "--network", "none", name, "echo", "again").stderr == ""


def test_a_pull_that_fails_says_why_and_leaves_nothing(bare_engine, registry):
    port = kist.free_port()
    for name in (f"127.0.0.1:{registry.port}/nope:1", f"127.0.0.1:{port}/x:1", "UPPER", "a b", ""):
        done = bare_engine.kist("pull", name, status=1)
        assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1, done.stderr
    assert bare_engine.out("images", "-q") == ""


def test_an_import_takes_changes_and_stdin(bare_engine):
    tar = kist.busybox_tar()
    ident = bare_engine.kist("import", "-c", 'CMD ["echo", "made"]', "-c", "ENV A=b", "-c", "LABEL k=v", "-", "mine:1",
                             input=tar, text=False).stdout.decode().strip()
    assert ident == bare_engine.out("images", "-q", "--no-trunc")
    assert bare_engine.out("run", "--rm", "--network", "none", "mine:1") == "made"
    assert bare_engine.out("inspect", "-f", "{{.Config.Env}}{{.Config.Labels}}", "mine:1") == "[A=b]map[k:v]"


def test_an_import_that_cannot_be_says_why(bare_engine, tmp_path):
    (tmp_path / "junk").write_bytes(b"this is no tar" * 100)
    for words, reason in ((["/does/not/exist"], "No such file"), ([tmp_path / "junk"], ""),
                          (["http://example.com/x.tar"], "files only"), ([kist.busybox_file(), "BAD NAME"], "reference"),
                          (["-c", "RUN make", kist.busybox_file()], "RUN")):
        done = bare_engine.kist("import", *words, status=1)
        assert done.stdout == "" and done.stderr.startswith("Error: ") and reason in done.stderr, done.stderr
    assert bare_engine.out("images", "-q") == ""


def test_load_reads_archives(bare_engine, registry, tmp_path):
    name = registry.push(reg.busybox_image(), "saved:1")
    archive = tmp_path / "image.tar"
    subprocess.run(["skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{name}",
                    f"docker-archive:{archive}:saved:1"], check=True)
    assert bare_engine.out("load", "-i", archive) == "Loaded image: saved:1"
    assert bare_engine.out("run", "--rm", "--network", "none", "saved:1", "echo", "ok") == "ok"
    assert "No such file" in bare_engine.kist("load", "-i", tmp_path / "nope", status=1).stderr
    assert bare_engine.kist("load", status=1).stderr.startswith("Error: ")
