"""Drives `kist-worker fetch` as kist does (src/registry/fetch-wire.h), so that a test sees what it
says and sends without a store behind it."""

import array
import hashlib
import os
import socket
import struct
import subprocess
import threading
from dataclasses import dataclass, field

DATA, ERROR = 2, 4
CONTROL = 3
JOB, DOCUMENT, LAYER, RESOLVED, BLOB = 32, 33, 34, 35, 36
KINDS = ["none", "invalid", "not-found", "conflict", "denied", "unavailable", "exhausted",
         "unsupported", "corrupt", "command-not-found", "command-not-executable", "system"]
WORD, SECRET, PLATFORM = 512, 16 << 10, 32


class FetchError(Exception):
    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


@dataclass
class Result:
    named: str = ""
    manifest: bytes = b""
    config: bytes = b""
    layers: list = field(default_factory=list)  # (type, size, digest)
    blobs: list = field(default_factory=list)   # (size, digest) as they came


def _words(*words):
    return b"".join(word.encode().ljust(size, b"\0") for word, size in words)


class Worker:
    """One worker and its socket. @program is the path of kist-worker-fetch."""

    def __init__(self, program, ca_file=None, timeout=120):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(timeout)
        argv = [str(program), "fetch", *([str(ca_file)] if ca_file else [])]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        pass_fds=[CONTROL],
                                        preexec_fn=lambda: os.dup2(theirs.fileno(), CONTROL))
        theirs.close()
        self.socket = ours

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.kill()
        self.process.wait()

    def send_job(self, domain, repository, reference="latest", platform=("linux", "amd64", ""),
                 username="", password="", token="", proxy=""):
        self.send(JOB, _words(
            (domain, WORD), (repository, WORD), (reference, WORD), (repository, WORD),
            *((word, PLATFORM) for word in platform), (proxy, WORD), ("", WORD),
            (username, WORD), (password, SECRET), (token, SECRET)))

    def send(self, kind, data, fd=None):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd else []
        self.socket.sendmsg([struct.pack("I", kind) + data], rights)

    def receive(self):
        try:
            packet = self.socket.recv(1 << 17)
        except ConnectionResetError:
            packet = b""
        if not packet:
            raise EOFError("the worker is gone")
        kind, data = struct.unpack("I", packet[:4])[0], packet[4:]
        if kind == ERROR:
            raise FetchError(KINDS[struct.unpack("I", data[:4])[0]], data[4:].decode())
        return kind, data

    def resolve(self):
        result = Result()
        while True:
            kind, data = self.receive()
            if kind == DOCUMENT:
                role, _, size = struct.unpack("IIQ", data[:16])
                text = b""
                while len(text) < size:
                    kind, data = self.receive()
                    assert kind == DATA
                    text += data
                setattr(result, ["manifest", "config"][role], text)
            elif kind == LAYER:
                media_type, _, size = struct.unpack("IIQ", data[:16])
                result.layers.append((media_type, size, data[16:].rstrip(b"\0").decode()))
            else:
                assert kind == RESOLVED
                result.named = data.rstrip(b"\0").decode()
                return result

    def fetch_blob(self, layer):
        """Gives the worker a pipe; returns the end to read from."""
        reader, writer = os.pipe()
        self.send(BLOB, struct.pack("I", layer), writer)
        os.close(writer)
        return reader

    def fetch_all(self, result):
        """All layers side by side, three at once; raises what the worker says."""
        slots = threading.Semaphore(3)
        result.blobs = [None] * len(result.layers)

        def read(index, reader):
            digest, size = hashlib.sha256(), 0
            with open(reader, "rb", buffering=0) as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
                    size += len(chunk)
            result.blobs[index] = (size, "sha256:" + digest.hexdigest())
            slots.release()

        threads = []
        for index in range(len(result.layers)):
            slots.acquire()
            thread = threading.Thread(target=read, args=(index, self.fetch_blob(index)))
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()
        for (_, size, digest), got in zip(result.layers, result.blobs):
            if got != (size, digest):
                self.receive()  # says why
        return result


def fetch(program, *job, ca_file=None, **more):
    """Everything: the documents and the layers."""
    with Worker(program, ca_file=ca_file) as worker:
        worker.send_job(*job, **more)
        return worker.fetch_all(worker.resolve())
