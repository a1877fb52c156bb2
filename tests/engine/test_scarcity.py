"""Too little memory, descriptors or disk, or a folder that takes no writes: a sentence, and nothing left."""

import contextlib
import json
import os
import resource
import subprocess

import pytest

import kist
import registry


def sentences(done):
    """What was said, without the hint to --help."""
    return [line for line in done.stderr.splitlines() if line and not line.startswith("Run 'kist ")]


def has_failed_clearly(done):
    assert done.returncode in (1, 125), (done.returncode, done.stderr)
    assert len(sentences(done)) == 1, done.stderr
    return sentences(done)[0]


@contextlib.contextmanager
def mounted(folder, options, kind="tmpfs", source="tmpfs"):
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", kind, "-o", options, source, folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@contextlib.contextmanager
def full(folder):
    """Not a byte is left in @folder's file system, nor a place for a file's name where they count."""
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(b"x" * size):
                    pass
    try:
        yield
    finally:
        filler.unlink()


# ------------------------------------------------------------------------------------- memory


@pytest.mark.parametrize("flags", [("-d",), ()])
def test_more_memory_than_the_limit_is_told_as_out_of_memory(engine, flags):
    done = engine.kist("run", "--name", "greedy", "-m", "6m", *flags, "busybox", "sh", "-c",
                       "dd if=/dev/zero of=/dev/null bs=64M count=1; exit 137", status=None)
    if not flags:
        assert done.returncode == 137, done.stderr
    else:
        assert done.returncode == 0, done.stderr
    assert engine.out("wait", "greedy") == "137"
    state = engine.inspect("greedy")["State"]
    assert state["OOMKilled"] is True and state["ExitCode"] == 137
    engine.kist("rm", "greedy")


def test_the_smallest_limit_suffices_to_start(engine):
    for _ in range(5):
        done = engine.kist("run", "--rm", "-m", "6m", "busybox", "echo", "well")
        assert done.stdout == "well\n"


# -------------------------------------------------------------------------------- descriptors


@pytest.mark.parametrize("limit", [3, 4, 5, 6, 8, 10, 12, 14, 16, 20, 24, 32])
def test_few_descriptors_do_or_are_told(engine, limit):
    def lower():
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    done = engine.kist("run", "--rm", "busybox", "echo", "well", status=None, preexec_fn=lower)
    if done.returncode == 0:
        assert done.stdout == "well\n"
    elif limit > 4:  # below that there is hardly a descriptor to say it with
        has_failed_clearly(done)


def test_few_processes_are_told(engine):
    done = engine.kist("run", "--rm", "--pids-limit", "1", "busybox", "sh", "-c", "true & wait; echo well", status=None)
    assert "well" not in done.stdout or done.returncode == 0
    engine.kist("run", "--rm", "--pids-limit", "1", "busybox", "true")


# --------------------------------------------------------------------------------------- disk


@pytest.mark.parametrize("command", [("run", "-d"), ("run", "--rm"), ("run", "--rm", "-v", "/data"), ("create",)])
@pytest.mark.parametrize("which", ["root", "runroot"])
def test_a_full_disk_is_told_and_forgotten_when_there_is_room(tmp_path, which, command):
    with mounted(tmp_path / "disk", "size=24m") as disk:
        engine = kist.Engine(tmp_path / "engine")
        if which == "root":
            engine.root = disk / "root"
        else:
            engine.runroot = disk / "run"
        engine.env |= {"KIST_ROOT": str(engine.root), "KIST_RUNROOT": str(engine.runroot)}
        engine.tag = kist.tag_of(engine.root)
        with open(kist.SESSION / "tags", "a", encoding="ascii") as tags:
            tags.write(engine.tag + "\n")
        kist.Engine.tags.append(engine.tag)
        try:
            engine.load_busybox()
            before = engine.records()
            with full(disk):
                done = engine.kist(*command, "--name", "full", "busybox", "true", status=None)
                if done.returncode == 0:
                    engine.kist("rm", "-f", "full", status=None)
                else:
                    has_failed_clearly(done)
                    assert "No space left on device" in done.stderr
                    engine.kist("ps", "-a", status=None)
            engine.kist("ps", "-a", "-q")
            kist.wait_until(lambda: engine.records() == before, what="the end of the traces")
            assert engine.out("run", "--rm", "--name", "full", "busybox", "echo", "well") == "well"
        finally:
            left = engine.close()
        assert left == []


def test_a_file_system_that_is_read_only_is_told(tmp_path, engine):
    with mounted(tmp_path / "disk", "ro") as disk:
        for option in ("--root", "--runroot"):
            for command in (["ps"], ["run", "--rm", "busybox", "true"], ["images"], ["pull", "127.0.0.1:1/a"]):
                done = engine.kist(option, disk / "state", *command, status=None)
                assert str(disk / "state") in has_failed_clearly(done)


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path, engine):
    (tmp_path / "file").write_text("")
    for option in ("--root", "--runroot"):
        for path in (tmp_path / "file", tmp_path / "file" / "below"):
            done = engine.kist(option, path, "ps", status=None)
            assert str(tmp_path / "file") in has_failed_clearly(done)


def test_a_state_folder_below_that_is_a_file_is_told(engine):
    os.rmdir(engine.root / "containers") if (engine.root / "containers").exists() else None
    (engine.root / "containers").write_text("")
    done = engine.kist("run", "--rm", "busybox", "true", status=None)
    assert "containers" in has_failed_clearly(done)
    (engine.root / "containers").unlink()
    engine.kist("run", "--rm", "busybox", "true")


# ------------------------------------------------------------------------------- architecture

FOREIGN = "arm64" if registry.HOST_ARCHITECTURE != "arm64" else "amd64"


def foreign_image():
    image = registry.busybox_image()
    image.architecture = FOREIGN
    return image


@pytest.fixture
def server(tmp_path):
    with registry.Registry(tmp_path / "registry") as server:
        yield server


def test_the_platform_that_is_asked_for_is_pulled(engine, server):
    name = server.push_index([registry.busybox_image(), foreign_image()], "both:1")
    engine.kist("pull", name)
    done = engine.kist("run", "--rm", "--platform", f"linux/{FOREIGN}", name, "echo", "well", status=None)
    assert f"linux/{registry.HOST_ARCHITECTURE} only" in done.stderr
    image = json.loads(engine.out("image", "inspect", name))[0]
    assert image["Architecture"] == FOREIGN
    never = engine.kist("run", "--rm", "--pull", "never", "--platform", f"linux/{registry.HOST_ARCHITECTURE}", name,
                        "true", status=125)
    assert "does not match the specified platform" in has_failed_clearly(never)
    assert "nonsense" in has_failed_clearly(
        engine.kist("run", "--rm", "--platform", "nonsense", name, "true", status=125))


def test_an_image_for_another_machine_is_told(engine, tmp_path):
    folder = tmp_path / "layout"
    foreign_image().write_layout(folder)
    subprocess.run(["tar", "-C", folder, "-cf", tmp_path / "image.tar", "."], check=True)
    loaded = engine.out("load", "-i", tmp_path / "image.tar")
    done = engine.kist("run", "--rm", loaded.split()[-1].removeprefix("sha256:"), "echo", "well", status=None)
    assert FOREIGN in done.stderr
    assert done.returncode in (0, 125)
