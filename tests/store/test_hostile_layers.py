"""What a layer may try, and what becomes of it: it stays inside, or it is refused by name."""

import gzip
import os
import stat
import subprocess

import pytest
from layers import (BLOCK, device, directory, end, entry, fifo, file, gnu_sparse, hardlink, header, layer,
                    padded, pax, symlink)

CANARY = "canary"


@pytest.fixture(autouse=True)
def canary(tmp_path):
    """Beside the store, where most ways out of a layer lead."""
    path = tmp_path / CANARY
    path.write_text("alive")
    os.utime(path, (1, 1))
    before = path.lstat()
    yield path
    after = path.lstat()
    assert path.read_text() == "alive"
    assert (after.st_mode, after.st_uid, after.st_nlink, after.st_mtime) == \
        (before.st_mode, before.st_uid, before.st_nlink, before.st_mtime)
    assert sorted(p.name for p in tmp_path.iterdir()) in (["canary"], ["canary", "root", "run"])


UP = "../" * 12

REFUSED = {
    "name that climbs": (file("../x"), "leads out of the layer"),
    "name that climbs in the middle": (file("a/../../x"), "leads out of the layer"),
    "hard link that climbs": (hardlink("x", UP + "etc/passwd"), "leads out of the layer"),
    "hard link to nothing": (hardlink("x", "nothing"), "not in the layer"),
    "hard link to an absolute name is looked for inside": (hardlink("x", "/etc/passwd"), "not in the layer"),
    "hard link through a symlink": (symlink("s", "/") + hardlink("x", "s/etc/passwd"), "not in the layer"),
    "hard link to itself": (hardlink("x", "x"), "not in the layer"),
    "hard link to a directory": (directory("d") + hardlink("x", "d"), "d"),
    "root that is a symlink": (symlink(".", "/etc"), "stands for the root"),
    "root that is a file": (file("./"[:1]), "stands for the root"),
    "empty name": (file(""), "stands for the root"),
    "file below a file": (file("a") + file("a/b"), "no directory"),
    "component of 256 bytes": (file("a" * 256), "255"),
    "name of 5000 bytes": (file("/".join(["b" * 200] * 25)), "4095"),
    "600 levels": (file("/".join(["d"] * 600)), "512"),
    "name of 65 KiB": (file("/".join(["b" * 100] * 650)), "4095"),
    "whiteout of nothing": (file(".wh."), "whiteout of no name"),
    "whiteout of the directory": (file("a/.wh.."), "whiteout of no name"),
    "whiteout of the parent": (file("a/.wh..."), "whiteout of no name"),
    "symlink to nothing": (symlink("s", ""), "symbolic link to nothing"),
    "trusted attribute": (pax([("SCHILY.xattr.trusted.overlay.redirect", "/x")]) + directory("d"), "attribute"),
    "overlay's attribute for users": (pax([("SCHILY.xattr.user.overlay.opaque", "y")]) + directory("d"),
                                      "attribute"),
    "system attribute": (pax([("SCHILY.xattr.system.posix_acl_access", "x")]) + file("f"), "attribute"),
    "attribute with a long name": (pax([("SCHILY.xattr.user." + "n" * 300, "x")]) + file("f"), "attribute"),
    "attribute of a symlink": (pax([("SCHILY.xattr.user.a", "x")]) + symlink("s", "t"), "attribute"),
    "attribute of 100 KiB": (pax([("SCHILY.xattr.user.a", "x" * 100_000)]) + file("f"), "attribute"),
    "300 attributes": (pax([(f"SCHILY.xattr.user.a{i}", "x") for i in range(300)]) + file("f"), "too many"),
    "NUL in a pax name": (pax([("path", b"a\0b")]) + file("f"), "NUL"),
    "pax header of 2 MiB": (pax([("comment", "c" * (2 << 20))]) + file("f"), "1 MiB"),
    "pax header that claims 8 GiB": (header(b"x", b"x", 8 << 30), "1 MiB"),
    "long name that claims 8 GiB": (header(b"x", b"L", 8 << 30), "1 MiB"),
    "pax record that lies": (header(b"x", b"x", 10) + padded(b"99 path=a\n"), "damaged"),
    "wrong checksum": (header(b"f", checksum=1), "checksum"),
    "negative size": (header(b"f", size=-1), "size is out of range"),
    "owner beyond 32 bits": (header(b"f", uid=1 << 40), "owner is out of range"),
    "unknown kind": (header(b"f", b"V"), "type that we do not know"),
    "header behind the end": (file("a") + b"\0" * BLOCK + file("b"), "behind the end"),
    "holes that overlap": (gnu_sparse("s", 100, [(50, b"a" * 20), (40, b"b" * 20)]), "holes"),
    "holes beyond the file": (gnu_sparse("s", 10, [(100, b"a" * 20)]), "holes"),
    "sparse map of ten million": (
        pax([("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "s"),
             ("GNU.sparse.realsize", "100")]) + file("s", padded(b"10000000\n0\n1\n")), "too many holes"),
    "sparse map without end": (
        pax([("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "100")])
        + file("s", padded(b"3\n0\n1\n")), "holes"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_is_refused_by_name_and_leaves_nothing(store, what):
    parts, why = REFUSED[what]
    said = store.refuse_layer(layer(parts))
    assert why in said, said


def test_absolute_names_stay_inside(store, tmp_path):
    at = store.load_layer(layer(file("/etc/x", b"1"), file(f"/../..{tmp_path}/y", b"2")))
    assert (at / "etc/x").read_bytes() == b"1"
    assert (at / str(tmp_path)[1:] / "y").read_bytes() == b"2"


def test_symlinks_of_the_layer_are_followed_inside_only(store, canary):
    parts = []
    for i, to in enumerate([UP, "/", str(canary.parent), UP + str(canary.parent)[1:]]):
        parts += [symlink(f"s{i}", to), file(f"s{i}/new{i}", b"new")]
    parts += [symlink("abs", str(canary)), file("abs", b"replaced")]
    inside = str(canary.parent)[1:]
    at = store.load_layer(layer(directory(inside), *parts))
    assert (at / "new0").read_bytes() == b"new"
    assert (at / "new1").read_bytes() == b"new"
    assert (at / inside / "new2").read_bytes() == b"new"
    assert (at / inside / "new3").read_bytes() == b"new"
    assert (at / "abs").is_file() and not (at / "abs").is_symlink()


def test_metadata_never_goes_through_a_symlink(store, canary):
    parts = [symlink("s", str(canary)), entry("s", b"2", link=str(canary), mode=0o4777, uid=5, mtime=77)]
    at = store.load_layer(layer(*parts))
    st = (at / "s").lstat()
    assert stat.S_ISLNK(st.st_mode) and st.st_uid == 5 and st.st_mtime == 77


def test_the_last_of_a_name_counts_whatever_it_was(store):
    kinds = [file("x", b"file"), directory("x") + file("x/deep/er", b"1"), symlink("x", "y"), fifo("x"),
             device("x"), file("x", b"last")]
    for first in kinds:
        for second in kinds:
            at = store.load_layer(layer(first, second))
            alone = store.load_layer(layer(second), "alone")
            assert stat.S_IFMT((at / "x").lstat().st_mode) == stat.S_IFMT((alone / "x").lstat().st_mode)


def test_a_symlink_that_turns_into_a_parent_does_not_lead_out(store, canary):
    parts = [directory("d"), file("d/a"), symlink("d", str(canary.parent)), file("d/canary", b"dead")]
    at = store.load_layer(layer(directory(str(canary.parent)[1:]), *parts))
    assert (at / str(canary.parent)[1:] / "canary").read_bytes() == b"dead"


def test_whiteouts_become_what_overlayfs_understands(store):
    at = store.load_layer(layer(
        directory("d"), file("d/.wh.gone"), file("o/.wh..wh..opq"), file(".wh..wh.plnk"),
        file("kept"), file(".wh.kept"), directory("both"), file(".wh.both"),
        file(".wh.later"), directory("later"), file(".wh.file"), file("file", b"new")))
    gone = (at / "d/gone").lstat()
    assert stat.S_ISCHR(gone.st_mode) and gone.st_rdev == 0
    assert os.getxattr(at / "o", "trusted.overlay.opaque") == b"y"
    assert (at / "kept").is_file() and (at / "file").read_bytes() == b"new"
    assert os.getxattr(at / "both", "trusted.overlay.opaque") == b"y"
    assert os.getxattr(at / "later", "trusted.overlay.opaque") == b"y"
    assert not list(at.rglob(".wh.*"))


def test_a_hundred_thousand_whiteouts_take_seconds(store):
    parts = b"".join(header(b"d/.wh..wh..opq") for _ in range(50_000))
    parts += b"".join(header(b"d/.wh.%d" % i) for i in range(50_000))
    at = store.load_layer(gzip.compress(parts + end(), 1))
    assert len(list((at / "d").iterdir())) == 50_000


def test_owners_modes_times_attributes_and_nodes_are_kept(store):
    at = store.load_layer(layer(
        directory("d", mode=0o2750, uid=7, gid=8, mtime=123),
        pax([("mtime", "1000000000.123456789"), ("uid", "3000000000"), ("SCHILY.xattr.user.k", b"v\0w"),
             ("SCHILY.xattr.security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))])
        + file("d/su", b"s", mode=0o4755), hardlink("d/again", "d/su"), fifo("d/f"),
        device("d/c", b"3", 4, 300), device("d/b", b"4", 259, 70000),
        file("d/old", mtime=-5), symlink("d/l", "/any/where")))
    st = (at / "d").lstat()
    assert (stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid, st.st_mtime) == (0o2750, 7, 8, 123)
    st = (at / "d/su").lstat()
    assert (stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid, st.st_nlink) == (0o4755, 3_000_000_000, 0, 2)
    assert st.st_mtime_ns == 1_000_000_000_123_456_789
    assert os.getxattr(at / "d/su", "user.k") == b"v\0w"
    assert os.getxattr(at / "d/su", "security.capability")[:4] == bytes.fromhex("01000002")
    assert (at / "d/c").lstat().st_rdev == os.makedev(4, 300)
    assert (at / "d/b").lstat().st_rdev == os.makedev(259, 70000)
    assert (at / "d/old").lstat().st_mtime == -5
    assert os.readlink(at / "d/l") == "/any/where"


@pytest.mark.parametrize("count", [1, 4, 5, 26, 60])
def test_sparse_files_have_their_holes(store, count):
    pieces = [(i * 8192, bytes([65 + i % 26]) * 512) for i in range(count)]
    at = store.load_layer(layer(gnu_sparse("s", count * 8192, pieces)))
    data = (at / "s").read_bytes()
    assert len(data) == count * 8192
    assert data == b"".join(d.ljust(8192, b"\0") for _, d in pieces)


def test_what_gnu_tar_reads_we_read_the_same(store, tmp_path_factory):
    """The same tree in every format that GNU tar and bsdtar write."""
    folder = tmp_path_factory.mktemp("tree")
    src = folder / "src"
    (src / ("long" * 30) / ("name" * 40)).mkdir(parents=True)
    (src / ("long" * 30) / ("name" * 40) / ("f" * 200)).write_bytes(b"deep")
    (src / "plain").write_bytes(os.urandom(700_000))
    (src / "empty").touch()
    os.symlink("t/" * 150, src / "long-link")
    os.link(src / "plain", src / "twin")
    with open(src / "holes", "wb") as f:
        for i in range(40):
            f.seek(i * 65536)
            f.write(b"%d" % i)
        f.truncate(4_000_000)
    os.setxattr(src / "plain", "user.note", b"x" * 1000)
    os.chmod(src / "empty", 0o1640)
    wanted = describe(src)
    writers = [["tar", "--format=gnu"], ["tar", "--format=gnu", "-S"],
               ["tar", "--format=pax", "--xattrs"],
               *[["tar", "--format=pax", "--xattrs", "-S", f"--sparse-version={v}"] for v in ("0.0", "0.1", "1.0")]]
    for writer in writers:
        tar = folder / "tree.tar"
        subprocess.run([*writer, "-C", src, "-cf", tar, "."], check=True)
        at = store.load_layer(tar.read_bytes())
        got = describe(at)
        for name in wanted:
            old, new = dict(wanted[name]), dict(got[name])
            if "--xattrs" not in writer:
                old.pop("xattrs"), new.pop("xattrs")
            if "gnu" in writer[1]:
                old.pop("mtime"), new.pop("mtime")
            assert new == old, (writer, name)
        assert wanted.keys() == got.keys()


def describe(top):
    out = {}
    for path in [top, *top.rglob("*")]:
        st = path.lstat()
        out[str(path.relative_to(top))] = {
            "mode": st.st_mode, "uid": st.st_uid, "gid": st.st_gid, "mtime": st.st_mtime_ns,
            "links": st.st_nlink if path.is_file() else 0,
            "data": path.read_bytes() if stat.S_ISREG(st.st_mode) else
            os.readlink(path) if stat.S_ISLNK(st.st_mode) else None,
            "xattrs": {n: os.getxattr(path, n) for n in os.listxattr(path, follow_symlinks=False)},
        }
    return out
