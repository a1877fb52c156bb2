"""A shell in a terminal of its own, and what it makes of a line and the tabulator key."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import kist

MARK = "ready> "
SPLIT_MARK = "'rea''dy> '"  # not found in the echo of the line that sets the prompt


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\][^\x07]*\x07|[\0\a]", "", text)


class Shell:
    """An interactive shell; sees("kist ru\t", "kist run ") types the first and expects the second."""

    def __init__(self, command, env, setup):
        self.fd, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True)
        os.close(slave)
        os.write(self.fd, setup.encode() + b"\n")
        self._read_until(MARK, 20)

    def _read(self, seconds):
        if not select.select([self.fd], [], [], seconds * kist.PATIENCE)[0]:
            return ""
        try:
            return os.read(self.fd, 65536).decode(errors="replace")
        except OSError:
            return ""

    def _read_until(self, mark, seconds):
        deadline = time.monotonic() + seconds * kist.PATIENCE
        text = ""
        while mark not in text:
            assert time.monotonic() < deadline, f"no {mark!r} in {text!r}"
            text += self._read(0.5)
        return text

    def _settle(self, quiet=0.4):
        text = ""
        while True:
            more = self._read(quiet)
            if not more:
                return text
            text += more

    def sees(self, typed, *expected):
        """Types @typed and waits until all of @expected has been shown; returns what was, without terminal sequences."""
        os.write(self.fd, typed.encode())
        text = ""
        deadline = time.monotonic() + 20 * kist.PATIENCE
        while not all(word in plain(text) for word in expected):
            assert time.monotonic() < deadline, f"{typed!r} brings {plain(text)!r}, which lacks one of {expected}"
            text += self._read(0.5)
        text += self._settle(0.2)
        os.write(self.fd, b"\x15")  # the line goes away again
        self._settle(0.1)
        return plain(text)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.fd)
