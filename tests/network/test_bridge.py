"""The bridge network: who reaches whom, and who does not."""

import socket
import subprocess

import kist
import pytest
import topology
from topology import HOST, NEIGHBOUR, ask, ident, run

UPLINK = "198.51.100.2"
NOTHING = 0.7  # seconds to wait for an answer that must not come


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_a_published_port_is_reached_from_everywhere(net, neighbour, kind):
    web = net.attach(1, f"8080:80/{kind}", serve=[f"{kind}:80"])
    other = net.attach(2, serve=["tcp:1"])
    assert ask(kind, "127.0.0.1", 8080) == f"c1 {web.gateway}"
    assert ask(kind, "127.0.0.2", 8080) == f"c1 {web.gateway}"
    assert ask(kind, UPLINK, 8080) == f"c1 {UPLINK}"
    assert ask(kind, web.gateway, 8080) == f"c1 {web.gateway}"
    assert neighbour.ask(kind, HOST, 8080) == f"c1 {NEIGHBOUR}"
    assert other.ask(kind, UPLINK, 8080) == f"c1 {web.gateway}"
    assert other.ask(kind, web.gateway, 8080) == f"c1 {web.gateway}"
    assert other.ask(kind, web.address, 80) == f"c1 {other.address}"
    assert web.ask(kind, UPLINK, 8080) == f"c1 {web.gateway}"


def test_a_port_published_on_one_address_is_reached_by_that_alone(net, neighbour):
    net.attach(1, f"{HOST}:8080:80", serve=["tcp:80"])
    assert ask("tcp", HOST, 8080) == f"c1 {HOST}"
    assert neighbour.ask("tcp", HOST, 8080) == f"c1 {NEIGHBOUR}"
    assert ask("tcp", "127.0.0.1", 8080, seconds=NOTHING) == ""
    assert ask("tcp", UPLINK, 8080, seconds=NOTHING) == ""


def test_a_container_reaches_out_under_the_hosts_address(net, neighbour):
    container = net.attach(1, serve=["tcp:1"])
    server = neighbour.serve("tcp:9000", "udp:9000")
    try:
        assert container.ask("tcp", NEIGHBOUR, 9000) == f"neighbour {HOST}"
        assert container.ask("udp", NEIGHBOUR, 9000) == f"neighbour {HOST}"
    finally:
        kist.kill_and_reap(server)


def test_a_neighbour_that_routes_to_the_containers_gets_nothing(net, neighbour):
    web = net.attach(1, "8080:80", serve=["tcp:80", "tcp:81", "udp:81"])
    neighbour.run("ip", "route", "add", f"{web.address}/32", "via", HOST)
    assert neighbour.ask("tcp", web.address, 81, NOTHING) == ""
    assert neighbour.ask("tcp", web.address, 80, NOTHING) == ""
    assert neighbour.ask("udp", web.address, 81, NOTHING) == ""
    # The control: without our chain it would have got through.
    run("nft", "flush", "chain", "ip", net.tag, "forward")
    assert neighbour.ask("tcp", web.address, 81) == f"c1 {NEIGHBOUR}"


def test_a_neighbour_that_sends_to_127_0_0_1_gets_nothing(net, neighbour):
    net.attach(1, "127.0.0.1:8080:80", serve=["tcp:80", "udp:80"])
    assert ask("tcp", "127.0.0.1", 8080).startswith("c1 ")
    assert neighbour.ask("tcp", HOST, 8080, NOTHING) == ""
    # The worst host: it accepts such packets from everywhere.
    run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/conf/nb0/route_localnet")
    topology.loopback_by_link(neighbour.pid, "nb1", HOST)
    assert neighbour.ask("tcp", "127.0.0.1", 8080, NOTHING) == ""
    # The control.
    run("nft", "flush", "chain", "ip", net.tag, "raw")
    assert neighbour.ask("tcp", "127.0.0.1", 8080) == f"c1 {NEIGHBOUR}"


def test_a_container_does_not_reach_what_the_host_has_on_127_0_0_1(net):
    container = net.attach(1, serve=["tcp:1"])
    server = subprocess.Popen([topology.PYTHON, topology.PEER, "serve", "host", "tcp:9001"], **topology.QUIET)
    try:
        server.stdout.readline()
        topology.loopback_by_link(container.pid, "eth0", container.gateway)
        assert container.ask("tcp", "127.0.0.1", 9001, NOTHING) == ""
        run("nft", "flush", "chain", "ip", net.tag, "raw")
        assert container.ask("tcp", "127.0.0.1", 9001).startswith("host ")
    finally:
        kist.kill_and_reap(server)


