"""Images made by an attacker, and a runtime that falls for them.

    name = hostile.load(engine, {"dev": link("/somewhere")}, User="0")

puts an image of busybox into the engine, with these entries in place of its own and this config. `Peer`
runs the same tree with Debian's runc, 1.1.5, which is old enough to fall for some of it: the control that
an attack is one. Where it does not, the control is the naive code that the attack is about.
"""

import copy
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import uuid
from pathlib import Path

import kist

RUNC = "/usr/sbin/runc"
# Of busybox's four hundred: to make them all takes seconds where a machine is emulated.
APPLETS = {"bin/" + name for name in """sh ls cat echo sleep id mount true env touch mknod ln grep head wc stat mkdir rm
    readlink pwd tr find test""".split()}


def entry(name, kind=tarfile.REGTYPE, data=b"", link="", mode=0o755, device=(0, 0), uid=0, gid=0):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.size = kind, link, mode, len(data)
    info.uid, info.gid, info.mtime = uid, gid, 1700000000
    info.devmajor, info.devminor = device
    return info, data


def link(target):
    return {"kind": tarfile.SYMTYPE, "link": str(target)}


def node(major, minor):
    return {"kind": tarfile.CHRTYPE, "device": (major, minor), "mode": 0o666}


FIFO = {"kind": tarfile.FIFOTYPE}
FOLDER = {"kind": tarfile.DIRTYPE}


def layer(changes=None, remove=()):
    """Busybox with @changes: {path: bytes or what link(), node() say}, as one layer, so that nothing covers it."""
    out = io.BytesIO()
    changes = changes or {}
    gone = {*changes, *remove}
    with tarfile.open(fileobj=io.BytesIO(kist.busybox_file().read_bytes())) as base:
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for info in base:
                if info.issym() and info.name.startswith("bin/") and info.name not in APPLETS:
                    continue
                if not any(info.name == name or info.name.startswith(name + "/") for name in gone):
                    tar.addfile(info, base.extractfile(info) if info.isreg() else None)
            for name, what in changes.items():
                how = {"data": what} if isinstance(what, bytes) else what
                info, data = entry(name, **how)
                tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def archive(layers, config, name):
    """What docker save writes."""
    document = {
        "architecture": "amd64" if "x86_64" in subprocess.check_output(["uname", "-m"], text=True) else "arm64",
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers",
                   "diff_ids": ["sha256:" + hashlib.sha256(one).hexdigest() for one in layers]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": [f"{i}.tar" for i in range(len(layers))]}]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for what, data in [("manifest.json", json.dumps(manifest).encode()),
                           ("config.json", json.dumps(document).encode()),
                           *((f"{i}.tar", one) for i, one in enumerate(layers))]:
            info, data = entry(what, data=data, mode=0o644)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def load(engine, changes=None, remove=(), preexec=None, **config):
    name = f"hostile-{uuid.uuid4().hex[:8]}:1"
    config.setdefault("Cmd", ["true"])
    engine.kist("load", input=archive([layer(changes, remove)], config, name), text=False,
                preexec_fn=preexec)
    return name


class Canary:
    """A folder of the host that an attack wants to change or to read."""

    SECRET = "the-host's-own-words"

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir()
        (self.folder / "ptmx").write_text(self.SECRET)
        (self.folder / "hosts").write_text(self.SECRET)
        (self.folder / "sub").mkdir()
        self.before = self._look()

    def _look(self):
        seen = []
        for path in [self.folder, *sorted(self.folder.rglob("*"))]:
            st = path.lstat()
            seen.append((str(path), st.st_mode, st.st_uid, st.st_gid, st.st_size, st.st_mtime_ns))
        return seen

    def unchanged(self):
        return self._look() == self.before


class Peer:
    """Debian's runc on the tree that an image's layer makes."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.rootfs = self.folder / "rootfs"
        self.rootfs.mkdir(parents=True)
        subprocess.run([kist.program("kist-runtime"), "spec", "--bundle", str(self.folder)], check=True)
        self.config = json.loads((self.folder / "config.json").read_text())
        self.config["root"]["readonly"] = False
        self.config["process"]["rlimits"] = []
        self.config["process"]["terminal"] = False

    def unpack(self, changes=None, remove=()):
        subprocess.run(["tar", "-xf", "-", "-C", str(self.rootfs)], input=layer(changes, remove), check=True)
        return self

    def run(self, *args, options=(), **how):
        self.config["process"]["args"] = list(args)
        name = f"peer-{uuid.uuid4().hex[:8]}"
        config = copy.deepcopy(self.config)
        config["linux"]["cgroupsPath"] = f"/{kist.unique(name)}"
        (self.folder / "config.json").write_text(json.dumps(config))
        root = self.folder / "state"
        try:
            return subprocess.run(
                [RUNC, "--root", str(root), "run", "--bundle", str(self.folder), *options, name],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30, **how)
        finally:
            subprocess.run([RUNC, "--root", str(root), "delete", "--force", name],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            shutil.rmtree(root, ignore_errors=True)


def unpack(folder, changes):
    """The tree of such an image as tar makes it, for what joins strings to work on."""
    folder = Path(folder)
    folder.mkdir()
    subprocess.run(["tar", "-xf", "-", "-C", str(folder)], input=layer(changes), check=True)
    return folder
