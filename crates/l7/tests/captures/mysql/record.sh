#!/bin/sh
# Records real MariaDB programs. Needs root, mariadb-server, mariadb-client and python3.
set -eu
cd "$(dirname "$0")"
port=7433
folder=$(mktemp -d)
chown mysql "$folder"
mariadb-install-db --no-defaults --user=mysql --datadir="$folder/data" --auth-root-authentication-method=normal >/dev/null 2>&1
mariadbd --no-defaults --user=mysql --datadir="$folder/data" --socket="$folder/socket" --pid-file="$folder/pid" \
    --bind-address=127.0.0.1 --port=$port --local-infile=1 >"$folder/log" 2>&1 &
trap 'kill "$(cat "$folder/pid")"; wait; rm -rf "$folder"' EXIT
for _ in $(seq 100); do [ -S "$folder/socket" ] && break; sleep 0.1; done
mariadb --no-defaults -u root -S "$folder/socket" <<'SQL'
CREATE DATABASE shop;
USE shop;
CREATE TABLE items (id int AUTO_INCREMENT PRIMARY KEY, name text);
INSERT INTO items (name) VALUES ('one'), ('two'), ('three');
CREATE USER guest@localhost, guest@'127.0.0.1';
GRANT ALL ON shop.* TO guest@localhost, guest@'127.0.0.1';
CREATE USER named@localhost IDENTIFIED BY 'secret';
GRANT ALL ON shop.* TO named@localhost;
DELIMITER //
CREATE PROCEDURE two_results() BEGIN SELECT name FROM items; SELECT 1; END //
SQL
record() { name=$1; shift; ../record.py $port "$name" -- sh -c "$*"; }
client="mariadb --no-defaults --local-infile=1 -h 127.0.0.1 -P $port"
printf '4\tfour\n5\tfive\n' >"$folder/file"

record mariadb "$client -u named -psecret -f shop >/dev/null 2>&1 || true" <<SQL
SELECT "secret", 42 AS answer FROM items WHERE id IN (1, 2, 3);
INSERT INTO items (name) VALUES ('a'), ('it\\'s'), ('c');
START TRANSACTION;
UPDATE shop.\`items\` SET name = 'secret' WHERE id = 0x2;
ROLLBACK;
SELECT * FROM nowhere;
SELECT repeat('x', 20000);
SELECT seq FROM seq_1_to_1500;
LOAD DATA LOCAL INFILE '$folder/file' INTO TABLE items;
CALL two_results();
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
SELECT 'a\\' AS secret, 'b';
SQL
record refused "$client -u named -pwrong shop >/dev/null 2>&1 </dev/null || true"
record compressed "$client -u guest --compress shop -e 'SELECT 1' >/dev/null"
record dump "mariadb-dump --no-defaults -h 127.0.0.1 -P $port -u guest --no-tablespaces shop >/dev/null"
for what in prepared cursor several commands pipeline; do
    record "$what" "./client.py $port $what"
    record "$what-eof" "./client.py $port $what EOF"
done
