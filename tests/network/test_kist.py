"""Networks as `kist run` gives them."""

import socket

import kist
import topology
from topology import HOST, ask, run

WEB = ("busybox", "httpd", "-f", "-p", "80", "-h", "/www")


def test_a_web_server_answers_host_and_neighbour_by_its_published_port(engine, neighbour):
    engine.kist("run", "-d", "--name", "web", "-p", "8080:80", *WEB)
    assert kist.fetch("http://127.0.0.1:8080/") == b"Hello, World!\n"
    assert kist.fetch(f"http://{HOST}:8080/") == b"Hello, World!\n"
    script = f"import urllib.request as u; print(u.urlopen('http://{HOST}:8080/', timeout=5).read().decode())"
    assert neighbour.run(topology.PYTHON, "-c", script).stdout == "Hello, World!\n\n"
    address = engine.inspect("web")["NetworkSettings"]["IPAddress"]
    neighbour.run("ip", "route", "add", f"{address}/32", "via", HOST)
    assert neighbour.ask("tcp", address, 80, 0.7) == ""
    engine.kist("rm", "-f", "web")
    assert engine.tag not in run("ip", "-o", "link").stdout


def test_another_container_reaches_it_by_the_host_and_by_its_address(engine):
    engine.kist("run", "-d", "--name", "web", "-p", "8080:80", *WEB)
    kist.fetch("http://127.0.0.1:8080/")
    settings = engine.inspect("web")["NetworkSettings"]
    for place in (f"{settings['IPAddress']} 80", f"{settings['Gateway']} 8080", "198.51.100.2 8080"):
        ask_for_page = f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 {place}"
        assert "Hello, World!" in engine.out("run", "--rm", "busybox", "sh", "-c", ask_for_page)


def test_a_taken_port_is_refused_and_leaves_no_container(engine):
    engine.kist("run", "-d", "--name", "web", "-p", "8080:80", *WEB)
    ident = engine.inspect("web")["Id"][:12]
    refused = engine.kist("run", "--rm", "-p", "127.0.0.1:8080:80", "busybox", "true", status=125)
    assert f"publish 127.0.0.1:8080/tcp: port is already allocated to container {ident}" in refused.stderr
    with socket.socket() as s:
        s.bind(("0.0.0.0", 0))
        s.listen()
        port = s.getsockname()[1]
        refused = engine.kist("run", "--rm", "-p", f"{port}:80", "busybox", "true", status=125)
        assert f"publish 0.0.0.0:{port}/tcp: port is already in use by another program" in refused.stderr
    assert len(engine.containers()) == 1


def test_a_stopped_container_gives_its_port_back_and_takes_it_again(engine):
    engine.kist("run", "-d", "--name", "web", "-p", "8080:80", *WEB)
    kist.fetch("http://127.0.0.1:8080/")
    engine.kist("kill", "web")
    engine.kist("wait", "web")
    kist.wait_until(lambda: "kv-" not in run("ip", "-o", "link").stdout, what="the interface to go")
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("0.0.0.0", 8080))
    engine.kist("start", "web")
    assert kist.fetch("http://127.0.0.1:8080/") == b"Hello, World!\n"


def test_a_range_of_ports_goes_to_the_monitor_whole(engine):
    engine.kist("run", "-d", "--name", "web", "-p", "9000-9199:80-279", *WEB)
    assert kist.fetch("http://127.0.0.1:9000/") == b"Hello, World!\n"
    with socket.socket() as s:
        assert s.connect_ex(("127.0.0.1", 9199)) != 0  # nobody listens in there, and nobody out here
    assert ask("tcp", "127.0.0.1", 9200, seconds=0.5) == ""


def test_none_has_loopback_only_and_host_has_the_hosts(engine):
    show = ("busybox", "ip", "-o", "link")
    none = engine.out("run", "--rm", "--network", "none", *show)
    assert len(none.splitlines()) == 1 and ": lo:" in none
    assert "up0" in engine.out("run", "--rm", "--network", "host", *show)


def test_the_name_files_are_the_containers_own(engine):
    text = engine.out("run", "--rm", "--hostname", "web.example", "busybox", "sh", "-c",
                      "cat /etc/hostname /etc/hosts /etc/resolv.conf; hostname")
    lines = text.splitlines()
    assert lines[0] == "web.example" and lines[-1] == "web.example"
    assert "127.0.0.1\tlocalhost" in lines
    assert any(line.endswith("\tweb.example web") and line.startswith("172.17.") for line in lines)
    assert any(line.startswith("nameserver ") for line in lines)
