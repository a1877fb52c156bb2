"""A host, containers without an engine, and a neighbour on the host's link.

The sandbox of the tests is the host. A container is network-tool (src/network/network-tool.c), which
attaches as the engine does and holds what the monitor would hold, with a program in its namespace. The
neighbour is a namespace that a process keeps, joined by a veth: 203.0.113.1 is the host's end,
203.0.113.2 its own.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import kist

PEER = str(Path(__file__).with_name("peer.py"))
PYTHON = sys.executable
HOST = "203.0.113.1"
NEIGHBOUR = "203.0.113.2"
QUIET = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, "text": True}


def tool():
    path = kist.BIN.parent / "src" / "network" / "network-tool"
    assert path.exists(), f"{path} is not built; run make"
    return str(path)


def ident(number):
    """A container id; short ones differ too."""
    return f"{number:012x}" + "0" * 52


def run(*command, check=True, **options):
    done = subprocess.run([str(word) for word in command], check=False, **{**QUIET, **options})
    assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def inside(pid, *command):
    return ["nsenter", f"--net=/proc/{pid}/ns/net", *map(str, command)]


def ask(kind, address, port, pid=None, seconds=2):
    """What the server at that place answers to a client in the namespace of @pid; "" if nothing does."""
    command = [PYTHON, PEER, "ask", kind, address, str(port), str(seconds)]
    return run(*(inside(pid, *command) if pid else command)).stdout.strip()


class Container:
    def __init__(self, net, number, *ports, serve=(), network="bridge"):
        self.net, self.id, self.name = net, ident(number), f"c{number}"
        command = [tool(), "attach", self.id, "-n", network]
        for port in ports:
            command += ["-p", port]
        command += ["--", PYTHON, PEER, "serve", self.name, *serve]
        self.process = subprocess.Popen(command, env=net.env, start_new_session=True, **QUIET)
        self.ports, self.values = [], {}
        for line in self.process.stdout:
            words = line.split()
            if words[0] == "serving":
                break
            if words[0] == "port":
                self.ports.append((words[1], words[2], int(words[3]), int(words[4])))
            elif len(words) > 1:
                self.values[words[0]] = words[1]
        else:
            error = self.process.stderr.read()
            self.stop()
            raise AssertionError(error)
        net.containers.append(self)

    @property
    def address(self):
        return self.values["address"].split("/")[0]

    @property
    def gateway(self):
        return self.values["gateway"]

    @property
    def pid(self):
        """Of the program in the namespace."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(children.split()[0])

    def ask(self, kind, address, port, seconds=2):
        return ask(kind, address, port, self.pid, seconds)

    def kill_holder(self):
        """As if the monitor had been killed: the program lives on, the sockets are gone."""
        self.program = self.pid
        self.process.kill()
        self.process.wait()

    def stop(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class Net:
    """The networks of one --root."""

    def __init__(self, folder):
        self.engine = kist.Engine(folder)
        self.env = self.engine.env
        self.containers = []
        self.tag = self.engine.tag

    def attach(self, number, *ports, **options):
        return Container(self, number, *ports, **options)

    def refused(self, number, *ports):
        """The sentence with which an attachment fails."""
        options = [word for port in ports for word in ("-p", port)]
        done = run(tool(), "attach", ident(number), *options, env=self.env, check=False)
        assert done.returncode == 125, done
        return done.stderr.strip()

    def detach(self, number):
        return run(tool(), "detach", ident(number), env=self.env)

    def files(self):
        """Everything below run/network that is no folder."""
        top = self.engine.runroot / "network"
        return sorted(str(path.relative_to(top)) for path in top.rglob("*") if not path.is_dir())

    def close(self):
        for container in self.containers:
            container.stop()
            run(tool(), "detach", container.id, env=self.env)
        left = self.files()
        links = run("ip", "-o", "link").stdout
        tables = run("nft", "list", "tables").stdout
        self.engine.root = Path("/nonexistent")  # there are no containers for kist to remove
        self.engine.close()
        assert left == []
        assert self.tag not in links
        assert self.tag not in tables


class Neighbour:
    """Whoever shares a link with the host."""

    def __init__(self):
        self.process = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; exec sleep 600"],
                                        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.process.stdout.readline()
        self.pid = self.process.pid
        run("ip", "link", "add", "nb0", "type", "veth", "peer", "name", "nb1", "netns", self.pid)
        run("ip", "addr", "add", f"{HOST}/24", "dev", "nb0")
        run("ip", "link", "set", "nb0", "up")
        self.run("ip", "addr", "add", f"{NEIGHBOUR}/24", "dev", "nb1")
        self.run("ip", "link", "set", "nb1", "up")
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *command):
        return run(*inside(self.pid, *command))

    def ask(self, kind, address, port, seconds=2):
        return ask(kind, address, port, self.pid, seconds)

    def serve(self, *places):
        """Starts a server there; the caller ends it."""
        process = subprocess.Popen(inside(self.pid, PYTHON, PEER, "serve", "neighbour", *places), **QUIET)
        process.stdout.readline()
        return process

    def close(self):
        run("ip", "link", "del", "nb0", check=False)
        kist.kill_and_reap(self.process)


def loopback_by_link(pid, device, gateway):
    """From now on the namespace of @pid sends what is for 127.0.0.0/8 out by @device."""
    for command in (["ip", "addr", "flush", "dev", "lo"],
                    ["sh", "-c", f"echo 1 >/proc/sys/net/ipv4/conf/{device}/route_localnet"],
                    ["ip", "route", "add", "127.0.0.0/8", "via", gateway, "dev", device, "onlink"]):
        run(*inside(pid, *command))
