#!/usr/bin/env python3
"""Says to MySQL or MariaDB what the command line client does not: prepared statements, cursors, long packets, pipelines.

    ./client.py PORT WHAT [EOF]

With EOF it does not offer to do without EOF packets.
"""

import socket
import struct
import sys

BASE = 1 << 9 | 1 << 15 | 1 << 16 | 1 << 17 | 1 << 19 | 1 << 7 | 1 << 0
DEPRECATE_EOF = 1 << 24


class Client:
    def __init__(self, port, flags):
        self.eof = not flags & DEPRECATE_EOF
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.packet()
        login = struct.pack("<IIB23x", flags, 1 << 24, 45) + b"guest\0\0" + b"mysql_native_password\0"
        self.send(login, 1)
        assert self.packet()[0] == 0

    def exactly(self, count):
        got = b""
        while len(got) < count:
            part = self.socket.recv(count - len(got))
            if not part:
                raise SystemExit("the server closed")
            got += part
        return got

    def packet(self):
        head = self.exactly(4)
        return self.exactly(int.from_bytes(head[:3], "little"))

    def framed(self, payload, sequence=0):
        return struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload

    def send(self, payload, sequence=0):
        self.socket.sendall(self.framed(payload, sequence))

    def rows(self):
        while True:
            packet = self.packet()
            if packet[0] == 0xFF or (packet[0] == 0xFE and len(packet) < 0xFFFFFF):
                return packet

    def result(self):
        """One result of OK, an error, or rows; whether another follows."""
        first = self.packet()
        if first[0] == 0xFF:
            return False
        if first[0] == 0:
            return bool(first[3] & 8)
        for _ in range(first[0]):
            self.packet()
        end = None
        if self.eof:
            end = self.packet()
            if end[3] & 0x40:
                return False
        end = self.rows()
        if end[0] == 0xFF:
            return False
        status = end[3] if self.eof else end[3]
        return bool(status & 8)

    def command(self, code, payload=b""):
        self.send(bytes([code]) + payload)

    def results(self):
        while self.result():
            pass

    def query(self, sql):
        self.command(3, sql.encode())
        self.results()

    def prepare(self, sql):
        self.command(0x16, sql.encode())
        first = self.packet()
        if first[0] == 0xFF:
            return None
        number, columns, parameters = struct.unpack("<IHH", first[1:9])
        for count in (parameters, columns):
            for _ in range(count + (count > 0 and self.eof)):
                self.packet()
        return number


def prepared(client):
    number = client.prepare("SELECT name FROM items WHERE id > ? AND name <> 'secret'")
    run = struct.pack("<IBI", number, 0, 1) + b"\0\x01\x03\0" + struct.pack("<I", 0)
    for _ in range(3):
        client.command(0x17, run)
        client.results()
    client.command(0x1A, struct.pack("<I", number))
    client.packet()
    client.command(0x19, struct.pack("<I", number))
    client.prepare("SELECT nothing FROM nowhere")
    number = client.prepare("INSERT INTO items (name) VALUES ('a')")
    client.command(0x17, struct.pack("<IBI", number, 0, 1))
    client.results()
    client.command(0x17, struct.pack("<IBI", 4711, 0, 1))
    client.results()


def cursor(client):
    """Rows fetched in parts."""
    number = client.prepare("SELECT id FROM items")
    client.command(0x17, struct.pack("<IBI", number, 1, 1))
    client.packet()
    client.packet()
    client.rows()
    client.command(0x1C, struct.pack("<II", number, 2))
    client.rows()
    client.command(0x1C, struct.pack("<II", number, 100))
    client.rows()


def several(client):
    """More results than one, from one query and from a procedure."""
    client.query("SELECT 1; INSERT INTO items (name) VALUES ('b'); SELECT 2")
    client.query("CALL two_results()")
    client.query("SELECT 1; SELECT * FROM nowhere; SELECT 2")


def commands(client):
    client.command(0x0E)
    client.packet()
    client.command(0x02, b"nowhere")
    client.packet()
    client.command(0x02, b"shop")
    client.packet()
    client.command(0x04, b"items\0%")
    client.rows()
    client.command(0x09)
    client.packet()
    client.command(0x1F)
    client.packet()


def pipeline(client):
    """Commands before the first is answered."""
    queries = ["SELECT 1", "SELECT * FROM nowhere", "INSERT INTO items (name) VALUES ('c')", "SELECT name FROM items"]
    client.socket.sendall(b"".join(client.framed(b"\x03" + sql.encode()) for sql in queries))
    for _ in queries:
        client.results()
    last = struct.pack("<IBI", 0xFFFFFFFF, 0, 1)
    prepare = client.framed(b"\x16SELECT id FROM items")
    client.socket.sendall(prepare + client.framed(b"\x17" + last))
    client.packet()
    client.packet()
    if client.eof:
        client.packet()
    client.results()


def main():
    flags = BASE if "EOF" in sys.argv else BASE | DEPRECATE_EOF
    client = Client(int(sys.argv[1]), flags)
    client.query("USE shop")
    globals()[sys.argv[2]](client)
    client.command(1)
    client.socket.close()


main()
