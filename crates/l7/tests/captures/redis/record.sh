#!/bin/sh
# Records real Redis programs. Needs root, redis-server, redis-cli, redis-benchmark, socat and a Python that has redis-py.
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-python3} port=7391
folder=$(mktemp -d)
redis-server --port $port --save '' --dir "$folder" --daemonize yes --repl-diskless-sync-delay 0 >"$folder/log"
trap 'redis-cli -p $port shutdown nosave; rm -rf "$folder"' EXIT
sleep 1
record() { name=$1; shift; ../record.py $port "$name" -- "$@"; }

record commands $python client.py $port 2
record resp3 $python client.py $port 3
record pipeline redis-benchmark -p $port -c 1 -n 48 -P 16 -t set,lpush -q
record subscriber sh -c "timeout 1 redis-cli -p $port subscribe news:1 news:2 &
    sleep 0.4; redis-cli -p $port publish news:1 hello; wait"
record monitor sh -c "timeout 1 redis-cli -p $port monitor & sleep 0.4; redis-cli -p $port get user:1234:cart; wait"
record blocking redis-cli -p $port brpop jobs:5 1
record inline sh -c "printf 'PING\r\nSET inline:1 x\r\nGET inline:1\r\nQUIT\r\n' | socat -t 1 - TCP:127.0.0.1:$port"
record replica sh -c "timeout -s KILL 3 redis-server --port 7392 --save '' --dir '$folder' --replicaof 127.0.0.1 $port || true"
