#!/bin/sh
# Records librdkafka's client against its mock broker. Needs root, kcat and python3.
set -eu
cd "$(dirname "$0")"
folder=$(mktemp -d)
mkfifo "$folder/hold"
kcat -X test.mock.num.brokers=1 -b mock -P -t held <"$folder/hold" 2>"$folder/log" &
broker=$!
exec 9>"$folder/hold"
trap 'exec 9>&-; kill $broker; rm -rf "$folder"' EXIT
sleep 1
port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$folder/log" | head -1)
record() { name=$1; shift; ../record.py "$port" "$name" -- sh -c "$*"; }

record produce "printf 'one\ntwo\nthree\n' | kcat -b 127.0.0.1:$port -P -t orders -p 0"
record no-answer "echo unheard | kcat -b 127.0.0.1:$port -P -t orders -p 0 -X acks=0"
record consume "timeout 5 kcat -b 127.0.0.1:$port -C -t orders -p 0 -o beginning -e -q"
record group "timeout 5 kcat -b 127.0.0.1:$port -G readers -e -q orders || true"
record list "kcat -b 127.0.0.1:$port -L"
record query "kcat -b 127.0.0.1:$port -Q -t orders:0:-1"
