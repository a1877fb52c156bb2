"""The bridge network under kill -9, in a crowd, and for long."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import topology
from topology import ask, ident, run


def attach_once(net, number, *ports):
    options = [word for port in ports for word in ("-p", port)]
    return run(topology.tool(), "attach", ident(number), *options, env=net.env, check=False)


def is_clean(net):
    assert net.files() == []
    assert net.tag not in run("ip", "-o", "link").stdout
    assert "kv-" not in run("ip", "-o", "link").stdout
    assert net.tag not in run("nft", "list", "tables").stdout


def calls(*command, env, log):
    """The system calls that a command makes, as (name, how manieth of that name)."""
    run("strace", "-f", "-o", log, *command, env=env)
    seen, found = {}, []
    for name in re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.M):
        seen[name] = seen.get(name, 0) + 1
        found.append((name, seen[name]))
    return found


def step(net, log, command, prepare=lambda: None, by=1):
    """Kills @command on its way into every @by'th call; after a detach nothing may be left."""
    run(*attach_command(), env=net.env)  # folders that stay are made now
    net.detach(1)
    prepare()
    found = calls(*command, env=net.env, log=log)
    net.detach(1)
    is_clean(net)
    for name, when in found[1::by]:  # the first is the execve of strace
        prepare()
        done = run("strace", "-f", "-o", "/dev/null", "-e", f"trace={name}",
                   "-e", f"inject={name}:signal=SIGKILL:when={when}", *command, env=net.env, check=False)
        assert done.returncode == -9 or name == "exit_group", (name, when, done)
        net.detach(1)
        is_clean(net)
    return len(found)


def attach_command():
    return [topology.tool(), "attach", ident(1), "-p", "8080:80", "-p", "127.0.0.1:9000:90/udp", "-p", "80"]


def detach_command():
    return [topology.tool(), "detach", ident(1)]


def test_an_attachment_killed_anywhere_is_undone_by_detach(net, tmp_path):
    assert step(net, tmp_path / "log", attach_command(), by=13) > 150


def test_a_detachment_killed_anywhere_is_completed_by_the_next(net, tmp_path):
    assert step(net, tmp_path / "log", detach_command(), lambda: run(*attach_command(), env=net.env), by=11) > 60


@pytest.mark.slow
def test_an_attachment_killed_at_every_call_is_undone_by_detach(net, tmp_path):
    step(net, tmp_path / "log", attach_command())


@pytest.mark.slow
def test_a_detachment_killed_at_every_call_is_completed_by_the_next(net, tmp_path):
    step(net, tmp_path / "log", detach_command(), lambda: run(*attach_command(), env=net.env))


@pytest.mark.parametrize("call, error", [
    ("linkat", "ENOSPC"), ("write", "ENOSPC"), ("mkdirat", "ENOSPC"), ("unshare", "EPERM"), ("unshare", "ENOSPC"),
    ("bind", "EACCES"), ("listen", "EADDRINUSE"), ("sendto", "EPERM"), ("sendto", "ENOBUFS"), ("socket", "EMFILE"),
])
def test_what_fails_in_the_middle_is_undone_and_said_in_one_sentence(net, call, error):
    keeper = net.attach(9, serve=["tcp:1"])  # the bridge is there: what is counted belongs to one container
    before = net.files()
    failures = set()
    for when in range(1, 100):
        done = run("strace", "-f", "-o", "/dev/null", "-e", f"trace={call}",
                   "-e", f"inject={call}:error={error}:when={when}", *attach_command(), env=net.env, check=False)
        if done.returncode == 0 and when > 1:
            net.detach(1)
            break
        if done.returncode == 125:
            assert done.stderr.count("\n") == 1, done.stderr
            failures.add(done.stderr)
            # What could be undone is undone; where the undoing failed as well, the next detach does it.
            net.detach(1)
        else:
            net.detach(1)
        ours = [f for f in net.files() if not f.endswith("cursor")]
        assert ours == [f for f in before if not f.endswith("cursor")]
        assert "kv-000000000001" not in run("ip", "-o", "link").stdout
    assert failures
    assert keeper.address in "\n".join(before)


def test_many_come_and_go_and_leave_nothing(net):
    for _ in range(3):
        for number in range(1, 21):
            assert attach_once(net, number, "80", f"{9000 + number}:80/udp").returncode == 0
        assert len([f for f in net.files() if "addresses" in f]) == 20
        for number in range(1, 21):
            net.detach(number)
        is_clean(net)


