"""Programs that use the whole screen, in a terminal emulator (tmux)."""

import os
import shutil
import subprocess
import time

import kist
import pytest

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed")


class Screen:
    def __init__(self, folder, columns=90, lines=30):
        self.socket = str(folder / "tmux")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "s", "-x", str(columns), "-y", str(lines), "sh")
        self.tmux("set-option", "-g", "status", "off")

    def tmux(self, *args):
        done = subprocess.run(["tmux", "-S", self.socket, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=20, check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert done.returncode == 0, (args, done.stderr)
        return done.stdout

    def type(self, *keys):
        self.tmux("send-keys", "-t", "s", *keys)

    def lines(self):
        return [line.rstrip() for line in self.tmux("capture-pane", "-p", "-t", "s").split("\n")]

    def wait(self, condition, what):
        try:
            kist.wait_until(lambda: condition(self.lines()), what=what)
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *self.lines()])) from None

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], check=False, stderr=subprocess.DEVNULL)


@pytest.fixture
def screen(tmp_path):
    made = Screen(tmp_path)
    yield made
    made.close()


def run(engine, screen, *args):
    words = " ".join([f"KIST_ROOT={engine.root}", f"KIST_RUNROOT={engine.runroot}", *engine.command(*args)])
    screen.type(words + "; echo status $?", "Enter")


def leave_insertion(screen):
    """busybox vi forgets an Escape now and then, in any terminal."""
    def try_it(lines):
        if lines[-2].startswith("- /text"):
            return True
        screen.type("Escape")
        time.sleep(0.3)
        return False

    screen.wait(try_it, "the end of the insertion")


@pytest.mark.parametrize("verb", ["run", "exec"])
def test_an_editor(engine, screen, verb):
    engine.kist("run", "-d", "--name", "one", "--network", "none", "busybox", "sleep", "1000")
    if verb == "run":
        run(engine, screen, "run", "--name", "two", "-it", "--network", "none", "busybox", "vi", "/text")
    else:
        run(engine, screen, "exec", "-it", "one", "vi", "/text")
    screen.wait(lambda lines: lines[0] == "" and lines[1] == "~" and lines[28] == "~" and "/text" in lines[29],
                "an empty file on the whole screen")
    screen.type("i", "first", "Enter", "second")
    screen.wait(lambda lines: lines[1] == "second", "the text")
    leave_insertion(screen)
    screen.type(":", "w", "q", "Enter")
    screen.wait(lambda lines: any(line == "status 0" for line in lines), "the end")
    if verb == "exec":
        assert engine.out("exec", "one", "cat", "/text") == "first\nsecond"
    screen.type("stty -a | grep -c ' icanon'", "Enter")
    screen.wait(lambda lines: "1" in lines, "the terminal as it was")


def test_an_editor_follows_the_size(engine, screen):
    run(engine, screen, "run", "--rm", "-it", "--network", "none", "busybox", "vi", "/text")
    screen.wait(lambda lines: lines[28] == "~", "the editor")
    screen.tmux("resize-window", "-t", "s", "-x", "60", "-y", "12")
    screen.wait(lambda lines: len(lines) >= 12 and lines[10] == "~" and "/text" in lines[11], "a smaller editor")
    screen.tmux("resize-window", "-t", "s", "-x", "100", "-y", "40")
    screen.wait(lambda lines: lines[38] == "~" and "/text" in lines[39], "a larger editor")
    screen.type(":", "q", "!", "Enter")
    screen.wait(lambda lines: "status 0" in lines, "the end")


def test_a_list_that_is_drawn_again_and_again(engine, screen):
    run(engine, screen, "run", "--rm", "-it", "--network", "none", "busybox", "top", "-d", "1")
    screen.wait(lambda lines: lines[0].startswith("Mem:") and any("top -d 1" in line for line in lines), "top")
    assert any(line.split()[:1] == ["1"] for line in screen.lines())
    screen.type("q")
    screen.wait(lambda lines: "status 0" in lines, "the end")


def test_a_job_of_a_shell_is_stopped_and_goes_on_under_an_editor_of_ours(engine, screen):
    """The client itself is stopped from outside: the shell has its terminal, and the client gets it back."""
    run(engine, screen, "run", "--rm", "-it", "--network", "none", "busybox", "vi", "/text")
    screen.wait(lambda lines: lines[28] == "~", "the editor")
    client = subprocess.run(["pgrep", "-f", f"^{engine.command()[0]} run --rm"], stdout=subprocess.PIPE, text=True,
                            check=True).stdout.split()[-1]
    os.kill(int(client), 20)
    screen.wait(lambda lines: any("Stopped" in line for line in lines), "a stopped job")
    screen.type("echo in between", "Enter")
    screen.wait(lambda lines: "in between" in lines, "the shell")
    screen.type("fg", "Enter")
    screen.type("i", "word")
    screen.wait(lambda lines: lines[0] == "word", "the editor again")
    leave_insertion(screen)
    screen.type(":", "q", "!", "Enter")
    screen.wait(lambda lines: not [line for line in lines if line == "~"][27:] or "status 0" in lines, "the end")
    kist.wait_until(lambda: not engine.records(), what="the end of the container")
