"""ps with many containers: what it remembers from last time never shows what is no longer so."""

import os
import signal
import time
from pathlib import Path

import kist

MANY = 24


def listed(engine):
    lines = engine.out("ps", "-a", "--no-trunc", "--format", "{{.Names}}|{{.State}}|{{.Status}}|{{.Command}}|{{.Labels}}")
    return dict(line.split("|", 1) for line in lines.splitlines())


def test_a_list_read_twice_is_the_same_and_the_second_opens_no_record(engine):
    for number in range(MANY):
        engine.kist("create", "--name", f"many{number}", "-l", f"n={number}", "busybox", "echo", str(number))
    time.sleep(0.3)
    first = listed(engine)
    assert len(first) == MANY and first["many3"] == 'created|Created|"echo 3"|n=3'
    assert (Path(engine.runroot) / "list").exists()
    # The second reads the file alone: a record that cannot be read any more is not missed.
    hidden = Path(engine.root) / "containers" / engine.inspect("many3")["Id"] / "record.json"
    content = hidden.read_bytes()
    times = (hidden.parent.stat().st_atime_ns, hidden.parent.stat().st_mtime_ns)
    hidden.write_bytes(b"{" + content[1:-1] + b" ")
    assert hidden.parent.stat().st_mtime_ns == times[1]
    assert listed(engine) == first
    hidden.write_bytes(content)


def test_every_change_shows_at_once(engine):
    for number in range(MANY):
        engine.kist("create", "--name", f"many{number}", "busybox", "sh", "-c", "exit 3")
    time.sleep(0.3)
    assert len(listed(engine)) == MANY
    engine.kist("start", "-a", "many1", status=3)
    assert listed(engine)["many1"].startswith("exited|Exited (3)")
    time.sleep(0.3)
    listed(engine)
    engine.kist("start", "-a", "many1", status=3)
    assert listed(engine)["many1"].startswith("exited|Exited (3)")
    engine.kist("rm", "many2")
    engine.kist("run", "-d", "--name", "fresh", "busybox", "sleep", "100")
    now = listed(engine)
    assert "many2" not in now and now["fresh"].startswith("running|Up")
    engine.kist("kill", "fresh")
    engine.kist("wait", "fresh")
    assert listed(engine)["fresh"].startswith("exited|Exited (137)")


def test_a_damaged_file_is_written_anew(engine):
    for number in range(MANY):
        engine.kist("create", "--name", f"many{number}", "busybox", "true")
    time.sleep(0.3)
    first = listed(engine)
    file = Path(engine.runroot) / "list"
    whole = file.read_bytes()
    for damaged in (b"", whole[:5], whole[:-7], whole[:200] + b"\xff" * 64 + whole[264:], whole[:8] + whole[9:]):
        file.write_bytes(damaged)
        assert listed(engine) == first


def test_running_containers_are_asked_for_their_state(engine):
    for number in range(MANY):
        engine.kist("run", "-d", "--name", f"many{number}", "--network", "none", "busybox", "sleep", "100")
    time.sleep(1.5)
    assert all(line.startswith("running|Up") for line in listed(engine).values())
    pid = engine.inspect("many1")["State"]["Pid"]
    monitor = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    engine.kist("kill", "many0")
    engine.kist("wait", "many0")
    os.kill(monitor, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    os.kill(monitor, signal.SIGKILL)
    kist.wait_until(lambda: not kist.alive(pid), what="the end of the process")
    now = listed(engine)
    assert now["many0"].startswith("exited|Exited (137)")
    assert now["many1"].startswith("exited|Exited")
    assert listed(engine)["many1"] == now["many1"]
    assert now["many2"].startswith("running|Up")
