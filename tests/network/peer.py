#!/usr/bin/python3
"""The two ends of a conversation, for whatever network namespace they are started in.

    peer.py serve NAME tcp:PORT|udp:PORT...      answers "NAME <client's address>"
    peer.py ask tcp|udp ADDRESS PORT [SECONDS]   prints the answer, or nothing
"""

import select
import socket
import sys

KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def serve(name, *places):
    listeners = []
    for place in places:
        kind, port = place.split(":")
        s = socket.socket(socket.AF_INET, KINDS[kind])
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("0.0.0.0", int(port)))
        if kind == "tcp":
            s.listen(16)
        listeners.append(s)
    print("serving", flush=True)
    while True:
        for s in select.select(listeners, [], [])[0]:
            if s.type == socket.SOCK_DGRAM:
                _, client = s.recvfrom(100)
                s.sendto(f"{name} {client[0]}".encode(), client)
                continue
            connection, client = s.accept()
            with connection:
                connection.sendall(f"{name} {client[0]}".encode())


def ask(kind, address, port, seconds="2"):
    with socket.socket(socket.AF_INET, KINDS[kind]) as s:
        s.settimeout(float(seconds))
        try:
            s.connect((address, int(port)))
            if kind == "udp":
                s.send(b"?")
            print(s.recv(100).decode())
        except OSError:
            pass


if __name__ == "__main__":
    {"serve": serve, "ask": ask}[sys.argv[1]](*sys.argv[2:])