@pytest.mark.slow
def test_two_hundred_come_and_go_and_leave_nothing(net):
    for number in range(1, 201):
        assert attach_once(net, number, "80").returncode == 0
        net.detach(number)
    is_clean(net)


def test_eight_at_once_get_eight_addresses_and_leave_nothing(net):
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            done = list(pool.map(lambda number: attach_once(net, number, "80"), range(1, 25)))
            assert [d.stderr for d in done if d.returncode] == []
            addresses = {re.search(r"^address (\S+)/", d.stdout, re.M).group(1) for d in done}
            assert len(addresses) == 24
            list(pool.map(net.detach, range(1, 25)))
            is_clean(net)


def test_comers_and_goers_at_once_never_lose_the_bridge(net):
    """The last to go removes what the first to come has just found."""

    def life(number):
        for _ in range(4):
            done = attach_once(net, number, "80")
            if done.returncode:
                return done.stderr
            net.detach(number)
        return ""

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(life, range(1, 5))) == {""}
    is_clean(net)


def test_of_two_that_want_a_port_at_once_one_gets_it(net):
    with ThreadPoolExecutor(2) as pool:
        for _ in range(5):
            done = list(pool.map(lambda number: attach_once(net, number, "8080:80"), (1, 2)))
            # The first may have ended, and its socket with it, before the second asks: its files decide.
            assert sorted(d.returncode for d in done) == [0, 125]
            net.detach(1)
            net.detach(2)
    is_clean(net)


def test_containers_cannot_take_the_place_of_another(net):
    """Frames that claim another's hardware or network address change nothing for host and bridge."""
    victim = net.attach(1, "8080:80", serve=["tcp:80"])
    thief = net.attach(2, serve=["tcp:80"])
    script = (
        "import socket\n"
        "s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
        "s.bind(('eth0', 0))\n"
        f"mac = bytes.fromhex('{victim.values['mac'].replace(':', '')}')\n"
        f"own = bytes.fromhex('{thief.values['mac'].replace(':', '')}')\n"
        f"ip = socket.inet_aton('{victim.address}')\n"
        f"gateway = socket.inet_aton('{victim.gateway}')\n"
        "everybody = b'\\xff' * 6\n"
        "arp = bytes.fromhex('08060001080006040002')\n"
        "for source in (mac, own):\n"
        "    s.send(everybody + source + arp + source + ip + everybody + gateway + bytes(18))\n"
        "    s.send(everybody + source + arp + own + ip + everybody + ip + bytes(18))\n")
    run(*topology.inside(thief.pid, topology.PYTHON, "-c", script))
    assert ask("tcp", "127.0.0.1", 8080).startswith("c1 ")
    assert victim.values["mac"] in run("ip", "neigh", "show", victim.address).stdout
    fdb = run("bridge", "fdb", "show", "br", net.tag).stdout
    lines = [line for line in fdb.splitlines() if line.startswith(victim.values["mac"])]
    assert lines and all("kv-000000000001" in line for line in lines)


def test_no_name_is_needed_to_recognise_an_orphan(net):
    container = net.attach(1, serve=["tcp:1"])
    path = net.engine.runroot / "network" / "attachments" / ident(1)
    text = path.read_text()
    assert text.startswith(ident(1) + "\nnetwork bridge\naddress ")
    link = net.engine.runroot / "network" / "bridge" / "addresses" / container.address
    assert os.path.samefile(path, link)


def test_a_damaged_record_is_reported_and_touches_nothing(net):
    net.attach(1, "8080:80", serve=["tcp:80"])
    path = net.engine.runroot / "network" / "attachments" / ident(1)
    text = path.read_text()
    path.write_text(text.replace("address", "adress"))
    done = run(topology.tool(), "detach", ident(1), env=net.env, check=False)
    assert done.returncode == 125
    assert done.stderr == "read the network record of container 000000000001: it is damaged\n"
    assert ask("tcp", "127.0.0.1", 8080).startswith("c1 ")
    path.write_text(text)


def test_ids_are_checked_before_they_become_names(net):
    for bad in ("", "x", "../../etc", "A" * 64, "0" * 63, "0" * 65):
        done = run(topology.tool(), "attach", bad, env=net.env, check=False)
        assert done.returncode == 125 and "is not 64 hexadecimal digits" in done.stderr
    assert net.files() == []
