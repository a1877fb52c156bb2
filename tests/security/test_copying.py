"""Class CP: copying out of and into containers that change what is copied while it is copied.

The control of each attack is the naive code that it is about, run on the same container: opening below
/proc/<pid>/root, where an absolute link leads to the machine's files, or unpacking with Python's tarfile.
"""

import io
import os
import stat
import tarfile
import threading

import kist
import pytest

SECRET = "the machine's own\n"


@pytest.fixture
def outside(tmp_path):
    """A folder of the machine's that no container may read or change."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text(SECRET)
    (folder / "secret").chmod(0o600)
    before = {p.name: (p.read_text(), p.stat().st_mode, p.stat().st_uid) for p in folder.iterdir()}
    yield folder
    assert {p.name: (p.read_text(), p.stat().st_mode, p.stat().st_uid) for p in folder.iterdir()} == before


def start(engine, script, *args):
    engine.kist("run", "-d", "--name", "box", *args, "busybox", "sh", "-c", f"{script}; touch /ready; exec sleep 1000")
    kist.wait_until(lambda: engine.kist("exec", "box", "test", "-e", "/ready", status=None).returncode == 0)
    return engine.inspect("box")["State"]["Pid"]


def test_a_link_that_leads_out_leads_nowhere(engine, outside, tmp_path):
    pid = start(engine, f"ln -s {outside} /x; ln -s {outside}/secret /file; mkdir /d; ln -s ../../../../../../..{outside} /d/up")
    with open(f"/proc/{pid}/root/x/secret", encoding="ascii") as naive:
        assert naive.read() == SECRET  # the control: this is an attack
    for source in ("/x/secret", "/x/", "/x/.", "/d/up/secret"):
        assert "Could not find the file" in engine.kist("cp", f"box:{source}", tmp_path / "out", status=1).stderr
    for source in ("/file", "/x"):
        assert "Could not find the file" in engine.kist("cp", "-L", f"box:{source}", tmp_path / "out", status=1).stderr
    (tmp_path / "mine").write_text("mine")
    for target in ("/x/", "/x/secret", "/d/up/new"):
        engine.kist("cp", tmp_path / "mine", f"box:{target}", status=1)
    # The name itself is free in the container: it is made there.
    engine.kist("exec", "box", "mkdir", "-p", str(outside))
    engine.kist("cp", tmp_path / "mine", "box:/x/secret")
    assert engine.out("exec", "box", "cat", f"{outside}/secret") == "mine"


@pytest.mark.parametrize("direction", ["out", "in"])
def test_names_exchanged_while_they_are_copied_lead_nowhere(engine, outside, tmp_path, direction):
    pid = start(engine, f"mkdir -p /a{outside} /real; echo inside > /real/secret; ln -s /real /a/x;"
                f"(while :; do ln -sfn {outside} /a/x; ln -sfn /real /a/x; done) & true")
    naive, done = set(), threading.Event()

    def control():
        while not done.is_set():
            try:
                with open(f"/proc/{pid}/root/a/x/secret", encoding="ascii") as file:
                    naive.add(file.read())
            except OSError:
                pass

    thread = threading.Thread(target=control)
    thread.start()
    (tmp_path / "secret").write_text("mine")
    try:
        for number in range(12):
            if direction == "in":
                engine.kist("cp", tmp_path / "secret", "box:/a/x/", status=None)
                continue
            out = tmp_path / f"out{number}"
            engine.kist("cp", "box:/a/x/secret", out, status=None)
            engine.kist("cp", "box:/a/x/.", tmp_path / f"all{number}", status=None)
            for found in (out, tmp_path / f"all{number}" / "secret"):
                assert not found.exists() or found.read_text() in ("inside\n", "mine")
    finally:
        done.set()
        thread.join()
    assert SECRET in naive  # the control: who goes by name reads it


def hostile(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind, target, data in entries:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, target, len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


EVIL = {
    "dotdot": [("../../../../../../../../../..{}/secret", tarfile.REGTYPE, "", b"evil")],
    "absolute": [("{}/secret", tarfile.REGTYPE, "", b"evil")],
    "link": [("l", tarfile.SYMTYPE, "{}", b""), ("l/secret", tarfile.REGTYPE, "", b"evil")],
    "relative-link": [("l", tarfile.SYMTYPE, "../../../../../../../..{}", b""), ("l/new", tarfile.REGTYPE, "", b"evil")],
    "hard-link": [("h", tarfile.LNKTYPE, "../../../../../../../../../..{}/secret", b""), ("h", tarfile.REGTYPE, "", b"evil")],
    "link-then-folder": [("l", tarfile.SYMTYPE, "{}", b""), ("l", tarfile.DIRTYPE, "", b""),
                         ("l/new", tarfile.REGTYPE, "", b"evil")],
}


@pytest.mark.parametrize("name", EVIL)
@pytest.mark.parametrize("state", ["running", "stopped"])
def test_a_stream_cannot_leave_the_container(engine, outside, name, state):
    archive = hostile([(n.format(outside), kind, target.format(outside), data) for n, kind, target, data in EVIL[name]])
    start(engine, "true")
    if state == "stopped":
        engine.kist("stop", "-t", "0", "box")
    engine.kist("cp", "-", "box:/tmp", input=archive, text=False, stdin=None, status=None)


@pytest.mark.parametrize("name", ["link", "dotdot", "absolute"])
def test_the_streams_are_attacks(tmp_path, name):
    """The control of the one above: who unpacks by name writes outside."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text(SECRET)
    archive = hostile([(n.format(outside), kind, target.format(outside), data) for n, kind, target, data in EVIL[name]])
    (tmp_path / "in").mkdir()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for info in tar:  # as simple unpackers do: names as they are
            path = os.path.join(tmp_path / "in", info.name)
            if info.issym():
                os.symlink(info.linkname, path)
            else:
                with open(os.path.normpath(path) if name == "absolute" else path, "wb") as file:
                    file.write(tar.extractfile(info).read())
    assert (outside / "secret").read_text() == "evil"


