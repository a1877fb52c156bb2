"""kist cp: every meaning that Docker gives to the two paths, both directions, running and stopped."""

import io
import os
import stat
import tarfile

import kist
import pytest


@pytest.fixture(params=["running", "stopped", "created"])
def box(engine, request):
    if request.param == "created":
        engine.kist("create", "--name", "box", "busybox", "sleep", "100")
    else:
        engine.kist("run", "-d", "--name", "box", "busybox", "sh", "-c",
                    "mkdir -p /data/sub /empty; echo one > /data/file; echo two > /data/sub/deep; ln -s /data /link;"
                    "ln -s data/file /tofile; ln -s nowhere /dangling; sleep 100")
        kist.wait_until(lambda: engine.kist("exec", "box", "test", "-L", "/dangling", status=None).returncode == 0)
    if request.param == "stopped":
        engine.kist("stop", "-t", "0", "box")
    return request.param


def tree(top):
    found = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, top)] = None if os.path.isdir(path) else open(path, encoding="utf-8").read()
    return found


DATA = {"file": "one\n", "sub": None, "sub/deep": "two\n"}


def under(name, what):
    return {name: None, **{f"{name}/{k}": v for k, v in what.items()}}


# source, destination (made before: "dir", "file" or nothing), what is below the destination's parent after
OUT = [
    ("/data", "new", None, under("new", DATA)),
    ("/data", "old", "dir", under("old", under("data", DATA))),
    ("/data/", "old", "dir", under("old", under("data", DATA))),
    ("/data/.", "old", "dir", under("old", DATA)),
    ("/data/.", "new", None, under("new", DATA)),
    ("/data/file", "new", None, {"new": "one\n"}),
    ("/data/file", "old", "dir", under("old", {"file": "one\n"})),
    ("/data/file", "old", "file", {"old": "one\n"}),
    ("data/../data/file", "new", None, {"new": "one\n"}),
    ("/link/file", "new", None, {"new": "one\n"}),
    ("/link/", "old", "dir", under("old", under("link", DATA))),
]


@pytest.mark.parametrize("source, target, before, after", OUT)
def test_out(engine, tmp_path, source, target, before, after):
    test_out.box = box
    engine.kist("run", "--name", "box", "busybox", "sh", "-c",
                "mkdir -p /data/sub; echo one > /data/file; echo two > /data/sub/deep; ln -s /data /link")
    if before == "dir":
        (tmp_path / target).mkdir()
    elif before:
        (tmp_path / target).write_text("old")
    engine.kist("cp", f"box:{source}", tmp_path / target)
    assert tree(tmp_path) == after


def test_out_of_every_state(engine, box, tmp_path):
    engine.kist("cp", "box:/etc/passwd", tmp_path / "passwd")
    assert (tmp_path / "passwd").read_text().startswith("root:x:0:0:")
    if box == "created":
        return
    engine.kist("cp", "box:/tofile", tmp_path / "asis")
    assert os.readlink(tmp_path / "asis") == "data/file"
    engine.kist("cp", "-L", "box:/tofile", tmp_path / "followed")
    assert (tmp_path / "followed").read_text() == "one\n"
    engine.kist("cp", "-L", "box:/link", tmp_path / "folder")
    assert tree(tmp_path / "folder") == DATA
    assert "Could not find the file" in engine.kist("cp", "-L", "box:/dangling", tmp_path / "x", status=1).stderr
    archive = engine.kist("cp", "box:/data", "-", text=False).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert [entry.name for entry in tar] == ["data", "data/file", "data/sub", "data/sub/deep"]
    archive = engine.kist("cp", "box:/data/.", "-", text=False).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert tar.getnames() == [".", "./file", "./sub", "./sub/deep"]


