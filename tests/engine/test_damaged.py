"""A record that is damaged: the rest goes on, one sentence names it, and it can be removed."""

import json
import os

import pytest

import kist
import registry

DAMAGES = {
    "empty": lambda text: "",
    "cut": lambda text: text[: len(text) // 2],
    "noise": lambda text: "\0\xff{",
    "another's": lambda text: text.replace(json.loads(text)["id"], "0" * 64),
    "version": lambda text: text.replace('"version":1', '"version":9'),
}


def damage(path, how):
    text = path.read_text()
    path.write_text(DAMAGES[how](text), encoding="latin-1")
    assert path.read_text(encoding="latin-1") != text


def one_sentence(stderr, *words):
    lines = [line for line in stderr.splitlines() if line and not line.startswith("Run 'kist ")]
    assert len(lines) == 1, stderr
    for word in words:
        assert word in lines[0], stderr


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_container_is_named_and_can_be_removed(engine, how):
    whole = engine.out("run", "-d", "--name", "whole", "busybox", "sleep", "60")
    broken = engine.out("run", "-d", "--name", "broken", "-p", "127.0.0.1::80", "busybox", "sleep", "60")
    pid = engine.inspect("broken")["State"]["Pid"]
    damage(engine.root / "containers" / broken / "record.json", how)

    done = engine.kist("ps", "-a", "-q", "--no-trunc", status=1)
    assert done.stdout.split() == [whole]
    one_sentence(done.stderr, broken[:12], f"kist rm -f {broken[:12]}")
    one_sentence(engine.kist("rm", "broken", status=1).stderr, broken[:12])
    engine.kist("info")

    engine.kist("rm", "-f", broken[:12])
    kist.wait_until(lambda: not kist.alive(pid), what="the end of the damaged container")
    assert engine.out("ps", "-a", "-q", "--no-trunc") == whole
    engine.kist("run", "--rm", "--name", "broken", "busybox", "true")


@pytest.mark.parametrize("flags", [(), ("--rm",)])
def test_a_damaged_container_is_removed_by_its_name(engine, flags):
    broken = engine.out("run", "-d", "--name", "broken", *flags, "busybox", "sleep", "60")
    pid = engine.inspect("broken")["State"]["Pid"]
    folder = engine.runroot if "--rm" in flags else engine.root
    damage(folder / "containers" / broken / "record.json", "cut")
    # what it uses is not known, so that it may be anything
    one_sentence(engine.kist("rmi", "busybox", status=1).stderr, broken[:12])
    engine.kist("rm", "-f", "broken")
    kist.wait_until(lambda: not kist.alive(pid), what="the end of the damaged container")
    assert engine.kist("ps", "-a", "-q").stdout == ""


def test_a_damaged_container_that_ends_is_cleaned_up(engine):
    broken = engine.out("run", "-d", "-i", "-p", "127.0.0.1::80", "busybox", "sleep", "0.5")
    damage(engine.root / "containers" / broken / "record.json", "noise")
    kist.wait_until(lambda: not (engine.runroot / "containers" / broken).exists(), what="its cleanup")
    engine.kist("ps", "-a", status=1)
    engine.kist("rm", "-f", broken)


def image_record(engine):
    (record,) = (engine.root / "images" / "records").iterdir()
    return record


@pytest.mark.parametrize("how", ["empty", "cut", "noise"])
def test_a_damaged_image_is_named_and_can_be_removed(engine, how):
    ident = engine.out("images", "-q", "--no-trunc").removeprefix("sha256:")
    engine.kist("tag", "busybox", "other:1")
    damage(image_record(engine), how)

    done = engine.kist("images", "-q", status=1)
    assert done.stdout == ""
    one_sentence(done.stderr, ident[:12], f"kist rmi {ident[:12]}")
    one_sentence(engine.kist("run", "--rm", "busybox", "true", status=125).stderr, f"kist rmi {ident[:12]}")

    engine.kist("rmi", "-f", ident[:12])
    assert engine.kist("images", "-q").stdout == ""
    for folder in ("layers", "images/refs", "images/records", "images/blobs/sha256"):
        assert os.listdir(engine.root / folder) == [], folder


def test_a_damaged_image_is_mended_by_importing_it_again(engine, tmp_path):
    engine.kist("tag", "busybox", "other:1")
    damage(image_record(engine), "cut")
    (ident,) = (p.name.removesuffix(".json") for p in (engine.root / "images" / "records").iterdir())
    engine.kist("rmi", "busybox", status=None)
    engine.kist("images", status=None)
    engine.kist("rmi", "-f", ident[:12])
    engine.load_busybox()
    engine.kist("run", "--rm", "busybox", "true")
    engine.kist("rmi", "busybox")


def test_one_damaged_image_does_not_hide_the_others(engine):
    record = image_record(engine)
    engine.kist("import", "-c", "ENV A=1", kist.busybox_file(), "second:1")
    damage(record, "empty")
    done = engine.kist("images", "--format", "{{.Repository}}", status=1)
    assert done.stdout.split() == ["second"]
    engine.kist("run", "--rm", "second:1", "true")
    engine.kist("rmi", "second:1")
    engine.kist("rmi", "-f", record.name.removesuffix(".json"))
    assert os.listdir(engine.root / "layers") == []


def test_a_damaged_reference_is_told_and_removed(engine):
    (reference,) = (engine.root / "images" / "refs").iterdir()
    reference.write_text("{")
    one_sentence(engine.kist("run", "--rm", "busybox", "true", status=125).stderr, "busybox:latest", "damaged")
    engine.kist("tag", engine.out("images", "-q"), "other:1")
    engine.kist("run", "--rm", "other:1", "true")
    engine.kist("rmi", "busybox")
    assert not reference.exists()
    engine.kist("run", "--rm", "other:1", "true")


def test_a_damaged_image_is_mended_by_pulling_it_again(bare_engine, tmp_path):
    with registry.Registry(tmp_path / "registry") as server:
        name = server.push(registry.busybox_image(), "mend:1")
        bare_engine.kist("pull", name)
        bare_engine.kist("tag", name, "other:1")
        damage(image_record(bare_engine), "cut")
        bare_engine.kist("pull", name)
    for which in (name, "other:1"):
        bare_engine.kist("run", "--rm", which, "true")
    assert set(bare_engine.out("images", "--format", "{{.Repository}}").split()) == {name.removesuffix(":1"), "other"}
