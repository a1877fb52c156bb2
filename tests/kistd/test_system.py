"""What is asked of the engine as a whole, by the docker client."""

import json
import subprocess

import kist


def test_info_counts_what_there_is(kistd):
    kistd.docker("run", "-d", "--name", "one", "--network", "none", "busybox", "sleep", "60")
    kistd.docker("run", "-d", "--name", "two", "--network", "none", "busybox", "sleep", "60")
    kistd.docker("create", "--name", "three", "busybox", "true")
    kistd.docker("pause", "two")
    info = json.loads(kistd.docker("info", "--format", "{{json .}}").stdout)
    assert [info[key] for key in ("Containers", "ContainersRunning", "ContainersPaused", "ContainersStopped", "Images")] \
        == [3, 1, 1, 1, 1]
    assert info["DockerRootDir"] == str(kistd.engine.root)
    kistd.docker("unpause", "two")


def test_df_says_what_is_held(kistd):
    kistd.docker("run", "--name", "writer", "--network", "none", "-v", "data:/data", "busybox", "sh", "-c",
                 "head -c 1000000 /dev/zero >/big; head -c 5000 /dev/zero >/data/file")
    kistd.docker("tag", "busybox", "other")
    shown = kistd.get("/v1.51/system/df").json
    image, = shown["Images"]
    assert image["Containers"] == 1 and image["SharedSize"] == 0 and image["Size"] == shown["LayersSize"] > 1000000
    container, = shown["Containers"]
    assert container["SizeRw"] == 1000000
    assert container["SizeRootFs"] == 1000000 + image["Size"]
    volume, = shown["Volumes"]
    assert (volume["Name"], volume["UsageData"]) == ("data", {"RefCount": 1, "Size": 5000})
    assert shown["BuildCache"] == []
    assert set(kistd.get("/v1.51/system/df?type=volume&type=image").json) == {"LayersSize", "Images", "Volumes"}
    assert kistd.get("/v1.51/system/df?type=x").message == "unknown object type: x"
    lines = kistd.docker("system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Active}}").stdout.splitlines()
    assert lines == ["Images 1 1", "Containers 1 0", "Local Volumes 1 1", "Build Cache 0 0"]


def test_layers_of_two_images_are_shared(kistd):
    kistd.engine.kist("import", "-c", "CMD true", kist.busybox_file(), "second:latest")
    shown = kistd.get("/v1.51/system/df").json
    assert len(shown["Images"]) == 2
    for image in shown["Images"]:
        assert image["SharedSize"] == image["Size"] == shown["LayersSize"]


def test_the_door_has_no_engine():
    """What a program does not contain cannot be called in it."""
    names = subprocess.run(["nm", kist.program("kistd")], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    assert "door_run" in names and "spawner_run" in names
    for name in ("engine_open", "container_create", "container_find", "container_start", "store_image_find", "pull",
                 "monitor_start", "call_serve"):
        assert name not in names, name
    names = subprocess.run(["nm", kist.program("kist-operation")], stdout=subprocess.PIPE, text=True,
                           check=True).stdout.split()
    assert "call_serve" in names and "container_create" in names
    for name in ("http1_request_parse", "route_find", "docker_routes", "create_decode"):
        assert name not in names, name