IN = [
    ("src", "/new", "/new/a"),
    ("src", "/tmp", "/tmp/src/a"),
    ("src/.", "/tmp", "/tmp/a"),
    ("src/.", "/new", "/new/a"),
    ("src/a", "/tmp", "/tmp/a"),
    ("src/a", "/tmp/b", "/tmp/b"),
    ("src/a", "/etc/group", "/etc/group"),
    ("src/a", "/sbin/x", "/bin/x"),
]


def test_in_to_every_state(engine, box, tmp_path):
    (tmp_path / "src").mkdir()
    for number, (source, target, result) in enumerate(IN):
        (tmp_path / "src" / "a").write_text(f"{number}\n")
        engine.kist("cp", f"{tmp_path}/{source}", f"box:{target}")
        if source == "src/." and target == "/new":
            continue
        engine.kist("cp", f"box:{result}", tmp_path / "back")
        assert (tmp_path / "back").read_text() == f"{number}\n", (source, target)
    if box != "created":
        (tmp_path / "src" / "a").write_text("through\n")
        engine.kist("cp", tmp_path / "src" / "a", "box:/dangling")
        engine.kist("cp", "box:/nowhere", tmp_path / "back")
        assert (tmp_path / "back").read_text() == "through\n"


@pytest.mark.parametrize("arguments, why", [
    (["box:/no", "{}/x"], "Could not find the file /no in container box"),
    (["box:/etc", "{}/no/such"], "directory \"{}/no\" does not exist"),
    (["box:/etc", "{}/file"], "cannot copy directory"),
    (["box:/etc/passwd", "{}/no/"], "no such directory"),
    (["{}/no", "box:/"], "No such file or directory"),
    (["{}/file", "box:/no/such"], "Could not find the file /no in container box"),
    (["{}/file", "box:/tmp/no/"], "no such directory"),
    (["{}", "box:/etc/passwd"], "cannot copy directory"),
    (["{}/file", "{}/x"], "must specify at least one container source"),
    (["box:/a", "box:/b"], "copying between containers is not supported"),
    (["box:", "{}"], "source can not be empty"),
    (["-", "box:/etc/passwd"], "must be a directory"),
    (["box:/proc/1/root/etc/passwd", "{}/x"], "Could not find the file"),
])
def test_what_cannot_be_is_refused_in_dockers_words(engine, tmp_path, arguments, why):
    (tmp_path / "file").write_text("x")
    engine.kist("run", "-d", "--name", "box", "busybox", "sleep", "100")
    done = engine.kist("cp", *[argument.format(tmp_path) for argument in arguments], status=1)
    assert why.format(tmp_path) in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["file"]


def test_a_stream_goes_in_owners_and_all_and_a_files_takes_a_folders_place_only_if_asked(engine):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, kind, extra in [("d", tarfile.DIRTYPE, {"mode": 0o711}), ("d/f", tarfile.REGTYPE, {"uid": 5, "gid": 6, "mode": 0o4755}),
                                  ("d/l", tarfile.SYMTYPE, {"linkname": "f"}), ("d/h", tarfile.LNKTYPE, {"linkname": "d/f"}),
                                  (".wh.f", tarfile.REGTYPE, {})]:
            info = tarfile.TarInfo(name)
            info.type, info.mtime = kind, 1000000000
            for key, value in extra.items():
                setattr(info, key, value)
            tar.addfile(info)
    engine.kist("run", "-d", "--name", "box", "-u", "nobody", "busybox", "sleep", "100")
    engine.kist("cp", "-", "box:/tmp", input=out.getvalue(), text=False, stdin=None)
    shown = engine.out("exec", "-u", "0", "box", "stat", "-c", "%n %a %u %g %h %Y", "/tmp/d", "/tmp/d/f", "/tmp/.wh.f")
    assert shown.splitlines() == ["/tmp/d 711 0 0 2 1000000000", "/tmp/d/f 4755 5 6 2 1000000000",
                                  "/tmp/.wh.f 644 0 0 1 1000000000"]
    engine.kist("cp", "-a", "-", "box:/tmp", input=out.getvalue(), text=False, stdin=None)
    assert engine.out("exec", "-u", "0", "box", "stat", "-c", "%u %g", "/tmp/d/f") == "65534 65534"
    with tarfile.open(fileobj=io.BytesIO(), mode="w") as tar:
        tar.addfile(tarfile.TarInfo("d"))
        done = engine.kist("cp", "-", "box:/tmp", input=tar.fileobj.getvalue() + b"\0" * 1024, text=False,
                           stdin=None, status=1)
    assert b"cannot overwrite directory" in done.stderr


