"""Tar archives byte by byte, so that they can be as wrong as a test wants them."""

BLOCK = 512


def number(value, width):
    """Octal where it fits, GNU's base 256 where it does not."""
    text = b"%0*o" % (width - 1, value) if value >= 0 else b""
    if text and len(text) < width:
        return text + b"\0"
    raw = value.to_bytes(width, "big", signed=True)
    return bytes([raw[0] | 0x80]) + raw[1:]


def header(name=b"", kind=b"0", size=0, mode=0o644, uid=0, gid=0, mtime=1_600_000_000, link=b"",
           magic=b"ustar\x0000", major=0, minor=0, prefix=b"", checksum=None, rest=b""):
    fields = [name.ljust(100, b"\0")[:100], number(mode, 8), number(uid, 8), number(gid, 8),
              number(size, 12), number(mtime, 12), b" " * 8, kind, link.ljust(100, b"\0")[:100], magic,
              b"root".ljust(32, b"\0"), b"root".ljust(32, b"\0"), number(major, 8), number(minor, 8),
              prefix.ljust(155, b"\0") + rest.ljust(12, b"\0")]
    block = b"".join(fields)
    total = sum(block) if checksum is None else checksum
    block = block[:148] + b"%06o\0 " % total + block[156:]
    assert len(block) == BLOCK
    return block


def padded(data):
    return data + b"\0" * (-len(data) % BLOCK)


def entry(name, kind=b"0", data=b"", **fields):
    if isinstance(name, str):
        name = name.encode()
    before = b""
    if len(name) > 100:
        before = header(b"././@LongLink", b"L", len(name) + 1) + padded(name + b"\0")
    link = fields.get("link", b"")
    if isinstance(link, str):
        link = fields["link"] = link.encode()
    if len(link) > 100:
        before += header(b"././@LongLink", b"K", len(link) + 1) + padded(link + b"\0")
    fields.setdefault("size", len(data))
    return before + header(name, kind, **fields) + padded(data)


def record(key, value):
    """One record of a pax header; its length counts itself."""
    body = b" " + key + b"=" + value + b"\n"
    length = len(body)
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return str(length).encode() + body


def pax(records, kind=b"x"):
    data = b"".join(record(k.encode() if isinstance(k, str) else k,
                           v.encode() if isinstance(v, str) else v) for k, v in records)
    return header(b"PaxHeaders/x", kind, len(data)) + padded(data)


def file(name, data=b"x", **fields):
    return entry(name, b"0", data, **fields)


def directory(name, mode=0o755, **fields):
    return entry(name, b"5", mode=mode, **fields)


def symlink(name, to):
    return entry(name, b"2", link=to, mode=0o777)


def hardlink(name, to):
    return entry(name, b"1", link=to)


def device(name, kind=b"3", major=1, minor=3):
    return entry(name, kind, major=major, minor=minor, mode=0o666)


def fifo(name):
    return entry(name, b"6")


def gnu_sparse(name, size, segments):
    """Old GNU format: the first four segments in the header, the rest in blocks behind it."""
    def pairs(chunk, count):
        out = b"".join(number(o, 12) + number(len(d), 12) for o, d in chunk)
        return out.ljust(24 * count, b"\0")
    stored = b"".join(data for _, data in segments)
    first, more = segments[:4], segments[4:]
    block = bytearray(header(name.encode(), b"S", len(stored), magic=b"ustar  \0"))
    block[345:386] = b"\0" * 41
    block[386:482] = pairs(first, 4)
    block[482] = bool(more)
    block[483:495] = number(size, 12)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    out = bytes(block)
    while more:
        chunk, more = more[:21], more[21:]
        out += pairs(chunk, 21) + bytes([bool(more)]) + b"\0" * 7
    return out + padded(stored)


def end():
    return b"\0" * (2 * BLOCK)


def layer(*parts):
    return b"".join(parts) + end()
