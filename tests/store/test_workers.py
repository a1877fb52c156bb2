"""The workers: what they may do, and what is left when they, or who started them, die."""

import gzip
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from layers import device, directory, file, header, layer, symlink

CAPABILITIES = {"CHOWN": 0, "DAC_OVERRIDE": 1, "FOWNER": 3, "FSETID": 4, "SYS_ADMIN": 21, "MKNOD": 27,
                "SETFCAP": 31}
APPLY_MASK = sum(1 << bit for bit in CAPABILITIES.values())


def workers(parent):
    """The workers of a process by role."""
    found = {}
    for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if words[0] == b"kist-worker":
            found[words[1].decode()] = int(pid)
    return found


def status(pid):
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
                if ":\t" in line)


def wait_for(condition):
    for _ in range(1000):
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError("waited in vain")


@pytest.fixture
def half_way(store):
    """An import whose workers wait for the rest of the layer, in the middle of a file."""
    process = store.start("import", "test", stdin=subprocess.PIPE)
    process.stdin.write(directory("d") + file("d/f", b"x" * 300_000)
                        + header(b"big", size=10 << 20) + b"y" * 1_000_000)
    process.stdin.flush()
    wait_for(lambda: any(store.root.glob("staging/*/layer-*/big")))
    yield store, process, workers(process.pid)
    process.kill()
    process.communicate()


