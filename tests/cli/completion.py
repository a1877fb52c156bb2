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


class Shell:
    """An interactive shell; line("kist ru\t") types that and gives what the line became."""

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

    def show(self, typed):
        """What the shell prints while @typed is typed, without terminal sequences."""
        self._settle(0.1)
        os.write(self.fd, typed.encode())
        text = self._settle(1.0)
        os.write(self.fd, b"\x15")  # the line goes away again
        self._settle(0.2)
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\][^\x07]*\x07|\0", "", text)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.fd)
