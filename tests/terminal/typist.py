"""A terminal with a program in it and somebody who types.

    with Terminal(engine.command("run", "-it", "busybox", "sh"), env=engine.env) as terminal:
        terminal.expect("# ")
        terminal.type("exit 3\r")
        assert terminal.wait() == 3

The program is the leader of a session whose terminal is ours, as a shell's child would have it. The slave
stays open here, so that the terminal's modes can be looked at when the program is gone.
"""

import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from kist import PATIENCE


class Terminal:
    def __init__(self, command, env=None, rows=24, columns=80, **options):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.before = self.modes()
        self.seen = b""  # and not yet expected
        self.all = b""
        self.process = subprocess.Popen(
            command, stdin=options.pop("stdin", self.slave), stdout=options.pop("stdout", self.slave),
            stderr=options.pop("stderr", self.slave), env=env, preexec_fn=self._lead, **options)

    def _lead(self):
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def modes(self):
        return termios.tcgetattr(self.slave)

    def is_raw(self):
        return not self.modes()[3] & termios.ICANON

    def is_as_before(self):
        return self.modes() == self.before

    def type(self, keys):
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def read(self, seconds=0.0):
        """What has come by now, or comes within so many seconds of silence."""
        while select.select([self.master], [], [], seconds)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError as error:
                if error.errno == errno.EIO:
                    break
                raise
            if not data:
                break
            self.seen += data
            self.all += data
        return self.seen

    def expect(self, pattern, seconds=10.0):
        """Waits for @pattern (a regular expression) to be shown; returns the match, and forgets all before it."""
        deadline = time.monotonic() + seconds * PATIENCE
        expression = re.compile(pattern.encode() if isinstance(pattern, str) else pattern, re.DOTALL)
        while True:
            match = expression.search(self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return match
            assert time.monotonic() < deadline, f"{pattern!r} was not shown: {self.all!r}"
            self.read(0.02)

    def wait(self, seconds=20.0):
        """The exit status; a signal is negative."""
        deadline = time.monotonic() + seconds * PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end: {self.all!r}"
            self.read(0.01)
        self.read()
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        for fd in (self.master, self.slave):
            os.close(fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
