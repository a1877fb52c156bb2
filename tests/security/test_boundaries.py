"""What others on the machine see of us, and what an archive can make of us. Classes AP, ST, IM."""

import io
import json
import os
import socket
import subprocess
import tarfile

import hostile
import pytest
from hostile import entry


# AP-01: CVE-2020-15257; ST-01: CVE-2021-41091 ------------------------------------------------------

def _abstract_sockets():
    with open("/proc/net/unix", encoding="ascii") as file:
        return [line.split()[-1] for line in file if line.rstrip().rpartition(" ")[2].startswith("@")]


def test_there_is_no_abstract_socket(engine):
    engine.kist("run", "-d", "--name", "one", "--network", "host", "busybox", "sleep", "100")
    assert _abstract_sockets() == []
    assert engine.out("exec", "one", "grep", "-c", "@", "/proc/net/unix", status=1) == "0"
    with socket.socket(socket.AF_UNIX) as ours:
        ours.bind("\0kist-test")
        ours.listen()
        assert _abstract_sockets() == ["@kist-test"]  # one would have been seen


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_nobody_else_gets_into_our_folders(bare_engine, mask):
    def under_mask():
        os.umask(mask)

    image = hostile.load(bare_engine, preexec=under_mask)
    script = 'umask; stat -c "%a" /etc/hosts /etc/resolv.conf /etc/hostname /dev/null /tmp'
    out = bare_engine.out("run", "--rm", image, "sh", "-c", script, preexec_fn=under_mask)
    assert out.split() == ["0022", "644", "644", "644", "666", "1777"]
    bare_engine.kist("run", "-d", "--name", "one", "-v", "volume:/v", image, "sleep", "100", preexec_fn=under_mask)
    assert bare_engine.out("exec", "one", "stat", "-c", "%a", "/v") == "755"
    for top in (bare_engine.root, bare_engine.runroot):
        assert os.stat(top).st_mode & 0o777 == 0o700
    look = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "ls"]
    # The folder above is the tests' own: open it, so that only ours can keep others out.
    modes = [(folder, os.stat(folder).st_mode) for folder in (bare_engine.folder, *bare_engine.folder.parents)][:-1]
    for folder, _ in modes:
        os.chmod(folder, 0o755) if os.stat(folder).st_mode & 0o005 != 0o005 else None
    try:
        for top in (bare_engine.root, bare_engine.runroot):
            assert subprocess.run([*look, top], stderr=subprocess.DEVNULL, check=False).returncode != 0
        assert subprocess.run([*look, bare_engine.folder], stdout=subprocess.DEVNULL, check=False).returncode == 0
    finally:
        for folder, mode in modes:
            os.chmod(folder, mode & 0o7777)


# IM-01, IM-11: load --------------------------------------------------------------------------------

def _archive(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for info, data in entries:
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _manifest(config="config.json", layers=("0.tar",)):
    return entry("manifest.json", data=json.dumps(
        [{"Config": config, "RepoTags": ["evil:1"], "Layers": list(layers)}]).encode(), mode=0o644)


CONFIG = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
                     "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}}).encode()


def test_an_archive_names_nothing_outside_of_itself(bare_engine, canary, tmp_path):
    outside = str(canary.folder / "hosts")
    up = "../" * 30 + outside[1:]
    config, layer = entry("config.json", data=CONFIG), entry("0.tar", data=hostile.layer())
    symlink, hard = tarfile.SYMTYPE, tarfile.LNKTYPE
    archives = {
        "config symlink": [_manifest(), entry("config.json", symlink, link=outside), layer],
        "config dotdot": [_manifest(config=up), config, layer],
        "config absolute": [_manifest(config=outside), config, layer],
        "layer symlink": [_manifest(), config, entry("0.tar", symlink, link=outside)],
        "layer dotdot": [_manifest(layers=[up]), config, layer],
        "layer hardlink": [_manifest(), config, entry("0.tar", hard, link=outside)],
        "layer fifo": [_manifest(), config, entry("0.tar", tarfile.FIFOTYPE)],
        "manifest symlink": [entry("manifest.json", symlink, link=outside), config, layer],
        "digest traversal": [_manifest(), entry("config.json", data=CONFIG.replace(b"0" * 64, b"../" * 20 + b"etc/")),
                             layer],
        "no layers listed": [_manifest(layers=[]), config],
        "wrong digest": [_manifest(), config, layer],
    }
    for what, entries in archives.items():
        done = bare_engine.kist("load", input=_archive(entries), text=False, status=1)
        assert canary.SECRET.encode() not in done.stderr + done.stdout, what
        assert canary.unchanged() and bare_engine.out("images", "-q") == "", what
        assert list(bare_engine.root.glob("layers/*")) == list(bare_engine.root.glob("staging/*")) == [], what
    (tmp_path / "naive").mkdir()
    subprocess.run(["tar", "-xf", "-", "-C", tmp_path / "naive"], input=_archive(archives["config symlink"]), check=True)
    assert (tmp_path / "naive/config.json").read_text() == canary.SECRET


def test_no_name_of_an_archive_speaks_to_the_terminal(bare_engine):
    evil = "\x1b]0;owned\x07\x9b2J"
    image = hostile.load(bare_engine, User=evil, Cmd=[evil], Entrypoint=[])
    for args in (("run", "--rm", image), ("run", "--rm", "-u", "0", image), ("create", "--name", "one", image),
                 ("ps", "-a"), ("images",)):
        done = bare_engine.kist(*args, status=None)
        assert "\x1b" not in done.stderr and "\x9b" not in done.stderr, done
    layers = [hostile.layer({"../" + evil: b""})]
    done = bare_engine.kist("load", input=hostile.archive(layers, {}, "x:1"), text=False, status=1)
    assert b"\x1b" not in done.stderr and b"\\033" in done.stderr, done
    assert "\x1b" in evil  # there was something to say
