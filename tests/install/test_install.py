"""What `make install` puts where, and that it works from there."""

import os
import subprocess
from pathlib import Path

import kist
import pytest

BUILD = kist.BIN.resolve().parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    if not (BUILD / "build.ninja").exists():
        pytest.skip("the programs are here without the folder that built them")
    target = tmp_path_factory.mktemp("target")
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet"], check=True,
                   env={**os.environ, "DESTDIR": str(target)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return target / "usr" / "local"


def test_the_programs_find_each_other_where_they_are_installed(installed, bare_engine):
    links = {path.name: os.readlink(path) for path in (installed / "bin").iterdir()}
    assert links["kist"] == "../libexec/kist/kist" and links["kist-runtime"] == "../libexec/kist/kist-runtime"
    bare_engine.load_busybox()
    command = [installed / "bin" / "kist", "run", "--rm", "busybox", "echo", "from there"]
    env = {name: value for name, value in bare_engine.env.items() if name != "KIST_LIBEXEC"}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                          timeout=60 * kist.PATIENCE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "from there\n", "")


def test_nothing_is_installed_that_is_not_named_here(installed):
    """A new program, page or unit is a conscious act: the package's lists follow."""
    folders = {str(path.parent.relative_to(installed)) for path in installed.rglob("*") if not path.is_dir()}
    assert folders <= {
        "bin", "sbin", "libexec/kist", "lib/systemd/system", "lib/sysusers.d", "share/man/man1", "share/man/man5",
        "share/man/man8", "share/bash-completion/completions", "share/zsh/site-functions", "share/fish/vendor_completions.d"}


def test_each_called_program_has_its_page_and_its_completions(installed):
    called = [path.name for folder in ("bin", "sbin") for path in sorted((installed / folder).glob("*"))]
    assert "kist" in called and "kist-runtime" in called
    for name in called:
        assert list(installed.glob(f"share/man/man[18]/{name}.[18]")), name
        for path in (f"bash-completion/completions/{name}", f"zsh/site-functions/_{name}",
                     f"fish/vendor_completions.d/{name}.fish"):
            text = Path(installed / "share" / path).read_text()
            assert f"{name} for" in text and "@" not in text.replace("$@", "").replace("[@]", "").replace("(@", ""), path
