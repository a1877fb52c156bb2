"""Where the clients are (tests/compat-docker/install-clients), and why one is not there."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("KIST_CLIENTS") or
              Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kist-clients")
MISSING = "is not here; tests/compat-docker/install-clients gets it where there is a network"


def docker():
    """The docker client, version 28 or later."""
    for path in (FOLDER / "docker", shutil.which("docker"), "/usr/local/bin/docker"):
        if not path or not Path(path).exists():
            continue
        shown = subprocess.run([path, "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout
        found = re.search(r"version (\d+)\.", shown)
        if found and int(found.group(1)) >= 28:
            return str(path)
    pytest.skip(f"a docker client of version 28 {MISSING}")


def python():
    path = FOLDER / "python" / "bin" / "python"
    if not path.exists():
        pytest.skip(f"docker-py {MISSING}")
    return str(path)


def node():
    path = shutil.which("node")
    if not path or not (FOLDER / "node_modules" / "dockerode").is_dir():
        pytest.skip(f"dockerode {MISSING}")
    return path
