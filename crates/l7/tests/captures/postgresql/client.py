#!/usr/bin/env python3
"""Says to PostgreSQL what psql does not: pipelines, portals in parts, COPY by extended query, errors in between.

    ./client.py PORT WHAT
"""

import socket
import struct
import sys


def message(kind, *parts):
    body = b"".join(part if isinstance(part, bytes) else part.encode() + b"\0" for part in parts)
    return kind.encode() + struct.pack("!I", len(body) + 4) + body


def parse(name, sql):
    return message("P", name, sql, b"\0\0")


def bind(portal, name, *values):
    coded = b"".join(struct.pack("!I", len(value)) + value.encode() for value in values)
    return message("B", portal, name, struct.pack("!HH", 0, len(values)) + coded + b"\0\0")


def execute(portal="", rows=0):
    return message("E", portal, struct.pack("!I", rows))


def describe(kind, name):
    return message("D", kind.encode() + name.encode() + b"\0")


def close(kind, name):
    return message("C", kind.encode() + name.encode() + b"\0")


def query(sql):
    return message("Q", sql)


SYNC, FLUSH, END = message("S"), message("H"), message("X")


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start = struct.pack("!I", 196608) + b"user\0postgres\0database\0postgres\0\0"
        self.say(struct.pack("!I", len(start) + 4) + start)
        self.until("Z")

    def say(self, *messages):
        self.socket.sendall(b"".join(messages))

    def exactly(self, count):
        got = b""
        while len(got) < count:
            part = self.socket.recv(count - len(got))
            if not part:
                raise SystemExit("the server closed")
            got += part
        return got

    def until(self, kind, times=1):
        while times:
            head = self.exactly(5)
            self.exactly(struct.unpack("!I", head[1:])[0] - 4)
            times -= head[:1].decode() == kind


def pipeline(client):
    """Two transactions before the first answer, an error in the second."""
    one = lambda sql, *values: parse("", sql) + bind("", "", *values) + describe("P", "") + execute()
    client.say(
        one("INSERT INTO items (name) VALUES ($1)", "a"),
        one("SELECT name FROM items WHERE name = $1", "a"),
        SYNC,
        one("SELECT 1"),
        one("SELECT nothing FROM nowhere"),
        one("SELECT 2"),
        SYNC,
    )
    client.until("Z", 2)
    client.say(query("SELECT 3"))
    client.until("Z")


def prepared(client):
    """Prepared by name, executed many times in one go, closed, a name used again."""
    client.say(parse("get", "SELECT name FROM items WHERE id = $1"), describe("S", "get"), SYNC)
    client.until("Z")
    client.say(*(bind("", "get", str(index)) + execute() for index in range(20)), SYNC)
    client.until("Z")
    client.say(close("S", "get"), parse("get", "SELECT count(*) FROM items"), bind("", "get"), execute(), SYNC)
    client.until("Z")
    client.say(parse("bad", "SELEC 1"), SYNC)
    client.until("Z")
    client.say(bind("", "missing"), execute(), SYNC)
    client.until("Z")


def portal(client):
    """A portal read in parts, with Flush instead of Sync."""
    client.say(query("BEGIN"))
    client.until("Z")
    client.say(parse("", "SELECT generate_series(1, 5)"), bind("p", ""), describe("P", "p"), FLUSH)
    client.until("T")
    for _ in range(2):
        client.say(execute("p", 2), FLUSH)
        client.until("s")
    client.say(execute("p", 2), SYNC)
    client.until("Z")
    client.say(query("COMMIT"))
    client.until("Z")


def copy(client):
    """COPY both ways, as libpq does it by extended query: with a Sync that the server passes over."""
    client.say(parse("", "COPY items (name) FROM STDIN"), bind("", ""), describe("P", ""), execute(), SYNC)
    client.until("G")
    client.say(*(message("d", f"copied {index}\n".encode()) for index in range(50)))
    client.say(message("c"), SYNC)
    client.until("Z")
    client.say(query("COPY items (id) FROM STDIN"))
    client.until("G")
    client.say(message("d", b"not a number\n"), message("c"))
    client.until("Z")
    client.say(query("COPY (SELECT name FROM items LIMIT 10) TO STDOUT; SELECT 4"))
    client.until("Z")


def deferred(client):
    """A constraint that fails at the end of the implicit transaction, that is, at Sync."""
    client.say(parse("", "INSERT INTO parts (item) VALUES (-1)"), bind("", ""), execute(), SYNC)
    client.until("Z")
    client.say(query(""), )
    client.until("Z")
    client.say(query("LISTEN news; NOTIFY news, 'secret'"))
    client.until("Z")


def main():
    client = Client(int(sys.argv[1]))
    globals()[sys.argv[2]](client)
    client.say(END)
    client.socket.close()


main()
