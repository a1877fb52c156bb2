"""Many containers, eight at a time, through their whole life: nothing adds up."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import kist
import leakcheck as check

CYCLES = int(os.environ.get("KIST_CYCLES", "200"))  # tests/nightly: 5000
AT_A_TIME = 8


def take():
    return check.Snapshot(kist.Engine.living, kist.Engine.tags)


def cycle(engine, number):
    """Every second one has a port, every third one a volume; every fifth fails on purpose."""
    name = f"cycle{number}"
    options = ["-p", "80"] if number % 2 else ["--network", "none"]
    options += ["-v", "/data"] if number % 3 == 0 else []
    engine.kist("create", "--name", name, "--stop-signal", "KILL", *options, "busybox", "sleep", "1000")
    engine.kist("start", name)
    assert engine.out("exec", name, "echo", name) == name
    engine.kist("stop", name)
    engine.kist("rm", "-v", name)
    if number % 5 == 0:
        engine.kist("run", "--rm", "--name", name, *options, "busybox", "/no/such/program", status=127)


def test_cycles_of_a_whole_life_leave_nothing(shared_engine):
    engine = shared_engine
    with ThreadPoolExecutor(AT_A_TIME) as pool:  # warm: what a first time makes for good is there
        list(pool.map(lambda number: cycle(engine, number), range(AT_A_TIME)))
    before, start = take(), time.monotonic()
    files = inodes(engine)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        list(pool.map(lambda number: cycle(engine, number), range(CYCLES)))
    print(f"{CYCLES} cycles in {time.monotonic() - start:.0f} s")
    assert check.settled(before, take) == []
    assert inodes(engine) == files


def inodes(engine):
    """Names of everything below both folders of the engine, but for one folder a port."""
    found = set()
    for top in (engine.root, engine.runroot):
        for folder, folders, files in os.walk(top):
            if folder.endswith("/network/ports"):
                folders.clear()
            found |= {os.path.join(folder, name) for name in (*folders, *files)}
    return found
