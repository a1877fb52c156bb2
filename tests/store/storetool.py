"""A store of the test's own, driven by store-tool."""

import os
import subprocess
from pathlib import Path

import kist

BUILD = kist.BIN.parent


class Store:
    def __init__(self, folder):
        self.folder = folder
        self.root = folder / "root"
        self.tool = BUILD / "src/cmd/worker/store-tool"
        self.environment = {**os.environ, "KIST_ROOT": str(self.root), "KIST_RUNROOT": str(folder / "run"),
                            "KIST_LIBEXEC": os.environ.get("KIST_LIBEXEC", str(BUILD / "bin"))}

    def start(self, *words, **options):
        return subprocess.Popen([self.tool, *words], env=self.environment, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **options)

    def run(self, *words, data=b"", fails=False):
        done = subprocess.run([self.tool, *words], env=self.environment, input=data, capture_output=True,
                              timeout=120, check=False)
        text = done.stderr.decode(errors="replace")
        assert (done.returncode != 0) == fails, text or done.stdout
        return text.strip() if fails else done.stdout.decode().strip()

    def load_layer(self, data, name="test"):
        """Imports the tar as an image; the folder of its layer."""
        self.run("import", name, data=data)
        return Path(self.run("find", name).splitlines()[1])

    def refuse_layer(self, data):
        """The one sentence that refuses it; nothing may be left."""
        before = self.files()
        said = self.run("import", "test", data=data, fails=True)
        assert "\n" not in said, said
        assert self.files() == before
        return said

    def files(self):
        """Everything there is, but for what only says that a store is here."""
        return sorted(str(p.relative_to(self.root)) for p in self.root.rglob("*") if not p.is_dir()
                      and p.name not in (".lock", "oci-layout", "index.json"))

    def folders(self, name):
        return sorted(p.name for p in (self.root / name).iterdir()) if (self.root / name).exists() else []
