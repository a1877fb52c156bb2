"""The life of a container: create, start, stop, kill, wait, restart, rm, exec, as seen from outside."""

import os
import signal
import subprocess
import threading
import time

import kist


def test_run_gives_output_and_exit_code(engine):
    done = engine.kist("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 7", status=7)
    assert (done.stdout, done.stderr) == ("out\n", "err\n")


def test_a_signal_shows_as_128_and_its_number(engine):
    run = engine.start("run", "--rm", "--name", "one", "busybox", "sh", "-c", "echo up; exec sleep 100")
    assert run.stdout.readline() == "up\n"
    engine.kist("kill", "-s", "KILL", "one")
    assert run.wait(timeout=10) == 137
    run.communicate()


def test_detached_run_prints_the_id_and_the_container_lives_on(engine):
    container = engine.out("run", "-d", "--name", "web", "busybox", "sleep", "100")
    assert len(container) == 64 and set(container) <= set("0123456789abcdef")
    state = engine.inspect("web")["State"]
    assert state["Running"] and kist.alive(state["Pid"])
    engine.kist("rm", "-f", "web")
    assert not kist.alive(state["Pid"])


def test_stdin_goes_in_and_comes_out(engine):
    text = "line\n" * 200000
    assert engine.kist("run", "-i", "--rm", "busybox", "cat", input=text).stdout == text
    assert engine.kist("run", "--rm", "busybox", "cat", input=text).stdout == ""


def test_create_start_wait_rm(engine):
    container = engine.out("create", "--name", "one", "busybox", "sh", "-c", "exit 3")
    assert engine.inspect("one")["State"]["Status"] == "created"
    assert engine.out("start", "one") == "one"
    assert engine.out("wait", "one") == "3"
    state = engine.inspect(container[:5])["State"]
    assert (state["Status"], state["ExitCode"]) == ("exited", 3)
    assert engine.kist("start", "-a", "one", status=3)
    assert engine.out("rm", "one") == "one"


def test_stop_sends_the_stop_signal_and_kills_after_the_timeout(engine):
    polite = "trap 'exit 5' USR1; while :; do sleep 0.01; done"
    engine.kist("run", "-d", "--name", "polite", "--stop-signal", "USR1", "busybox", "sh", "-c", polite)
    time.sleep(0.2)
    engine.kist("stop", "polite")
    assert engine.inspect("polite")["State"]["ExitCode"] == 5
    engine.kist("run", "-d", "--name", "stubborn", "--stop-timeout", "1", "busybox", "sh", "-c",
                "trap '' TERM; while :; do sleep 0.01; done")
    begin = time.monotonic()
    engine.kist("stop", "stubborn")
    assert 0.9 < time.monotonic() - begin < 5
    assert engine.inspect("stubborn")["State"]["ExitCode"] == 137
    engine.kist("stop", "stubborn")  # what does not run need not be stopped
    engine.kist("rm", "polite", "stubborn")


def test_kill_sends_any_signal_and_refuses_what_does_not_run(engine):
    engine.kist("run", "-d", "--name", "one", "busybox", "sh", "-c",
                "trap 'exit 9' HUP; while :; do sleep 0.01; done")
    time.sleep(0.2)
    engine.kist("kill", "-s", "SIGHUP", "one")
    assert engine.out("wait", "one") == "9"
    assert "is not running" in engine.kist("kill", "one", status=1).stderr
    assert "Invalid signal: NOSUCH" in engine.kist("kill", "-s", "NOSUCH", "one", status=1).stderr
    engine.kist("rm", "one")


def test_many_wait_for_one(engine):
    engine.kist("run", "-d", "--name", "one", "busybox", "sleep", "100")
    waiters = [engine.start("wait", "one") for _ in range(4)]
    time.sleep(0.2)
    engine.kist("kill", "one")
    assert [w.communicate(timeout=10)[0] for w in waiters] == ["137\n"] * 4
    engine.kist("rm", "one")


def test_restart_keeps_the_files_and_gives_a_new_process(engine):
    engine.kist("run", "-d", "--name", "one", "busybox", "sh", "-c", "echo x >> /log; exec sleep 100")
    time.sleep(0.2)
    before = engine.inspect("one")["State"]["Pid"]
    engine.kist("restart", "-t", "0", "one")
    assert engine.inspect("one")["State"]["Pid"] != before
    kist.wait_until(lambda: engine.out("exec", "one", "cat", "/log") == "x\nx")
    engine.kist("rm", "-f", "one")


def test_rm_refuses_what_runs_and_what_is_not_there(engine):
    engine.kist("run", "-d", "--name", "one", "busybox", "sleep", "100")
    assert "container is running" in engine.kist("rm", "one", status=1).stderr
    engine.kist("rm", "-f", "one")
    assert "No such container: one" in engine.kist("rm", "one", status=1).stderr
    assert "No such container: one" in engine.kist("rm", "-f", "one").stderr


