"""Events: who did what, written down without a daemon, read by whoever wants to know."""

import json
import os
import signal
import time

import kist


def told(engine, *args, since="1h"):
    """The events there are, as documents."""
    lines = engine.out("events", "--since", since, "--until", "0s", "--format", "json", *args).splitlines()
    return [json.loads(line) for line in lines]


def words(events):
    return [(event["Type"], event["Action"]) for event in events]


def test_the_life_of_a_container_is_told_in_order_in_dockers_words(engine):
    container = engine.out("run", "-d", "--name", "web", "--label", "tier=front", "busybox", "sleep", "100")
    engine.kist("stop", "-t", "0", "web")
    engine.kist("start", "web")
    engine.kist("rename", "web", "shop")
    engine.kist("rm", "-f", "shop")
    events = [event for event in told(engine) if event["Type"] != "image"]
    assert words(events) == [
        ("container", "create"), ("network", "connect"), ("container", "start"),
        ("container", "kill"), ("container", "die"), ("network", "disconnect"), ("container", "stop"),
        ("network", "connect"), ("container", "start"),
        ("container", "rename"),
        ("container", "die"), ("network", "disconnect"), ("container", "destroy"),
    ] or words(events) == [
        ("container", "create"), ("network", "connect"), ("container", "start"),
        ("container", "kill"), ("container", "die"), ("container", "stop"), ("network", "disconnect"),
        ("network", "connect"), ("container", "start"),
        ("container", "rename"),
        ("container", "die"), ("network", "disconnect"), ("container", "destroy"),
    ]
    first = events[0]
    assert first["Actor"] == {"ID": container, "Attributes": {"image": "busybox", "name": "web", "tier": "front"}}
    assert (first["status"], first["id"], first["from"], first["scope"]) == ("create", container, "busybox", "local")
    assert first["time"] == first["timeNano"] // 10**9
    deaths = [event["Actor"]["Attributes"] for event in events if event["Action"] == "die"]
    assert [death["exitCode"] for death in deaths] == ["137", "137"]
    assert deaths[1]["name"] == "shop"  # as it was called when it ended
    times = [event["timeNano"] for event in events]
    assert times == sorted(times)


def test_a_death_is_told_at_once_when_nobody_is_attached_and_when_somebody_does_not_read(engine):
    for args in (["-d"], []):
        watch = engine.start("events", "--filter", "event=die", "--format", "{{.Actor.Attributes.exitCode}}")
        time.sleep(0.2)
        run = engine.start("run", "--rm", *args, "busybox", "sh", "-c",
                           "yes | head -c 120000; exit 9" if not args else "exit 9")
        assert watch.stdout.readline() == "9\n"
        kist.kill_and_reap(watch)
        run.communicate()


def test_a_reader_that_comes_back_misses_nothing(engine):
    seen = []
    for round_ in range(3):
        engine.kist("run", "--rm", "--name", f"c{round_}", "busybox", "true")
        since = str(seen[-1]["timeNano"] / 10**9) if seen else "1h"
        new = [e for e in told(engine, since=since) if not seen or e["timeNano"] > seen[-1]["timeNano"]]
        seen += new
    assert seen == told(engine)
    assert [e["Actor"]["Attributes"]["name"] for e in seen if e["Action"] == "die"] == ["c0", "c1", "c2"]


def test_filters_choose(engine):
    one = engine.out("run", "-d", "--name", "one", "--label", "a=b", "busybox", "sleep", "100")
    engine.kist("run", "-d", "--name", "two", "busybox", "sleep", "100")
    engine.kist("kill", "two")
    kist.wait_until(lambda: told(engine, "--filter", "event=die"), what="the death")
    assert words(told(engine, "--filter", "container=one", "--filter", "type=container")) == [
        ("container", "create"), ("container", "start")]
    assert len(told(engine, "--filter", f"container={one[:10]}", "--filter", "event=start")) == 1
    assert len(told(engine, "--filter", "label=a")) == 2
    assert len(told(engine, "--filter", "label=a=c")) == 0
    assert len(told(engine, "--filter", "event=create", "--filter", "event=kill")) == 3
    assert {e["Type"] for e in told(engine, "--filter", "type=network")} == {"network"}
    assert told(engine, "--filter", "image=busybox:latest", "--filter", "type=container") == []
    assert "invalid filter 'nonsense'" in engine.kist("events", "--filter", "nonsense=1", status=1).stderr


def test_the_death_of_a_container_whose_monitor_was_killed_is_told_once(engine):
    engine.kist("run", "-d", "--name", "orphan", "busybox", "sleep", "100")
    state = engine.inspect("orphan")["State"]
    folder = next((engine.runroot / "containers").iterdir())
    monitor = json.loads((folder / "monitor.json").read_text())["pid"]
    os.kill(monitor, signal.SIGKILL)
    os.kill(state["Pid"], signal.SIGKILL)
    kist.wait_until(lambda: not kist.alive(state["Pid"]), what="its end")
    for _ in range(3):
        engine.kist("ps", "-a")
    assert words(told(engine, "--filter", "event=die")) == [("container", "die")]


def test_the_log_is_bounded_and_a_follower_sees_what_comes_behind_its_end(engine):
    engine.kist("create", "--name", "first", "busybox", "true")
    log = engine.runroot / "events" / "log"
    watch = engine.start("events", "--since", "1h", "--filter", "event=create", "--format", "{{.Actor.Attributes.name}}")
    assert watch.stdout.readline() == "first\n"
    line = json.dumps({"Type": "container", "Action": "tick", "Actor": {"ID": "x", "Attributes": {}},
                       "timeNano": time.time_ns()}) + "\n"
    with open(log, "a", encoding="ascii") as file:
        file.write(line * (8 * 1024 * 1024 // len(line)))
        file.write('{"torn')  # of a full disk
    engine.kist("create", "--name", "glued", "busybox", "true")
    engine.kist("create", "--name", "second", "busybox", "true")
    assert watch.stdout.readline() == "second\n"
    assert (log.parent / "log.1").exists() and log.stat().st_size < 1000000
    names = engine.out("events", "--since", "1h", "--until", "0s", "--filter", "event=create", "--format",
                       "{{.Actor.Attributes.name}}").split()
    assert names == ["first", "second"]
    kist.kill_and_reap(watch)


def test_an_image_is_told_of(engine):
    engine.kist("tag", "busybox", "other:1")
    engine.kist("rmi", "other:1")
    events = told(engine, "--filter", "type=image")
    assert [(e["Action"], e["Actor"]["Attributes"].get("name")) for e in events][-2:] == [
        ("tag", "other:1"), ("untag", "other:1")]