def test_unpack_is_nobody_without_files_network_or_capabilities(half_way):
    _, _, found = half_way
    pid = found["unpack"]
    st = status(pid)
    assert {st[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert st["NoNewPrivs"] == "1" and st["Seccomp"] == "2"
    assert len(set(st["Uid"].split())) == 1 and int(st["Uid"].split()[0]) > 65533
    assert len(set(st["Gid"].split())) == 1 and int(st["Gid"].split()[0]) > 65533
    assert st.get("Groups", "").split() == []
    for kind in ("user", "mnt", "net", "ipc", "uts"):
        assert os.readlink(f"/proc/{pid}/ns/{kind}") != os.readlink(f"/proc/self/ns/{kind}"), kind
    assert Path(f"/proc/{pid}/uid_map").read_text() == ""
    mounts = Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
    assert len(mounts) == 1 and " / / ro," in mounts[0] and " - tmpfs " in mounts[0]
    assert os.listdir(f"/proc/{pid}/root/") == []
    descriptors = {int(n): os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")}
    assert sorted(descriptors) == [0, 1, 2, 3, 4, 5, 6], descriptors
    assert descriptors[3].startswith("socket:") and descriptors[4].startswith("pipe:")
    assert "/staging/" in descriptors[5] and descriptors[6].startswith("pipe:")
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert int(re.search(r"Max data size\s+(\d+)", limits)[1]) <= 192 << 20
    assert re.search(r"Max core file size\s+0\s+0", limits)


def test_apply_sees_its_layer_alone_with_seven_capabilities(half_way):
    store, _, found = half_way
    pid = found["apply"]
    st = status(pid)
    for name in ("CapPrm", "CapEff", "CapBnd"):
        assert int(st[name], 16) == APPLY_MASK, (name, st[name])
    assert {st[name] for name in ("CapInh", "CapAmb")} == {"0" * 16}
    assert st["NoNewPrivs"] == "1" and st["Seccomp"] == "2"
    for kind in ("mnt", "net", "ipc", "uts"):
        assert os.readlink(f"/proc/{pid}/ns/{kind}") != os.readlink(f"/proc/self/ns/{kind}"), kind
    assert len(Path(f"/proc/{pid}/mountinfo").read_text().splitlines()) == 1
    (staged,) = store.root.glob("staging/*/layer-*")
    assert sorted(os.listdir(f"/proc/{pid}/root/")) == sorted(p.name for p in staged.iterdir())
    assert sorted(os.listdir(f"/proc/{pid}/root/../")) == sorted(p.name for p in staged.iterdir())


@pytest.mark.parametrize("role", ["unpack", "apply"])
def test_a_killed_worker_is_named_and_leaves_nothing(half_way, role):
    store, process, found = half_way
    os.kill(found[role], signal.SIGKILL)
    process.wait(timeout=20)
    said = process.stderr.read()
    assert process.returncode == 1
    assert f"kist-worker {role} was killed by signal 9" in said.decode()
    assert store.files() == [] and store.folders("staging") == [] and store.folders("intents") == []


def test_a_stopped_sandbox_refuses_what_is_not_on_its_list(half_way):
    """From outside, by the kernel's own account: seccomp filters are in force in both."""
    for pid in half_way[2].values():
        assert status(pid)["Seccomp_filters"] != "0"


def test_workers_die_with_who_started_them_and_recovery_leaves_nothing(half_way):
    store, process, found = half_way
    process.kill()
    process.wait()
    for pid in found.values():
        wait_for(lambda pid=pid: not Path(f"/proc/{pid}").exists())
    assert store.folders("intents") != []
    store.run("recover")
    assert store.files() == [] and store.folders("staging") == [] and store.folders("intents") == []


@pytest.mark.parametrize("when", range(0, 60, 3))
def test_killed_at_any_moment_it_is_whole_or_absent(store, when):
    data = layer(*[file(f"f{i}", b"z" * 5000) for i in range(300)])
    process = store.start("import", "test", stdin=subprocess.PIPE)
    try:
        process.stdin.write(data)
        process.stdin.close()
    except BrokenPipeError:
        pass
    time.sleep(when / 1000)
    process.kill()
    process.wait()
    process.stdout.close(), process.stderr.close()
    store.run("recover")
    assert store.folders("staging") == [] and store.folders("intents") == []
    if store.run("images"):
        at = Path(store.run("find", "test").splitlines()[1])
        assert len(list(at.iterdir())) == 300
        store.run("rmi", "test")
    assert store.files() == []


def test_killed_at_any_rename_it_has_its_name_or_is_absent(store):
    data = layer(file("f", b"content"))
    for when in range(1, 30):
        killed = subprocess.run(["strace", "-o", "/dev/null", "-e", "trace=/^rename", "-e", f"inject=/^rename:signal=KILL:when={when}",
                                 store.tool, "import", "test"], env=store.environment, input=data, capture_output=True, check=False,
                                timeout=60)
        store.run("recover")
        assert store.folders("staging") == [] and store.folders("intents") == []
        if store.run("images"):
            assert store.run("find", "test")
            store.run("rmi", "test")
        assert store.files() == []
        if killed.returncode == 0:
            break
    assert 3 < when < 29


def test_truncated_and_damaged_layers_are_refused_and_leave_nothing(store):
    plain = layer(*[file(f"f{i}", os.urandom(3000)) for i in range(20)])
    packed = gzip.compress(plain)
    for cut in range(0, len(packed), 4096):
        said = store.refuse_layer(packed[:cut] if cut else b"")
        assert "cut short" in said or "empty" in said, said
    for at in range(20, len(packed), 8192):
        broken = bytearray(packed)
        broken[at] ^= 0x55
        store.refuse_layer(bytes(broken))
    store.load_layer(packed)


def test_compressions_are_told_by_their_first_bytes(store):
    plain = layer(file("f", b"data" * 10_000))
    members = gzip.compress(plain[:1000]) + gzip.compress(plain[1000:])
    zstd = subprocess.run(["zstd", "-q", "-c"], input=plain, capture_output=True, check=True).stdout
    for data in (plain, gzip.compress(plain), members, zstd):
        assert (store.load_layer(data) / "f").read_bytes() == b"data" * 10_000


def test_a_zstd_window_of_2_gib_is_refused(store):
    plain = layer(file("f", b"x"))
    packed = subprocess.run(["zstd", "-q", "-c", "--ultra", "-22", "--long=31"], input=plain,
                            capture_output=True, check=True).stdout
    frame = bytearray(packed)
    if frame[4] & 0x20 == 0:  # a window descriptor follows
        frame[5] = 0xA8
    said = store.refuse_layer(bytes(frame))
    assert "window" in said, said


def test_a_bomb_is_bounded_in_memory_and_ends_with_the_disk(tmp_path):
    from storetool import Store
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", disk], check=True)
    try:
        store = Store(disk)
        store.run("recover")
        bomb = gzip.compress(header(b"bomb", size=1 << 30) + b"\0" * (200 << 20), 1)
        said = store.run("import", "test", data=bomb, fails=True)
        assert said.startswith("exhausted:") and "No space left" in said, said
        assert store.files() == [] and store.folders("staging") == [] and store.folders("intents") == []
        store.load_layer(layer(file("f")))
    finally:
        subprocess.run(["umount", disk], check=True)


def test_full_disk_of_small_files_leaves_nothing(tmp_path):
    from storetool import Store
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,nr_inodes=500", "none", disk], check=True)
    try:
        store = Store(disk)
        store.run("recover")
        said = store.run("import", "test", data=layer(*[file(f"f{i}") for i in range(2000)]), fails=True)
        assert said.startswith("exhausted:"), said
        assert store.files() == []
    finally:
        subprocess.run(["umount", disk], check=True)


def test_real_device_nodes_are_made_but_only_inside_the_layer(store):
    at = store.load_layer(layer(directory("dev"), device("dev/mem", b"3", 1, 1)))
    assert (at / "dev/mem").lstat().st_rdev == os.makedev(1, 1)
    assert store.root.stat().st_mode & 0o777 == 0o700


def test_no_user_namespaces_is_a_clear_error(store):
    """In a user namespace that maps everybody, and lets nobody make another."""
    # Only a program started once the map is there has root's capabilities.
    forbid = "echo 0 >/proc/sys/user/max_user_namespaces && exec $0 import test"
    script = f"read go; exec sh -c '{forbid}' $0"
    process = subprocess.Popen(["unshare", "-Um", "sh", "-c", script, store.tool], env=store.environment,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    ours = os.readlink("/proc/self/ns/user")
    wait_for(lambda: os.readlink(f"/proc/{process.pid}/ns/user") != ours)
    for kind in ("uid", "gid"):
        Path(f"/proc/{process.pid}/{kind}_map").write_text("0 0 4294967294")
    _, said = process.communicate(b"go\n" + layer(file("f")), timeout=20)
    said = said.decode()
    assert process.returncode == 1
    assert said.startswith("unsupported:") and "max_user_namespaces" in said, said
    assert store.files() == [] and store.folders("staging") == []


def test_deep_trees_are_removed_again(store):
    """Through symlinks a layer gets deeper than any one name may be."""
    parts = [directory("/".join(["d"] * 400))]
    for level in range(1, 5):
        parts += [symlink(f"s{level}", ("s%d/" % (level - 1) if level > 1 else "")
                                               + "/".join(["d"] * 400)),
                  directory(f"s{level}/" + "/".join(["d"] * 400))]
    store.load_layer(layer(*parts))
    store.run("rmi", "test")
    assert store.files() == [] and store.folders("layers") == [] and store.folders("staging") == []
