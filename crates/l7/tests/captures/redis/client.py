"""What an application says to Redis: PORT and the version of the protocol."""

import contextlib
import sys

import redis

client = redis.Redis(port=int(sys.argv[1]), protocol=int(sys.argv[2]), single_connection_client=True)
client.set("user:1234:cart", "three apples")
client.get("user:1234:cart")
client.get("nothing")
for wrong in (["INCR", "user:1234:cart"], ["LPUSH", "user:1234:cart", "x"], ["NOSUCHCOMMAND", "with", "words"]):
    with contextlib.suppress(redis.RedisError):
        client.execute_command(*wrong)
client.hset("order:77", mapping={"state": "paid", "total": "12"})
client.hgetall("order:77")
client.lpush("queue:mail", "a", "b", "c")
client.lrange("queue:mail", 0, -1)
with client.pipeline(transaction=True) as transaction:
    transaction.set("a:1", "x").incrby("a:2", 3)
    transaction.execute()
with client.pipeline(transaction=False) as pipeline:
    for index in range(20):
        pipeline.setex(f"session:{index:032x}", 60, "x" * index)
    pipeline.execute()
client.config_get("maxmemory")
client.object("encoding", "order:77")
client.eval("return {KEYS[1], ARGV[1]}", 1, "lock:9", "secret")
client.xadd("stream:5", {"field": "value"})
client.xread({"stream:5": 0}, count=1)
client.zadd("board:1", {"a": 1.5})
client.zscore("board:1", "a")
client.flushdb()