def test_a_container_does_not_send_under_an_address_that_is_not_its_networks(net, neighbour):
    container = net.attach(1, serve=["tcp:1"])
    server = neighbour.serve("udp:9000")
    spoof = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); " \
            f"s.bind(('192.0.2.9', 0)); s.sendto(b'?', ('{NEIGHBOUR}', 9000))"
    run(*topology.inside(container.pid, "ip", "addr", "add", "192.0.2.9/32", "dev", "eth0"))
    neighbour.run("ip", "route", "add", "192.0.2.9/32", "via", HOST)

    def arrived():
        return int(neighbour.run("sh", "-c", "grep ^Udp: /proc/net/snmp | tail -n 1").stdout.split()[1])

    try:
        assert container.ask("udp", NEIGHBOUR, 9000) == f"neighbour {HOST}"
        before = arrived()
        run(*topology.inside(container.pid, topology.PYTHON, "-c", spoof))
        assert arrived() == before
        run("nft", "flush", "chain", "ip", net.tag, "raw")
        run(*topology.inside(container.pid, topology.PYTHON, "-c", spoof))
        kist.wait_until(lambda: arrived() == before + 1, what="the control")
    finally:
        kist.kill_and_reap(server)


def test_forwarding_that_was_switched_off_is_switched_on_again(net, neighbour):
    first = net.attach(1, serve=["tcp:1"])
    server = neighbour.serve("tcp:9000")
    try:
        run("sh", "-c", "echo 0 >/proc/sys/net/ipv4/ip_forward")
        net.attach(2, serve=["tcp:1"])
        assert first.ask("tcp", NEIGHBOUR, 9000) == f"neighbour {HOST}"
    finally:
        kist.kill_and_reap(server)


def test_two_roots_live_side_by_side_and_never_meet(net, other_net):
    one = net.attach(1, "8080:80", serve=["tcp:80"])
    two = other_net.attach(2, "8081:80", serve=["tcp:80"])
    assert one.gateway != two.gateway
    assert ask("tcp", UPLINK, 8080) == f"c1 {UPLINK}"
    assert ask("tcp", UPLINK, 8081) == f"c2 {UPLINK}"
    assert two.ask("tcp", one.address, 80, NOTHING) == ""
    assert two.ask("tcp", UPLINK, 8080).startswith("c1 ")
    assert "port is already in use by another program" in other_net.refused(3, "8080:80")


def test_a_container_has_one_interface_address_and_route_and_no_ipv6(net):
    container = net.attach(1, serve=["tcp:1"])
    show = topology.inside(container.pid, "ip", "-o", "addr")
    lines = run(*show).stdout.splitlines()
    assert any(f"eth0    inet {container.address}/16" in line for line in lines)
    assert not any("eth0" in line and "inet6" in line for line in lines)
    octets = "".join(f":{int(octet):02x}" for octet in container.address.split("."))
    assert container.values["mac"] == "02:42" + octets
    assert container.values["mac"] in run(*topology.inside(container.pid, "ip", "link", "show", "eth0")).stdout
    assert run(*topology.inside(container.pid, "ip", "route")).stdout.startswith(f"default via {container.gateway} dev eth0")
    for device in (net.tag, f"kv-{ident(1)[:12]}"):
        assert "inet6" not in run("ip", "addr", "show", device).stdout
        assert run("cat", f"/proc/sys/net/ipv6/conf/{device}/accept_ra").stdout == "0\n"
    assert ident(1) in run("ip", "link", "show", f"kv-{ident(1)[:12]}").stdout


def test_none_and_host_make_nothing(net):
    for number, network in ((1, "none"), (2, "host")):
        run(topology.tool(), "attach", ident(number), "-n", network, env=net.env)
        assert net.files() == []
        net.detach(number)
    done = run(topology.tool(), "attach", ident(3), "-n", "nosuch", env=net.env, check=False)
    assert done.stderr == "network nosuch not found: choose bridge, host or none\n"


def test_a_taken_port_names_who_has_it(net):
    first = net.attach(1, "8080:80", "127.0.0.1:9000:90", "5300:53/udp", serve=["tcp:80"])
    owner = first.id[:12]
    taken = f"port is already allocated to container {owner}"
    assert net.refused(2, "8080:80") == f"publish 0.0.0.0:8080/tcp: {taken}"
    assert net.refused(2, "127.0.0.1:8080:80") == f"publish 127.0.0.1:8080/tcp: {taken}"
    assert net.refused(2, "9000:80") == f"publish 0.0.0.0:9000/tcp: {taken}"
    assert net.refused(2, "5300:53/udp") == f"publish 0.0.0.0:5300/udp: {taken}"
    # What does not collide: another protocol, another address.
    net.attach(3, "8080:80/udp", f"{UPLINK}:9000:90", serve=["tcp:1"])
    with socket.socket() as s, pytest.raises(OSError):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", 8080))
    # A monitor that was killed: its container has the port still.
    first.kill_holder()
    assert net.refused(2, "127.0.0.1:8080:80") == f"publish 127.0.0.1:8080/tcp: {taken}"
    assert net.refused(2, "9000:80") == f"publish 0.0.0.0:9000/tcp: {taken}"
    assert ask("tcp", UPLINK, 8080) == f"c1 {UPLINK}"


