"""What the tree of an image, and what it mounts, can do to the host. Class RT."""

import os
import shutil
import subprocess

import hostile
import kist
import pytest
from hostile import link


def naive_makedirs(rootfs, path):
    """What a runtime does that joins strings."""
    os.makedirs(str(rootfs) + path, exist_ok=True)


# RT-02: CVE-2024-21626, CVE-2016-9962 --------------------------------------------------------------

LIST = 'for f in /proc/self/fd/*; do readlink "$f"; done | grep -v "^/proc/"; readlink /proc/self/cwd'


@pytest.mark.parametrize("how", ["run", "exec"])
def test_no_descriptor_of_the_host_gets_in(bare_engine, tmp_path, how):
    image = hostile.load(bare_engine)
    with open(tmp_path / "leak", "w", encoding="ascii") as leak:
        os.set_inheritable(leak.fileno(), True)
        options = {"pass_fds": (leak.fileno(),)}
        if how == "run":
            out = bare_engine.out("run", "--rm", image, "sh", "-c", LIST, **options)
        else:
            bare_engine.kist("run", "-d", "--name", "one", image, "sleep", "100", **options)
            out = bare_engine.out("exec", "one", "sh", "-c", LIST, **options)
        streams = ("pipe:", "/dev/null", str(bare_engine.runroot / "containers"))  # FIFOs of its own folder
        lines = out.splitlines()
        assert lines.pop() == "/"
        assert len(lines) == 3 and all(line.startswith(streams) for line in lines), out
        # The list would show it: a shell that inherits it says so.
        shell = subprocess.check_output(["sh", "-c", LIST], text=True, **options)
        assert str(tmp_path / "leak") in shell


def test_no_working_directory_leads_through_a_descriptor(shared_engine, canary):
    """The control is a change of directory by a string."""
    for descriptor in range(3, 16):
        done = shared_engine.kist("run", "--rm", "-w", f"/proc/self/fd/{descriptor}", "busybox", "pwd", status=None)
        assert done.returncode != 0 and done.stdout == ""
    naive = subprocess.run(["sh", "-c", f'exec 3<"{canary.folder}"; cd /proc/self/fd/3 && cat hosts'], check=True,
                           stdout=subprocess.PIPE, text=True)
    assert naive.stdout == canary.SECRET


# RT-03: CVE-2025-31133 -----------------------------------------------------------------------------

def test_masks_are_the_hosts_null_device_whatever_the_image_calls_so(bare_engine, tmp_path):
    changes = {"dev/null": link("/etc/bait"), "etc/bait": b"bait"}
    image = hostile.load(bare_engine, changes, Volumes={"/dev": {}})
    script = "cat /proc/timer_list /proc/kcore /proc/keys 2>/dev/null; stat -c %t:%T /proc/timer_list"
    done = bare_engine.kist("run", "--rm", image, "sh", "-c", script, status=None)
    assert "bait" not in done.stdout and done.stdout.strip() in ("1:3", ""), done
    # The control masks as runtimes did: with what is called /dev/null inside.
    rootfs = hostile.unpack(tmp_path / "naive", changes)
    script = 'true >/tmp/masked; mount -o bind /dev/null /tmp/masked && cat /tmp/masked'
    assert subprocess.check_output(["unshare", "-m", "chroot", rootfs, "sh", "-c", script], text=True) == "bait"


# RT-05: CVE-2026-41579 -----------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["absolute", "relative"])
def test_a_dev_that_is_a_symlink_changes_nothing_on_the_host(bare_engine, canary, peer, path):
    target = canary.folder if path == "absolute" else "../" * 30 + str(canary.folder)[1:]
    image = hostile.load(bare_engine, {"dev": link(target)})
    bare_engine.kist("run", "--rm", image, status=125)
    assert canary.unchanged()
    peer.unpack({"dev": link(target)}).run("true")
    assert not canary.unchanged(), "runc replaces ptmx there"


def test_a_mount_point_that_leads_to_dev_gets_no_devices(bare_engine, canary, tmp_path, peer):
    """-v folder:/data, where the image's /data is a symlink to /dev."""
    image = hostile.load(bare_engine, {"data": link("/dev")})
    bare_engine.kist("run", "--rm", "-v", f"{canary.folder}:/data", image, status=None)
    assert canary.unchanged()
    peer.config["mounts"].append(
        {"destination": "/data", "type": "bind", "source": str(canary.folder), "options": ["rbind"]})
    peer.unpack({"data": link("/dev")}).run("true")
    assert not canary.unchanged(), "runc makes its nodes in there"


# RT-07: CVE-2026-115521 ---------------------------------------------------------------------------

