"""A broker of librdkafka's (`broker`), or what an application says to one on a PORT."""

import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition

if sys.argv[1] == "broker":
    # Held open until its input ends; the port is in the log.
    mock = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1})
    sys.stdin.read()
    sys.exit()

servers = {"bootstrap.servers": f"127.0.0.1:{sys.argv[1]}", "client.id": "shop"}
producer = Producer({**servers, "linger.ms": 5})
for index in range(5):
    producer.produce("orders", f"order {index}", partition=0)
producer.flush(5)
consumer = Consumer({**servers, "group.id": "readers", "fetch.wait.max.ms": 50})
consumer.assign([TopicPartition("orders", 0, 0)])
end = time.time() + 1
while time.time() < end:
    consumer.poll(0.1)
consumer.close()