def test_volumes_and_tmpfs_are_seen_and_what_is_read_only_stays_so(engine, tmp_path):
    (tmp_path / "host").mkdir()
    (tmp_path / "f").write_text("x")
    engine.kist("create", "--name", "box", "-v", "vol:/data", "-v", f"{tmp_path}/host:/host:ro", "--tmpfs", "/scratch",
                "--read-only", "busybox", "sleep", "100")
    engine.kist("cp", tmp_path / "f", "box:/data/before")
    engine.kist("start", "box")
    assert engine.out("exec", "box", "ls", "/data") == "before"
    engine.kist("cp", tmp_path / "f", "box:/data/while")
    engine.kist("cp", tmp_path / "f", "box:/scratch/g")
    assert engine.out("exec", "box", "ls", "/scratch", "/data") == "/data:\nbefore\nwhile\n\n/scratch:\ng"
    assert "mounted volume is marked read-only" in engine.kist("cp", tmp_path / "f", "box:/host/", status=1).stderr
    assert "container rootfs is marked read-only" in engine.kist("cp", tmp_path / "f", "box:/etc/", status=1).stderr
    engine.kist("stop", "-t", "0", "box")
    assert "container rootfs is marked read-only" in engine.kist("cp", tmp_path / "f", "box:/etc/", status=1).stderr
    engine.kist("cp", "box:/data/while", tmp_path / "back")
    assert (tmp_path / "back").read_text() == "x"


def test_modes_links_holes_and_deep_trees_survive_the_way(engine, tmp_path):
    top = tmp_path / "top"
    deep = top / "/".join(["d" * 100] * 30)
    deep.mkdir(parents=True)
    (deep / "end").write_text("here")
    (top / "mode").write_text("x")
    (top / "mode").chmod(0o640)
    os.link(top / "mode", top / "again")
    os.symlink("/etc/passwd", top / "absolute")
    os.mkfifo(top / "fifo")
    with open(top / "big", "wb") as big:
        big.truncate(3 << 20)
        big.seek(1 << 20)
        big.write(b"middle")
    engine.kist("run", "-d", "--name", "box", "busybox", "sleep", "100")
    engine.kist("cp", top, "box:/in")
    engine.kist("cp", "box:/in", tmp_path / "out")
    out = tmp_path / "out"
    assert (out / deep.relative_to(top) / "end").read_text() == "here"
    assert stat.S_IMODE((out / "mode").stat().st_mode) == 0o640 and (out / "mode").stat().st_nlink == 2
    assert os.readlink(out / "absolute") == "/etc/passwd" and stat.S_ISFIFO((out / "fifo").stat().st_mode)
    assert (out / "big").read_bytes() == (top / "big").read_bytes()


def test_nothing_stays_when_it_is_killed_in_the_middle(engine, tmp_path):
    engine.kist("create", "--name", "box", "busybox", "sleep", "100")
    with open(tmp_path / "big", "wb") as big:
        big.truncate(1 << 30)
    for _ in range(3):
        copy = engine.start("cp", tmp_path / "big", "box:/big")
        kist.wait_until(lambda: any((engine.root / "containers").glob("*/diff/big")), what="the copy")
        kist.kill_and_reap(copy)
        assert engine.out("start", "box") == "box"  # its lock is gone
        engine.kist("rm", "-f", "box")
        engine.kist("create", "--name", "box", "busybox", "sleep", "100")