def test_what_comes_out_is_a_file_and_nothing_more(engine, outside, tmp_path):
    start(engine, "mkdir /d; cp /bin/busybox /d/suid; chown 1234:1234 /d/suid; chmod 6755 /d/suid; mknod /d/disk b 8 0;"
          f"mknod /d/null c 1 3; ln -s {outside} /d/link; mkfifo /d/fifo")
    done = engine.kist("cp", "box:/d", tmp_path / "d")
    assert "2 device files were left out" in done.stderr
    assert sorted(os.listdir(tmp_path / "d")) == ["fifo", "link", "suid"]
    suid = (tmp_path / "d" / "suid").stat()
    assert stat.S_IMODE(suid.st_mode) == 0o755 and suid.st_uid == os.geteuid()  # the control: it is 6755 in there
    assert engine.out("exec", "box", "stat", "-c", "%a", "/d/suid") == "6755"
    # What is there from before is a link now; a folder of that name does not go through it.
    engine.kist("exec", "box", "sh", "-c", "rm /d/link; mkdir /d/link; echo evil > /d/link/secret")
    assert "cannot overwrite non-directory" in engine.kist("cp", "box:/d", tmp_path, status=1).stderr


def test_links_of_proc_are_none(engine, outside, tmp_path):
    start(engine, "ln -s /proc/self/root /r; ln -s /proc/1/cwd /c; ln -s /proc/self/fd/3 /f", "--privileged", "--pid=host")
    for source in (f"/r{outside}/secret", f"/c{outside}/secret", "/f", "/proc/1/environ", "/proc/kcore"):
        engine.kist("cp", "-L", f"box:{source}", tmp_path / "out", status=1)
    assert not (tmp_path / "out").exists()


def test_what_is_mounted_over_in_the_container_is_the_containers(engine, outside, tmp_path):
    """A container that may mount puts a file system of its own where its volume is."""
    (tmp_path / "host").mkdir()
    start(engine, "mount -t tmpfs none /data && echo own > /data/own", "--privileged", "-v", f"{tmp_path}/host:/data")
    engine.kist("cp", "box:/data/own", tmp_path / "own")
    (tmp_path / "mine").write_text("mine")
    engine.kist("cp", tmp_path / "mine", "box:/data/")
    assert os.listdir(tmp_path / "host") == []
    assert engine.out("exec", "box", "cat", "/data/mine") == "mine"
