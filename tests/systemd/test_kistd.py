"""kistd as the installed units run it: started by its socket, and nobody's life when it ends."""

import json
import os
import subprocess
from pathlib import Path

import kist
import pytest

UNITS = Path("/run/systemd/system")
PACKAGING = kist.TOP / "packaging" / "systemd"


def systemctl(*args, **options):
    return subprocess.run(["systemctl", *args], check=True, stdout=subprocess.PIPE, text=True, timeout=60 * kist.PATIENCE, **options).stdout


class Service:
    """The units of the tree under a name of their own, for one engine."""

    def __init__(self, engine):
        self.name = f"kistd-test-{os.getpid()}"
        self.socket = engine.folder / "docker.sock"
        options = engine.folder / "default"
        options.write_text(f'KISTD_OPTIONS="--root {engine.root} --runroot {engine.runroot}"\n')
        unit = (PACKAGING / "kistd.socket").read_text().replace("/run/kist/docker.sock", str(self.socket))
        (UNITS / f"{self.name}.socket").write_text(unit)
        unit = (PACKAGING / "kistd.service.in").read_text().replace("@KISTD@", kist.program("kistd"))
        unit = unit.replace("/etc/default/kistd", str(options)).replace("kistd.socket", f"{self.name}.socket")
        (UNITS / f"{self.name}.service").write_text(unit)
        systemctl("daemon-reload")
        systemctl("start", f"{self.name}.socket")

    def ask(self, path, method="GET", body=None):
        """The body of the answer."""
        command = ["curl", "-sS", "--fail-with-body", "--unix-socket", self.socket, "-X", method, f"http://kist{path}"]
        if body is not None:
            command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60 * kist.PATIENCE)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def follow(self, path):
        return subprocess.Popen(["curl", "-sSN", "--unix-socket", self.socket, f"http://kist{path}"], stdout=subprocess.PIPE)

    def main_pid(self):
        return int(systemctl("show", "-P", "MainPID", self.name))

    def close(self):
        subprocess.run(["systemctl", "stop", f"{self.name}.socket", f"{self.name}.service"], check=False)
        for kind in ("socket", "service"):
            (UNITS / f"{self.name}.{kind}").unlink()
        systemctl("daemon-reload")


@pytest.fixture
def service(engine):
    service = Service(engine)
    yield service
    service.close()


def run(service, name, *command):
    made = json.loads(service.ask(f"/containers/create?name={name}", "POST", {"Image": "busybox", "Cmd": list(command)}))
    service.ask(f"/containers/{made['Id']}/start", "POST")
    return made["Id"]


def test_the_first_request_starts_it(service):
    assert service.main_pid() == 0
    assert service.ask("/_ping") == "OK"
    assert service.main_pid() > 0


def test_containers_and_streams_outlive_its_restart(service, engine):
    run(service, "web", "sh", "-c", "echo one; while [ ! -e /go ]; do sleep 0.1; done; echo two; sleep 1000")
    pid, before = engine.inspect("web")["State"]["Pid"], service.main_pid()
    follower = service.follow("/containers/web/logs?follow=1&stdout=1")
    try:
        assert b"one" in follower.stdout.readline()
        systemctl("restart", service.name)
        assert service.main_pid() not in (0, before)
        assert engine.inspect("web")["State"]["Pid"] == pid
        engine.kist("exec", "web", "touch", "/go")
        assert b"two" in follower.stdout.readline()
        assert json.loads(service.ask("/containers/json"))[0]["Names"] == ["/web"]
    finally:
        follower.kill()
        follower.wait()
        follower.stdout.close()


def test_a_killed_one_comes_back_and_a_stopped_one_leaves_its_containers(service, engine):
    run(service, "web", "sleep", "1000")
    pid = engine.inspect("web")["State"]["Pid"]
    os.kill(service.main_pid(), 9)
    assert kist.wait_until(lambda: service.ask("/_ping") == "OK")
    systemctl("stop", f"{service.name}.socket", f"{service.name}.service")
    assert engine.inspect("web")["State"]["Pid"] == pid
    engine.kist("kill", "web")
    assert engine.out("wait", "web") == "137"
