"""Relays TCP connections and writes down what passes: C or S, length in four bytes, bytes."""
import socket, struct, sys, threading, os
listen, target, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
lock = threading.Lock()
def pump(source, sink, side, log):
    while True:
        try: data = source.recv(65536)
        except OSError: data = b""
        if data:
            with log[1]:
                log[0].write(side + struct.pack(">I", len(data)) + data); log[0].flush()
            try: sink.sendall(data)
            except OSError: return
        else:
            try: sink.shutdown(socket.SHUT_WR)
            except OSError: pass
            return
server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", listen)); server.listen(64)
count = 0
while True:
    client, _ = server.accept()
    upstream = socket.create_connection(("127.0.0.1", target))
    for s in (client, upstream): s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    log = (open(f"{folder}.{count}", "wb"), threading.Lock()); count += 1
    threading.Thread(target=pump, args=(client, upstream, b"C", log), daemon=True).start()
    threading.Thread(target=pump, args=(upstream, client, b"S", log), daemon=True).start()
