"""tools/demo: works, works again, and leaves nothing however it ends. leakcheck sees what it leaves."""

import os
import signal
import socket
import subprocess
import time

import kist
import pytest


def start(port):
    env = {**os.environ, "BUILD": str(kist.BIN.parent), "PORT": str(port)}
    env.pop("KIST_ROOT", None)
    return subprocess.Popen([kist.TOP / "tools" / "demo"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True)


def test_the_demo_works_twice():
    for _ in range(2):
        demo = start(kist.free_port())
        text, _ = demo.communicate(timeout=120 * kist.PATIENCE)
        assert demo.returncode == 0, text
        assert "Hello from a container" in text and "kist run -d returned after" in text
        assert text.endswith("Nothing is left.\n")
        assert "\x1b" not in text


@pytest.mark.parametrize("milliseconds", [50, 200, 350, 500, 700])
def test_the_demo_can_be_interrupted(milliseconds):
    demo = start(kist.free_port())
    time.sleep(milliseconds / 1000)
    demo.send_signal(signal.SIGTERM)
    text, _ = demo.communicate(timeout=60 * kist.PATIENCE)
    assert demo.returncode in (0, 143, -signal.SIGTERM), text


def test_a_busy_port_is_told():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        demo = start(busy.getsockname()[1])
        text, _ = demo.communicate(timeout=60 * kist.PATIENCE)
    assert demo.returncode == 1
    assert "is in use by another program" in text and "PORT=" in text