def test_signals_go_to_the_container(engine):
    run = engine.start("run", "--rm", "--name", "one", "busybox", "sh", "-c",
                       "trap 'exit 4' TERM; echo up; while :; do sleep 0.01; done")
    assert run.stdout.readline() == "up\n"
    run.send_signal(signal.SIGTERM)
    assert run.wait(timeout=10) == 4
    run.communicate()


def test_a_killed_client_leaves_the_container_and_its_monitor_removes_it(engine):
    run = engine.start("run", "--rm", "--name", "one", "busybox", "sh", "-c", "echo up; sleep 100")
    assert run.stdout.readline() == "up\n"
    run.kill()
    run.communicate()
    assert engine.inspect("one")["State"]["Running"]
    engine.kist("kill", "one")
    kist.wait_until(lambda: not engine.records(), what="the monitor's cleanup")


def test_exec_runs_beside_with_its_own_streams_and_code(engine):
    engine.kist("run", "-d", "--name", "one", "-e", "A=1", "busybox", "sleep", "100")
    done = engine.kist("exec", "-i", "-e", "B=2", "-w", "/tmp", "-u", "1:5", "one", "sh", "-c",
                       "id -u; id -g; pwd; echo $A$B; cat; echo e >&2; exit 6", input="in", status=6)
    assert (done.stdout, done.stderr) == ("1\n5\n/tmp\n12\nin", "e\n")
    engine.kist("exec", "one", "nosuch", status=127)
    engine.kist("exec", "one", "/etc/passwd", status=126)
    engine.kist("exec", "-d", "one", "touch", "/made")
    kist.wait_until(lambda: engine.kist("exec", "one", "ls", "/made", status=None).returncode == 0)
    engine.kist("stop", "-t", "0", "one")
    assert "is not running" in engine.kist("exec", "one", "true", status=1).stderr
    engine.kist("rm", "one")


def test_a_killed_monitor_leaves_the_truth(engine):
    container = engine.out("run", "-d", "--name", "one", "busybox", "sleep", "100")
    bundle = engine.runroot / "containers" / container
    monitor = __import__("json").loads((bundle / "monitor.json").read_text())["pid"]
    state = engine.inspect("one")["State"]
    assert state["Running"]
    os.kill(monitor, signal.SIGKILL)
    kist.wait_until(lambda: not kist.alive(monitor))
    # No command in between, which would start a new monitor.
    os.kill(state["Pid"], signal.SIGKILL)
    kist.wait_until(lambda: not kist.alive(state["Pid"]))
    state = engine.inspect("one")["State"]
    assert (state["Status"], state["ExitCode"]) == ("exited", -1)
    assert "Exited (unknown)" in engine.out("ps", "-a")
    engine.kist("start", "one")
    assert engine.inspect("one")["State"]["Running"]
    engine.kist("rm", "-f", "one")


def test_names_prefixes_and_ids_find_a_container(engine):
    container = engine.out("create", "--name", "one", "busybox", "true")
    for name in ("one", "/one", container, container[:12], container[:3]):
        assert engine.inspect(name)["Id"] == container
    assert "already in use by container" in engine.kist(
        "create", "--name", "one", "busybox", "true", status=1).stderr
    engine.kist("rm", "one")


def test_eight_at_a_time(engine):
    results = []

    def life(n):
        name = f"c{n}"
        engine.kist("run", "-d", "--name", name, "--network", "none", "busybox", "sleep", "100")
        results.append(engine.out("exec", name, "hostname"))
        engine.kist("rm", "-f", name)
        engine.kist("run", "--rm", "--network", "none", "busybox", "true")

    threads = [threading.Thread(target=life, args=(n,)) for n in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(set(results)) == 8


def test_one_name_is_given_once_however_many_ask(engine):
    asked = [engine.start("create", "--name", "same", "busybox", "true") for _ in range(8)]
    codes = sorted(p.wait(timeout=30) for p in asked)
    for p in asked:
        p.communicate()
    assert codes == [0] + [1] * 7
    engine.kist("rm", "same")


def test_ps_is_not_held_up_by_a_stopped_container(engine):
    engine.kist("run", "-d", "--name", "one", "busybox", "sleep", "100")
    pid = engine.inspect("one")["State"]["Pid"]
    monitor = int(subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], stdout=subprocess.PIPE, text=True,
                                 check=True).stdout)
    os.kill(monitor, signal.SIGSTOP)
    os.kill(pid, signal.SIGSTOP)
    assert "one" in engine.kist("ps", timeout=5).stdout
    os.kill(monitor, signal.SIGCONT)
    engine.kist("rm", "-f", "one")
