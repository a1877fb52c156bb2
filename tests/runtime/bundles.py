"""Bundles of a test's own, and kist-runtime on a root folder of its own.

    def test_something(runtime):
        bundle = runtime.bundle("echo", "hi")
        assert runtime.run(bundle).stdout == "hi\\n"
"""

import copy
import json
import os
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import kist

APPLETS = """sh ls cat echo sleep id mount umount ps true false env touch mknod ln grep dd wc head tail hostname test
    stat mkdir rm readlink kill pwd ulimit ifconfig nc chmod chown seq""".split()

CAPABILITIES = """CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE
    SYS_CHROOT KILL AUDIT_WRITE""".split()


class Bundle:
    """A folder with rootfs/ and config.json; change self.config, then it is written when it is run."""

    def __init__(self, folder, args):
        self.path = Path(folder)
        self.rootfs = self.path / "rootfs"
        binaries = self.rootfs / "bin"
        binaries.mkdir(parents=True)
        shutil.copy("/bin/busybox", binaries / "busybox")
        for applet in APPLETS:
            (binaries / applet).symlink_to("busybox")
        for name in ("tmp", "etc", "proc", "sys", "dev"):
            (self.rootfs / name).mkdir()
        (self.rootfs / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n")
        subprocess.run([kist.program("kist-runtime"), "spec", "--bundle", str(self.path)], check=True)
        self.config = json.loads((self.path / "config.json").read_text())
        self.process["terminal"] = False
        self.process["args"] = list(args)
        self.process["rlimits"] = []
        self.config["root"]["readonly"] = False
        if {"type": "cgroup"} not in self.linux["namespaces"]:
            self.linux["namespaces"].append({"type": "cgroup"})
        names = ["CAP_" + name for name in CAPABILITIES]
        for which in ("bounding", "effective", "permitted"):
            self.process["capabilities"][which] = list(names)
        self.linux["cgroupsPath"] = f"/kist-test-{uuid.uuid4().hex[:12]}"

    @property
    def process(self):
        return self.config["process"]

    @property
    def linux(self):
        return self.config["linux"]

    def mount(self, destination, kind="bind", source=None, options=()):
        self.config["mounts"].append(
            {"destination": destination, "type": kind, "source": str(source or kind), "options": list(options)}
        )

    def write(self):
        (self.path / "config.json").write_text(json.dumps(self.config))


class Runtime:
    def __init__(self, program=None):
        self.folder = Path(tempfile.mkdtemp(prefix="kist-runtime-"))
        self.root = self.folder / "root"
        self.log = self.folder / "log"
        self.program = program or kist.program("kist-runtime")
        self.ids = []
        self.count = 0

    def bundle(self, *args):
        self.count += 1
        return Bundle(self.folder / f"bundle{self.count}", args)

    def command(self, *args):
        return [self.program, "--root", str(self.root), "--log", str(self.log), "--log-format", "json", *args]

    def __call__(self, *args, status=0, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(
            self.command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, **options
        )
        assert status is None or done.returncode == status, (args, done)
        return done

    def new_id(self):
        name = f"c{len(self.ids)}-{os.getpid()}"
        self.ids.append(name)
        return name

    def run(self, bundle, *options, status=0, **how):
        bundle.write()
        return self("run", "--bundle", str(bundle.path), *options, self.new_id(), status=status, **how)

    def start(self, bundle, *options, status=0):
        """Runs it detached, with nothing on stdio; returns its id."""
        bundle.write()
        name = self.new_id()
        done = subprocess.run(
            self.command("run", "--detach", "--bundle", str(bundle.path), *options, name),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
        )
        assert done.returncode == status, self.last_error()
        return name

    def state(self, name):
        return json.loads(self("state", name).stdout)

    def last_error(self):
        return json.loads(self.log.read_text().splitlines()[-1]) if self.log.exists() else None

    def close(self):
        for name in self.ids:
            self("delete", "--force", name, status=None)
        shutil.rmtree(self.folder)


def copy_of(config):
    return copy.deepcopy(config)