def test_what_is_read_only_is_so_to_its_last_mount(engine, peer, tmp_path):
    """A remount by the container's own /proc/self/fd may hit another mount; one flag covers no mount below."""
    (tmp_path / "host/below").mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "below", tmp_path / "host/below"], check=True)
    script = "for f in /root/x /etc/x /x/x /x/below/x /dev/shm/x; do true 2>/dev/null >$f && echo $f; done"
    try:
        image = hostile.load(engine, {"proc": link("/etc/p"), "etc/p": hostile.FOLDER})
        for name in ("busybox", image):
            done = engine.kist("run", "--rm", "--read-only", "-v", f"{tmp_path}/host:/x:ro", name, "sh", "-c", script, status=None)
            assert done.stdout.split() in ([], ["/dev/shm/x"]), done
        peer.config["root"]["readonly"] = True
        peer.config["mounts"].append(
            {"destination": "/x", "type": "bind", "source": f"{tmp_path}/host", "options": ["rbind", "ro"]})
        assert "/x/below/x" in peer.unpack({"x": hostile.FOLDER}).run("sh", "-c", script).stdout
    finally:
        subprocess.run(["umount", tmp_path / "host/below"], check=True)


# RT-08: CVE-2019-16884, CVE-2025-52881 -------------------------------------------------------------

def test_no_volume_covers_proc(bare_engine):
    changes = {"data": link("proc"), "keys": link("/proc/sys/kernel"), "a": link("b"), "b": link("../../proc/1"),
               "x": hostile.FOLDER}
    for volume in ("/proc", "/proc/self/attr", "/proc/sys", "/data", "/keys", "/a", "/x/../proc"):
        image = hostile.load(bare_engine, changes, Volumes={volume: {}})
        done = bare_engine.kist("run", "--rm", image, "sh", "-c", "echo in", status=125)
        assert "not allowed" in done.stderr, (volume, done)
    # Where it is none of these, a volume is there.
    image = hostile.load(bare_engine, changes, Volumes={"/x": {}})
    assert bare_engine.out("run", "--rm", image, "grep", "-c", " /x ", "/proc/mounts") == "1"


def test_a_proc_that_is_a_symlink_is_masked_where_it_leads(bare_engine):
    """CVE-2023-28642. Without the protection /proc/sys is writable for root; what says so is the test of the
    table below."""
    image = hostile.load(bare_engine, {"proc": link("/etc/p"), "etc/p": hostile.FOLDER})
    script = "cat /etc/p/timer_list; echo 1 >/etc/p/sys/kernel/hostname; grep -c . /etc/p/1/status"
    done = bare_engine.kist("run", "--rm", image, "sh", "-c", script, status=None)
    assert done.returncode != 0 or "Read-only file system" in done.stderr, done
    assert "expires" not in done.stdout


# RT-10: CVE-2024-45310, CVE-2026-55686, CVE-2024-5154 ----------------------------------------------

@pytest.mark.parametrize("name", ["workdir", "hosts", "etc", "volume", "tmpfs"])
def test_what_is_made_in_the_tree_is_made_inside(bare_engine, canary, tmp_path, name):
    """Paths that we make in a tree, with a symlink to the host in the way."""
    out = canary.folder
    changes, config, args, made = {
        "workdir": ({"app": link(out)}, {"WorkingDir": "/app/new/deep"}, (), "/app/new/deep"),
        "hosts": ({"etc/hosts": link(out / "hosts")}, {}, (), "/etc/hosts"),
        "etc": ({"etc": link(out)}, {}, (), "/etc/hostname"),
        "volume": ({"data": link(out)}, {"Volumes": {"/data/new": {}}}, (), "/data/new"),
        "tmpfs": ({"data": link(out)}, {}, ("--tmpfs", "/data/new"), "/data/new"),
    }[name]
    image = hostile.load(bare_engine, changes, **config)
    bare_engine.kist("run", "--rm", *args, image, "true", status=None)
    assert canary.unchanged()
    # The control joins strings.
    rootfs = hostile.unpack(tmp_path / "naive", changes)
    if name in ("hosts", "etc"):
        with open(str(rootfs) + made, "w", encoding="ascii") as file:
            file.write("127.0.0.1 localhost\n")
    else:
        naive_makedirs(rootfs, made)
    assert not canary.unchanged()


def test_a_volume_is_filled_from_the_image_alone(bare_engine, canary, tmp_path):
    """RT-11, CVE-2022-23648: VOLUME behind a symlink to the host."""
    changes = {"data": link(canary.folder), "link": link("/etc/../../../../" + str(canary.folder))}
    image = hostile.load(bare_engine, changes, Volumes={"/data": {}, "/link": {}})
    done = bare_engine.kist("run", "--rm", image, "sh", "-c", "ls -R /data /link", status=None)
    assert "ptmx" not in done.stdout and canary.unchanged()
    rootfs = hostile.unpack(tmp_path / "naive", changes)
    shutil.copytree(str(rootfs) + "/data", tmp_path / "copy")
    assert (tmp_path / "copy/hosts").read_text() == canary.SECRET


# RT-14, RT-15, RT-17 ------------------------------------------------------------------------------

# Every file of the kernel's that has a mode for writing and can be opened for it.
WRITABLE = ('for top in /proc /sys; do find $top -path "/proc/[0-9]*" -prune -o -path /proc/self -prune'
            ' -o -path /proc/thread-self -prune -o -type f -perm /222 -print; done 2>/dev/null |'
            ' while read -r f; do if true 2>/dev/null >>"$f"; then echo "$f"; fi; done')


