"""Our own programs as the target: what a container can reach of the one that starts it."""

import json
import subprocess

import hostile
import kist
import pytest


@pytest.mark.parametrize("how", ["entrypoint", "script"])
def test_a_profile_without_execveat_does_not_expose_the_runtime(tmp_path, how):
    """RT-01, CVE-2019-5736, where the caller's own profile refuses the call that protects us."""
    box = hostile.Peer(tmp_path / "box").unpack({"script": b"#!/proc/self/exe\n"})
    program = kist.program("kist-runtime")
    path = "/proc/self/exe" if how == "entrypoint" else "/script"

    def run(*args, profile=None):
        box.config["process"]["args"] = list(args)
        box.config["linux"]["cgroupsPath"] = "/" + kist.unique(f"ourselves-{how}")
        box.config["linux"]["seccomp"] = profile
        if profile is None:
            del box.config["linux"]["seccomp"]
        (box.folder / "config.json").write_text(json.dumps(box.config))
        return subprocess.run([program, "--root", str(tmp_path / "state"), "run", "--bundle", str(box.folder), "one"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=30, check=False)

    profile = {"defaultAction": "SCMP_ACT_ALLOW",
               "syscalls": [{"names": ["execveat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}
    assert run("echo", "works", profile=profile).stdout == "works\n"
    for one in (profile, None):
        assert "kist-runtime version" not in run(path, "--version", profile=one).stdout
    # Executed by itself, the runtime would have said so.
    assert "kist-runtime version" in subprocess.check_output([program, "--version"], text=True)


def test_nothing_of_ours_can_be_looked_into_from_inside(engine):
    """CVE-2016-9962: while processes of `exec` come in, root of the container looks for one to open."""
    watch = """
        mkdir /seen
        sleep 100 &
        while [ ! -e /stop ]; do
            for p in /proc/[0-9]*; do
                [ "$p" = /proc/1 ] && continue
                exe=$(readlink $p/exe) || continue
                case "$exe" in *kist-runtime*) : >/seen/exe;; */busybox) : >/seen/busybox;; esac
                ls -l $p/fd 2>/dev/null | grep -q 'memfd:' && : >/seen/fd
            done
        done
        echo looked"""
    engine.kist("run", "-d", "--name", "one", "busybox", "sh", "-c", watch)
    for _ in range(20):
        engine.kist("exec", "one", "true")
    engine.kist("exec", "one", "touch", "/stop")
    engine.kist("wait", "one")
    assert engine.out("logs", "one") == "looked"
    seen, = engine.root.glob("containers/*/diff/seen")
    assert [path.name for path in seen.iterdir()] == ["busybox"]  # what is not ours, it sees


def test_the_apply_worker_opens_no_device_that_it_makes(bare_engine, tmp_path):
    """It may make nodes, outside of any device cgroup. Its root must not let them be opened."""
    data = hostile.archive([hostile.layer({"dev/mem": hostile.node(1, 1)})], {}, "nodes:1")
    strace = ["strace", "-f", "-q", "-o", str(tmp_path / "trace"), "-e", "trace=mount_setattr"]
    subprocess.run([*strace, *bare_engine.command("load")], input=data, env=bare_engine.env, check=True,
                   stdout=subprocess.DEVNULL)
    assert "MOUNT_ATTR_NODEV" in (tmp_path / "trace").read_text()
