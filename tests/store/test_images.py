"""Images: what comes in is found, listed, shared with other tools, and gone when it is removed."""

import gzip
import json
import os
import subprocess
from pathlib import Path

import pytest
from layers import file, layer


def skopeo(*words):
    return subprocess.run(["skopeo", *words], check=True, capture_output=True).stdout


@pytest.fixture
def image(store):
    """busybox-like: one layer, with a config worth looking at."""
    store.run("import", "box", 'CMD ["sh"]', "ENV A=b", "USER 5", "WORKDIR /w", "LABEL k=v",
              data=layer(file("f", b"content")))
    return store


def test_an_imported_image_is_found_by_name_id_and_digest(image):
    by_name = image.run("find", "box")
    digest, manifest = by_name.split()[:2]
    for name in ("box:latest", "docker.io/library/box", digest, digest[7:19], digest[7:], f"box@{manifest}"):
        assert image.run("find", name) == by_name, name
    assert "user=5 dir=/w [docker.io/library/box:latest] [A=b] [] [sh] [k=v]" in by_name


def test_what_is_not_there_is_said_in_dockers_words(image):
    assert image.run("find", "nothing", fails=True) == "not-found: No such image: nothing:latest"
    assert image.run("find", "0123456789ab", fails=True).startswith("not-found: No such image: 0123456789ab")
    assert image.run("find", "UPPER", fails=True).startswith("invalid: invalid reference format")


def test_other_tools_read_the_layout(image, tmp_path):
    where = f"oci:{image.root}/images:docker.io/library/box:latest"
    assert json.loads(skopeo("inspect", where))["Env"] == ["A=b"]
    skopeo("copy", "-q", where, f"dir:{tmp_path}/copy")


@pytest.mark.parametrize("kind", ["docker-archive", "oci-archive"])
@pytest.mark.parametrize("way", ["file", "pipe", "gzip", "zstd"])
def test_archives_load_as_they_were_saved(image, tmp_path, kind, way):
    archive = tmp_path / "archive.tar"
    before = image.run("find", "box").split()
    skopeo("copy", "-q", f"oci:{image.root}/images:docker.io/library/box:latest", f"{kind}:{archive}:new/name:1")
    image.run("rmi", "box")
    assert image.files() == []
    data = archive.read_bytes()
    if way == "gzip":
        data = gzip.compress(data)
    if way == "zstd":
        data = subprocess.run(["zstd", "-qc"], input=data, capture_output=True, check=True).stdout
    if way == "file":
        with open(archive, "rb") as source:
            done = subprocess.run([image.tool, "load"], stdin=source, env=image.environment,
                                  capture_output=True, check=True)
        assert done.stdout == b"Loaded image: new/name:1\n"
    else:
        assert image.run("load", data=data) == "Loaded image: new/name:1"
    after = image.run("find", "new/name:1").split()
    assert after[7:] != [] and "[A=b]" in after and "user=5" in after
    if kind == "oci-archive":
        assert after[0] == before[0]
        skopeo("inspect", f"oci:{image.root}/images:docker.io/new/name:1")
    assert (Path(after[-1]) / "f").read_bytes() == b"content"
    assert image.folders("staging") == [] and image.folders("intents") == []


def test_a_damaged_archive_is_refused_and_leaves_nothing(image, tmp_path):
    archive = tmp_path / "archive.tar"
    skopeo("copy", "-q", f"oci:{image.root}/images:docker.io/library/box:latest", f"docker-archive:{archive}:n:1")
    image.run("rmi", "box")
    data = archive.read_bytes()
    for cut in range(0, len(data) - 1024, 1536):
        image.run("load", data=data[:cut], fails=True)
        assert image.files() == [] and image.folders("staging") == []
    changed = data.replace(b"content", b"CONTENT")
    said = image.run("load", data=changed, fails=True)
    assert said.startswith("corrupt:") and "digest" in said, said
    assert image.files() == []


def test_a_plain_tar_is_no_archive(image):
    said = image.run("load", data=layer(file("f")), fails=True)
    assert said.startswith("invalid:") and "import" in said


def test_removing_follows_docker(image):
    digest = image.run("find", "box").split()[0]
    image.run("tag", "box", "other:1")
    assert "must be forced" in image.run("rmi", digest, fails=True)
    assert image.run("rmi", "other:1") == "Untagged: other:1"
    image.environment["IN_USE"] = "c" * 64
    said = image.run("rmi", "box", fails=True)
    assert said.startswith('conflict: conflict: unable to remove repository reference "box:latest" (must force)')
    del image.environment["IN_USE"]
    lines = image.run("rmi", "box").splitlines()
    assert lines[:2] == ["Untagged: box:latest", f"Deleted: {digest}"]
    assert image.files() == []


def test_layers_that_others_share_stay(image):
    image.run("import", "second", "ENV X=y", data=layer(file("f", b"content")))
    image.run("rmi", "box")
    at = Path(image.run("find", "second").splitlines()[1])
    assert (at / "f").read_bytes() == b"content"
    image.run("rmi", "second")
    assert image.files() == []


def test_a_tag_that_moves_leaves_the_old_image_nameless(image):
    old = image.run("find", "box").split()[0]
    image.run("import", "box", data=layer(file("g")))
    listed = image.run("images").splitlines()
    assert len(listed) == 2
    assert [line for line in listed if line.startswith(old) and "[] [A=b]" in line]


def test_imports_side_by_side_do_not_meet(store):
    data = layer(*[file(f"f{i}", b"d" * 1000) for i in range(50)])
    running = [store.start("import", f"n{i}", f"ENV I={i}", stdin=subprocess.PIPE) for i in range(6)]
    for process in running:
        out, said = process.communicate(data, timeout=60)
        assert process.returncode == 0, said
    assert len(store.run("images").splitlines()) == 6
    for i in range(6):
        store.run("rmi", f"n{i}")
    assert store.files() == []


def test_no_descriptor_is_left_to_the_next(image):
    """Each worker gets what it was given; nothing of the caller's leaks through."""
    secret = os.open(image.root, os.O_RDONLY)
    os.set_inheritable(secret, True)
    process = image.start("import", "leak", stdin=subprocess.PIPE, close_fds=False)
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        confined = []
        while len(confined) < 2:  # both have entered their sandbox and wait for the layer
            confined = [pid for pid in children.read_text().split()
                        if "Seccomp:\t2" in Path(f"/proc/{pid}/status").read_text()]
        for child in confined:
            assert str(image.root) not in [os.readlink(p) for p in Path(f"/proc/{child}/fd").iterdir()]
    finally:
        os.close(secret)
        process.communicate(layer(file("f")))
