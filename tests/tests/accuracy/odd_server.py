"""An HTTP server whose answers go wrong, or take long, as their path says. One connection is one exchange."""

import socket
import struct
import sys
import threading
import time


def answer(connection, path):
    head = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
    whole = (head + "Content-Length: 3\r\n\r\nok\n").encode()
    if path == "/slow":
        time.sleep(1.5)
        connection.sendall(whole)
    elif path == "/events":
        connection.sendall((head + "Transfer-Encoding: chunked\r\n\r\n").encode())
        while True:
            connection.sendall(b"9\r\ndata: 1\n\n\r\n")
            time.sleep(0.05)
    elif path == "/until-close":
        connection.sendall((head + "\r\n").encode())
        while True:
            connection.sendall(b"data: 1\n\n")
            time.sleep(0.05)
    elif path == "/some-until-close":
        connection.sendall((head + "\r\ndata: 1\n\n").encode())
        time.sleep(0.3)
    elif path == "/close":
        time.sleep(0.3)
    elif path == "/cut":
        connection.sendall((head + "Content-Length: 100\r\n\r\ncut").encode())
        time.sleep(0.3)
    elif path == "/reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        connection.sendall(whole)


def serve(connection):
    with connection:
        head = b""
        while b"\r\n\r\n" not in head:
            more = connection.recv(4096)
            if not more:
                return
            head += more
        try:
            answer(connection, head.split()[1].decode())
        except (BrokenPipeError, ConnectionResetError):
            pass


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
