"""kistd of a test's own, and its clients.

    def test_something(kistd):
        assert kistd.get("/_ping").body == b"OK"
        kistd.docker("ps")

kistd.socket is the path it listens at; with activated=True the test holds the socket, as a service
manager would, and kistd may end and start again while clients connect.
"""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import kist
import pytest


def docker_program():
    """Docker's client, which is not part of this tree."""
    program = shutil.which("docker")
    if not program:
        pytest.skip("there is no docker client here")
    return program


class Answer:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def message(self):
        return self.json["message"]


class Connection(http.client.HTTPConnection):
    """http.client over a unix socket."""

    def __init__(self, path, timeout=30):
        super().__init__("docker", timeout=timeout * kist.PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))

    def ask(self, method, target, body=None, headers=None):
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers = {"Content-Type": "application/json", **(headers or {})}
        self.request(method, target, body, headers or {})
        response = self.getresponse()
        return Answer(response, response.read())


class Kistd:
    """Use the fixture `kistd`, or start one with a with statement."""

    def __init__(self, engine, activated=False, args=(), path=None):
        self.engine = engine
        self.socket = Path(path or engine.folder / "docker.sock")
        self.args = list(args)
        self.log = engine.folder / "kistd.log"
        self.listener = None
        self.process = None
        if activated:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(self.socket))
            self.listener.listen(4096)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        if self.listener:
            self.listener.close()

    def start(self):
        """A new process; the old one may still be ending."""
        command = [kist.program("kistd"), *self.args]
        env = dict(self.engine.env)
        options = {}
        if self.listener:
            # as sd_listen_fds(3) has it: from 3 on, and our own pid
            command = ["/bin/bash", "-c", 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@" 3<&"$FD"', "sh", *command]
            env["FD"] = str(self.listener.fileno())
            options["pass_fds"] = [self.listener.fileno()]
        else:
            command += ["--listen", f"unix://{self.socket}"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                                            **options)
        kist.wait_until(self.answers, what="kistd to answer")
        return self.process

    def answers(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("/_ping").status == 200
        except OSError:
            return False

    def stop(self, number=signal.SIGTERM, timeout=20):
        """Its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(timeout=timeout * kist.PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    @property
    def door(self):
        """The pid of the door."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in children:
            if b"door" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                return int(pid)
        raise AssertionError("there is no door")

    def connect(self, timeout=30):
        """A bare connection."""
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(timeout * kist.PATIENCE)
        client.connect(str(self.socket))
        return client

    def connection(self):
        return Connection(self.socket)

    def ask(self, method, target, body=None, headers=None):
        connection = Connection(self.socket)
        try:
            return connection.ask(method, target, body, headers)
        finally:
            connection.close()

    def get(self, target):
        return self.ask("GET", target)

    def post(self, target, body=None, headers=None):
        return self.ask("POST", target, body, headers)

    def raw(self, data, timeout=30):
        """Sends bytes, and returns everything that comes until the end."""
        client = self.connect(timeout)
        try:
            try:
                client.sendall(data)
            except BrokenPipeError:
                pass  # refused before the end
            answer = b""
            try:
                while part := client.recv(65536):
                    answer += part
            except ConnectionResetError:
                pass  # likewise
            return answer
        finally:
            client.close()

    def docker_env(self):
        return {**os.environ, "DOCKER_HOST": f"unix://{self.socket}", "DOCKER_CONFIG": str(self.engine.folder / "docker")}

    def docker(self, *args, status=0, timeout=60, **options):
        """The docker client; a CompletedProcess with text in stdout and stderr."""
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("text", True)
        done = subprocess.run([docker_program(), *map(str, args)], env=self.docker_env(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout * kist.PATIENCE, check=False, **options)
        if status is not None:
            assert done.returncode == status, (
                f"docker {' '.join(map(str, args))}: status {done.returncode}, not {status}\n"
                f"stdout: {done.stdout}\nstderr: {done.stderr}\nkistd: {self.log.read_text()}")
        return done

    def docker_start(self, *args, **options):
        """The docker client in the background: a Popen with pipes."""
        for stream in ("stdin", "stdout", "stderr"):
            options.setdefault(stream, subprocess.PIPE)
        return subprocess.Popen([docker_program(), *map(str, args)], env=self.docker_env(), **options)

    def resident(self):
        """KiB of both processes, counted by page: the sum in /proc/<pid>/status is far off after madvise."""
        total = 0
        for pid in (self.process.pid, self.door):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Rss:"):
                    total += int(line.split()[1])
        return total
