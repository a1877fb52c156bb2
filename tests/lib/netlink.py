"""What this network namespace holds, asked of the kernel directly: leakcheck asks twice round every test,
and the virtual machine takes a quarter of a second to start `ip` or `nft` once.
"""

import ipaddress
import json
import os
import socket
import struct
import subprocess

NETLINK_ROUTE, NETLINK_NETFILTER = 0, 12
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_DUMP = 1, 0x300
RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETRULE = 18, 22, 26, 34
NFT_MSG_GETGEN = 10 << 8 | 16  # subsystem nftables, message 16
IFLA_IFNAME, IFLA_MASTER = 3, 10
RTM_F_CLONED = 0x200


def _messages(sock):
    """Answers until the dump is done, or one answer."""
    while True:
        data = sock.recv(1 << 18)
        while len(data) >= 16:
            length, kind, flags = struct.unpack_from("=IHH", data)
            if kind in (NLMSG_DONE, NLMSG_ERROR):
                return
            yield data[16:length]
            if not flags & 2:  # not part of a dump
                return
            data = data[(length + 3) & ~3:]


def _ask(family, kind, body, flags=NLM_F_DUMP):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, family) as sock:
        sock.settimeout(10)
        sock.send(struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | flags, 1, 0) + body)
        return list(_messages(sock))


def _attributes(data):
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


def _number(data):
    return int.from_bytes(data, "little")


def links():
    """{index: (name, index of its master or 0)}"""
    found = {}
    for message in _ask(NETLINK_ROUTE, RTM_GETLINK, bytes(16)):
        attributes = _attributes(message[16:])
        found[_number(message[4:8])] = (attributes[IFLA_IFNAME].rstrip(b"\0").decode(), _number(attributes.get(IFLA_MASTER, b"")))
    return found


def interfaces():
    """[(words of the link's names, line)]: links, addresses, routes and rules."""
    names = links()

    def name(index):
        return names.get(index, ("?", 0))[0]

    found = []
    for own, master in names.values():
        found.append(([own], f"link {own}" + (f" master {name(master)}" if master else "")))
    for message in _ask(NETLINK_ROUTE, RTM_GETADDR, bytes(8)):
        attributes = _attributes(message[8:])
        where = name(_number(message[4:8]))
        address = ipaddress.ip_address(attributes.get(2) or attributes[1])
        found.append(([where], f"address {where} {address}/{message[1]}"))
    for message in _ask(NETLINK_ROUTE, RTM_GETROUTE, bytes(12)):
        family, prefix, _, _, table, _, _, kind = message[:8]
        if _number(message[8:12]) & RTM_F_CLONED:
            continue
        attributes = _attributes(message[12:])
        target = str(ipaddress.ip_address(attributes[1])) if 1 in attributes else "default"
        via = f" via {ipaddress.ip_address(attributes[5])}" if 5 in attributes else ""
        where = name(_number(attributes[4])) if 4 in attributes else "-"
        table = _number(attributes[15]) if 15 in attributes else table
        found.append(([where], f"route {'v6' if family == socket.AF_INET6 else 'v4'} {target}/{prefix}{via} dev {where} "
                               f"table {table} type {kind}"))
    for message in _ask(NETLINK_ROUTE, RTM_GETRULE, bytes(12)):
        found.append(([], f"rule {message[:12].hex()} {sorted(_attributes(message[12:]).items())}"))
    return found


_rulesets = {}


def ruleset():
    """What `nft -j list ruleset` says; asked again only when the kernel's generation has changed."""
    with open("/proc/self/ns/net", "rb") as namespace:
        here = os.fstat(namespace.fileno()).st_ino
    answers = _ask(NETLINK_NETFILTER, NFT_MSG_GETGEN, struct.pack("=BBH", 0, 0, 0), flags=0)
    generation = _attributes(answers[0][4:]).get(1) if answers else None
    if generation is None or _rulesets.get("key") != (here, generation):
        done = subprocess.run(["nft", "-j", "list", "ruleset"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        try:
            listed = json.loads(done.stdout or b"{}").get("nftables", [])
        except ValueError:
            listed = []
        _rulesets.update(key=(here, generation), ruleset=listed)
    return _rulesets["ruleset"]