def test_nothing_of_the_kernels_is_writable(engine, peer):
    out = engine.out("run", "--rm", "busybox", "sh", "-c", WRITABLE)
    # Triggers of pressure: open to everybody, of the opener alone, and Docker has them too.
    assert {name for name in out.split() if not name.startswith("/proc/pressure/")} == set(), out
    peer.config["linux"]["maskedPaths"] = peer.config["linux"]["readonlyPaths"] = []
    done = peer.unpack().run("sh", "-c", "true >>/proc/sys/kernel/core_pattern && echo bites")
    assert done.stdout == "bites\n", done


MASKED_BY_DOCKER = """/proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats
    /proc/sched_debug /proc/scsi /proc/timer_list /proc/timer_stats /sys/devices/virtual/powercap /sys/firmware""".split()


def test_masked_paths_show_nothing(engine):
    script = 'for p in "$@"; do if [ -d "$p" ]; then ls -A "$p"; elif [ -e "$p" ]; then head -c1 "$p"; fi; done'
    assert engine.out("run", "--rm", "busybox", "sh", "-c", script, "sh", *MASKED_BY_DOCKER) == ""
    assert len(open("/proc/timer_list", "rb").read(1)) == 1  # there is something to mask


def test_cgroups_are_readonly_and_devices_are_refused(engine):
    script = """
        for f in $(find /sys/fs/cgroup -name cgroup.procs -o -name release_agent); do true 2>/dev/null >>$f && echo $f; done
        mount -t cgroup -o memory none /mnt 2>/dev/null && echo mounted
        mknod /d c 1 1 && cat /d 2>/dev/null && echo mem
        mknod /k c 1 11 && cat /k 2>/dev/null && echo kmsg
        mknod /z c 1 5 && head -c1 /z | wc -c"""
    # The last one is the control: nodes can be made, and an allowed one opened.
    assert engine.out("run", "--rm", "busybox", "sh", "-c", script, status=None) == "1"


# RT-13: CVE-2023-25809 ----------------------------------------------------------------------------

@pytest.mark.parametrize("cgroupns", ["host", "private"])
def test_no_cgroup_is_writable_whatever_the_namespace(engine, cgroupns):
    script = "find /sys/fs/cgroup -type f -name 'cgroup.procs' | while read f; do true 2>/dev/null >>$f && echo $f; done"
    options = ["--cgroupns", cgroupns, "busybox", "sh", "-c", script]
    assert engine.out("run", "--rm", *options, status=None) == ""
    assert "cgroup.procs" in engine.out("run", "--rm", "--privileged", *options, status=None)


# RT-16 --------------------------------------------------------------------------------------------

def test_an_image_without_layers_is_refused_or_empty(bare_engine):
    """Nobody may find a device or a folder of the host's where a layer is missing."""
    done = bare_engine.kist("load", input=hostile.archive([], {"Cmd": ["/bin/sh"]}, "empty:1"), text=False, status=None)
    if done.returncode == 0:
        ran = bare_engine.kist("run", "--rm", "-v", "/bin/busybox:/busybox", "empty:1", "/busybox", "ls", "-A", "/", status=None)
        assert set(ran.stdout.split()) <= {"busybox", "dev", "etc", "proc", "sys"}, ran
        assert bare_engine.kist("run", "--rm", "empty:1", status=None).returncode in (125, 127)
    else:
        assert b"layer" in done.stderr


# RT-18: CVE-2019-10144 ----------------------------------------------------------------------------

SAME = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp",
        "Seccomp_filters", "Umask", "SigIgn", "SigBlk")
LOOK = "cat /proc/self/status; cat /proc/self/limits /proc/self/oom_score_adj /proc/self/cgroup; ls -l /proc/self/ns"


def _confinement(text):
    lines = [" ".join(line.split()) for line in text.splitlines()]
    kept = [line for line in lines if line.partition(":")[0] in SAME or line.startswith("Max ")]
    kept += [line.split()[-1] for line in lines if "->" in line and "pid_for_children" not in line]
    return kept + [line for line in lines if line.lstrip("-").isdigit() or ":/" in line]


@pytest.mark.parametrize("user", ["0", "1000:1000"])
def test_exec_is_confined_as_the_container_is(engine, user):
    engine.kist("run", "-d", "--name", "one", "-u", user, "busybox", "sh", "-c", LOOK + "; exec sleep 100")
    kist.wait_until(lambda: "net ->" in engine.out("logs", "one") and "uts ->" in engine.out("logs", "one"), what="the look")
    init = _confinement(engine.out("logs", "one"))
    assert len(init) > 25
    assert _confinement(engine.out("exec", "one", "sh", "-c", LOOK)) == init
    if user == "0":
        assert _confinement(engine.out("exec", "--privileged", "one", "sh", "-c", LOOK)) != init  # it would notice
