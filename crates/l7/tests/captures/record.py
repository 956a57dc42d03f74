#!/usr/bin/env python3
"""Records what passes one TCP port on loopback while a command runs: a file a connection, a line a segment.

    sudo ./record.py PORT FOLDER/NAME -- COMMAND...

A line is the sender (`client` or `server`), microseconds since the connection's first segment, and the payload in hexadecimal.
"""

import select
import socket
import struct
import subprocess
import sys
import time

ETH_P_IP = 0x0800
OUTGOING = 4


def segment(frame):
    """Ports, sequence number, flags and payload of a TCP segment over IPv4."""
    packet = frame[14:]
    if packet[9] != socket.IPPROTO_TCP:
        return None
    start = (packet[0] & 15) * 4
    tcp = packet[start : struct.unpack("!H", packet[2:4])[0] or None]
    source, destination, sequence = struct.unpack("!HHI", tcp[:8])
    return source, destination, sequence, tcp[13], tcp[(tcp[12] >> 4) * 4 :]


class Connection:
    def __init__(self):
        self.lines, self.next, self.start = [], {}, None

    def take(self, direction, sequence, flags, payload, now):
        if flags & 2:
            self.next[direction] = sequence + 1
        elif payload and sequence == self.next.get(direction, sequence):
            self.next[direction] = (sequence + len(payload)) % 2**32
            self.start = self.start or now
            self.lines.append(f"{direction} {(now - self.start) // 1000} {payload.hex()}")


def main():
    port, name, command = int(sys.argv[1]), sys.argv[2], sys.argv[sys.argv.index("--") + 1 :]
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
    tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
    tap.bind(("lo", ETH_P_IP))
    connections, running, quiet = {}, subprocess.Popen(command), 0
    while quiet < 3:
        if not select.select([tap], [], [], 0.1)[0]:
            quiet = quiet + 1 if running.poll() is not None else 0
            continue
        frame, address = tap.recvfrom(1 << 17)
        seen = None if address[2] == OUTGOING else segment(frame)
        if seen and port in seen[:2]:
            source, destination, sequence, flags, payload = seen
            client, direction = (source, "client") if destination == port else (destination, "server")
            connection = connections.setdefault(client, Connection())
            connection.take(direction, sequence, flags, payload, time.monotonic_ns())
    spoken = [connection for connection in connections.values() if connection.lines]
    for index, connection in enumerate(spoken):
        suffix = f"-{index}" if len(spoken) > 1 else ""
        with open(f"{name}{suffix}.talk", "w", encoding="ascii") as file:
            file.write("\n".join(connection.lines) + "\n")


main()
