#!/bin/sh
# Records real PostgreSQL programs. Needs root, postgresql and python3.
set -eu
cd "$(dirname "$0")"
port=7432
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
folder=$(mktemp -d)
chown postgres "$folder"
as_postgres() { runuser -u postgres -- "$@"; }
as_postgres "$bin/initdb" -D "$folder/data" -A trust >/dev/null
as_postgres "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder" start >/dev/null
trap 'as_postgres "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null; rm -rf "$folder"' EXIT
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGSSLMODE=disable PGGSSENCMODE=disable
psql -q <<'SQL'
CREATE TABLE items (id serial PRIMARY KEY, name text);
CREATE TABLE parts (item int REFERENCES items DEFERRABLE INITIALLY DEFERRED);
CREATE ROLE guest LOGIN PASSWORD 'guest-secret';
SQL
"$bin/pgbench" -i -q postgres 2>/dev/null
record() { name=$1; shift; ../record.py $port "$name" -- sh -c "$*"; }

record psql "PGSSLMODE=prefer psql -X -q -o /dev/null || true" <<'SQL'
SELECT 'secret', 42 AS "answer" FROM items WHERE id IN (1, 2, 3);
INSERT INTO items (name) VALUES ('one'), ('two'), ('three');
BEGIN;
UPDATE public.items SET name = $$secret$$ WHERE id = 2;
ROLLBACK;
WITH named AS (SELECT name FROM items) SELECT count(*) FROM named;
SELECT * FROM nowhere;
SELECT repeat('x', 20000);
SELECT generate_series(1, 1500);
SELECT 1 \; SELECT 2 \; SELECT 1/0 \; SELECT 3;
\copy items (name) FROM PROGRAM 'printf "a\nb\n"'
DO $do$ BEGIN RAISE NOTICE 'secret'; END $do$;
SELECT pg_terminate_backend(pg_backend_pid());
SQL
for mode in simple extended prepared; do
    record "pgbench-$mode" "$bin/pgbench -n -c 1 -t 3 -M $mode postgres >/dev/null 2>&1"
    # The first connection only asks for the size of the tables.
    rm "pgbench-$mode-0.talk"
    mv "pgbench-$mode-1.talk" "pgbench-$mode.talk"
done
for what in pipeline prepared portal copy deferred; do
    record "$what" "./client.py $port $what"
done
