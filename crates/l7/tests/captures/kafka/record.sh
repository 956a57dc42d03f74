#!/bin/sh
# Records librdkafka's clients against its mock broker: of Debian's version (kcat), and of a newer one, which speaks flexible
# versions. Needs root, kcat and a Python that has confluent-kafka.
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Starts a broker that ends with its input; its port is in the log.
start() {
    mkfifo "$folder/hold"
    "$@" <"$folder/hold" 2>"$folder/log" &
    exec 9>"$folder/hold"
    sleep 1
    port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$folder/log" | head -1)
}
stop() { exec 9>&-; wait; rm "$folder/hold"; }
record() { name=$1; shift; ../record.py "$port" "$name" -- sh -c "$*" 9>&-; }

start kcat -X test.mock.num.brokers=1 -b mock -P -t held
record produce "printf 'one\ntwo\nthree\n' | kcat -b 127.0.0.1:$port -P -t orders -p 0"
record no-answer "echo unheard | kcat -b 127.0.0.1:$port -P -t orders -p 0 -X acks=0"
record consume "timeout 5 kcat -b 127.0.0.1:$port -C -t orders -p 0 -o beginning -e -q"
record group "timeout 5 kcat -b 127.0.0.1:$port -G readers -e -q orders || true"
record list "kcat -b 127.0.0.1:$port -L"
record query "kcat -b 127.0.0.1:$port -Q -t orders:0:-1"
stop

start "$python" client.py broker
record flexible "$python client.py $port"
stop
