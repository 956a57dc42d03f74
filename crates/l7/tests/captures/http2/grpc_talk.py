"""A gRPC server and a client that calls it in every way; prints what it counted."""
import sys, threading, time, grpc
from concurrent import futures
SENT = {}
codes = {c.name: c for c in grpc.StatusCode}
class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        name = details.method.rsplit("/", 1)[1]
        if name == "Get": return grpc.unary_unary_rpc_method_handler(lambda r, c: r)
        if name == "Watch": return grpc.unary_stream_rpc_method_handler(lambda r, c: (r for _ in range(5)))
        if name == "Put": return grpc.stream_unary_rpc_method_handler(lambda it, c: str(len(list(it))).encode())
        if name == "Chat": return grpc.stream_stream_rpc_method_handler(lambda it, c: (m for m in it))
        if name == "Slow":
            def slow(r, c):
                time.sleep(0.6); return r
            return grpc.unary_unary_rpc_method_handler(slow)
        if name == "Endless":
            def endless(r, c):
                while c.is_active():
                    yield r; time.sleep(0.05)
            return grpc.unary_stream_rpc_method_handler(endless)
        if name in codes:
            def fail(r, c): c.abort(codes[name], "no")
            return grpc.unary_unary_rpc_method_handler(fail)
server = grpc.server(futures.ThreadPoolExecutor(40)); server.add_generic_rpc_handlers((Handler(),))
server.add_insecure_port("127.0.0.1:18080"); server.start()
channel = grpc.insecure_channel("127.0.0.1:18081")
p = "/shop.Orders/"
for n in range(10): channel.unary_unary(p + "Get")(b"x" * n)
calls = [channel.unary_unary(p + "Get").future(b"y" * n) for n in range(32)]
for c in calls: c.result()
print("Watch", len(list(channel.unary_stream(p + "Watch")(b"w"))))
print("Put", channel.stream_unary(p + "Put")(iter([b"a", b"", b"c"])))
print("Chat", len(list(channel.stream_stream(p + "Chat")(iter([b"1", b"22", b"333", b"4444"])))))
for name in ["OK", "INVALID_ARGUMENT", "NOT_FOUND", "UNKNOWN", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "PERMISSION_DENIED"]:
    if name == "OK": continue
    try: channel.unary_unary(p + name)(b"")
    except grpc.RpcError as e: print(name, e.code())
try: channel.unary_unary("/shop.Orders/NoSuchMethod")(b"")
except grpc.RpcError as e: print("NoSuchMethod", e.code())
try: channel.unary_unary(p + "Slow")(b"s", timeout=0.2)
except grpc.RpcError as e: print("Slow", e.code())
stream = channel.unary_stream(p + "Endless")(b"e"); got = [next(stream) for _ in range(3)]; stream.cancel()
print("Endless", len(got))
print("large", len(channel.unary_unary(p + "Get")(b"z" * 40000)))
time.sleep(0.7); channel.close(); time.sleep(0.3); server.stop(0)