def test_a_port_of_another_program_is_refused_in_one_sentence(net):
    with socket.socket() as s, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u:
        s.bind(("127.0.0.1", 0))
        s.listen()
        u.bind(("127.0.0.1", 0))
        tcp, udp = s.getsockname()[1], u.getsockname()[1]
        assert net.refused(1, f"{tcp}:80") == f"publish 0.0.0.0:{tcp}/tcp: port is already in use by another program"
        assert net.refused(1, f"{udp}:80/udp") == f"publish 0.0.0.0:{udp}/udp: port is already in use by another program"
    assert net.refused(1, "192.0.2.77:80:80") == (
        "publish 192.0.2.77:80/tcp: the address belongs to no interface of this host")
    assert net.files() == []


def test_free_ports_are_chosen_and_named(net):
    one = net.attach(1, "80", "80/udp", "8000-8002:81", serve=["tcp:80", "tcp:81"])
    two = net.attach(2, "80", "8000-8002:81", serve=["tcp:80"])
    (_, _, tcp, _), (_, _, udp, _), (_, _, ranged, _) = one.ports
    assert 49153 <= tcp <= 65535 and 49153 <= udp <= 65535
    assert ask("tcp", "127.0.0.1", tcp).startswith("c1 ")
    assert ranged in range(8000, 8003)
    assert two.ports[1][2] in range(8000, 8003) and two.ports[1][2] != ranged
    assert two.ports[0][2] != tcp
    net.attach(3, "8000-8002:81", serve=["tcp:1"])
    assert net.refused(4, "8000-8002:81") == "publish a free port on 0.0.0.0: all of 8000-8002/tcp are taken"


def test_a_thousand_ports_are_held_by_few_descriptors(net):
    web = net.attach(1, "20000-21023:80-1103", "30000:80", serve=["tcp:80", "tcp:1103"])
    assert len(web.ports) == 1025
    assert ask("tcp", "127.0.0.1", 20000).startswith("c1 ")
    assert ask("tcp", "127.0.0.1", 21023).startswith("c1 ")
    with socket.socket() as s, pytest.raises(OSError):
        s.bind(("127.0.0.1", 20500))
    holders = run("ls", f"/proc/{web.process.pid}/fd").stdout.split()
    assert len(holders) < 16
    assert "container 000000000001" in net.refused(2, "20500:80")
    web.stop()
    with socket.socket() as s:
        s.bind(("127.0.0.1", 20500))


def test_a_flushed_ruleset_and_a_lost_bridge_setting_are_repaired(net):
    web = net.attach(1, "8080:80", serve=["tcp:80"])
    run("nft", "flush", "ruleset")
    assert ask("tcp", "127.0.0.1", 8080, seconds=NOTHING) == ""
    net.attach(2, serve=["tcp:1"])
    assert ask("tcp", "127.0.0.1", 8080) == f"c1 {web.gateway}"


def test_subnets_that_the_host_uses_are_avoided(net, neighbour):
    run("ip", "route", "add", "172.16.0.0/12", "via", NEIGHBOUR)
    container = net.attach(1, serve=["tcp:1"])
    assert container.gateway == "192.168.0.1"
    assert container.ask("tcp", NEIGHBOUR, 1, NOTHING) == ""
    run("ip", "route", "del", "172.16.0.0/12")


def test_a_udp_client_that_never_stops_finds_whoever_is_there_now(net, neighbour):
    """Its flow is older than the container: the kernel would go on treating it as it was."""
    script = (
        "import socket, sys, time\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "s.bind(('', 40000))\n"
        "s.settimeout(0.05)\n"
        f"while True:\n"
        f"    s.sendto(b'?', ('{HOST}', 5300))\n"
        "    try: print(s.recv(100).decode(), flush=True)\n"
        "    except OSError: print('nobody', flush=True)\n")
    other = net.attach(9, serve=["tcp:1"])  # tracking is switched on by the table
    assert other.address
    client = subprocess.Popen(topology.inside(neighbour.pid, topology.PYTHON, "-c", script), **topology.QUIET)

    def hears(what):
        for _ in range(100):
            if client.stdout.readline().strip() == what:
                return True
        return False

    try:
        assert hears("nobody")
        for number in (1, 2):
            more = ["5301:54/udp"] * (number == 2)  # several ports are looked for in one pass
            container = net.attach(number, "5300:53/udp", *more, serve=["udp:53"])
            assert hears(f"c{number} {NEIGHBOUR}")
            container.stop()
            net.detach(number)
            assert hears("nobody")
    finally:
        kist.kill_and_reap(client)
