"""pull, load and import as commands: words, streams, statuses."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios

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


def on_terminal(engine, *words, columns=80, rows=24):
    """What kist writes to a terminal of that size."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(engine.command(*words), stdin=subprocess.DEVNULL, stdout=follower, stderr=follower,
                               env=engine.env)
    os.close(follower)
    text = b""
    try:
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            text += piece
    finally:
        os.close(leader)
        process.wait()
    return process.returncode, text.decode()


def screen_of(text):
    """The lines that a terminal shows in the end: newline, carriage return, up, down, erase."""
    lines, row, column = [""], 0, 0
    for match in re.finditer(r"\x1b\[(\d*)([A-Z])|(\r)|(\n)|([^\x1b\r\n]+)", text):
        count, code, back, newline, piece = match.groups()
        if code == "A":
            row = max(0, row - int(count or 1))
        elif code == "B":
            row += int(count or 1)
        elif code == "K":
            lines[row] = ""
        elif back:
            column = 0
        elif newline:
            row += 1
        else:
            lines += [""] * (row + 1 - len(lines))
            lines[row] = lines[row][:column].ljust(column) + piece + lines[row][column + len(piece):]
            column += len(piece)
        lines += [""] * (row + 1 - len(lines))
    return lines


def test_on_a_terminal_lines_are_drawn_again(bare_engine, registry):
    layers = [{f"file{i}": os.urandom(200000)} for i in range(5)]
    name = registry.push(reg.busybox_image(layers), "many:1")
    status, text = on_terminal(bare_engine, "pull", name)
    assert status == 0
    assert "\x1b[" in text and "Pulling fs layer" in text
    lines = [line.rstrip() for line in screen_of(text)]
    assert lines[0] == "1: Pulling from many"
    done = [line for line in lines if line.endswith(": Pull complete")]
    assert len(done) == 6 and len(set(done)) == 6
    assert lines[1:7] == done
    assert lines[7].startswith("Digest: sha256:")
    assert not any(word in line for word in ("Pulling fs", "Downloading", "Extracting") for line in lines)
