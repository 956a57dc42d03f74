#!/bin/bash
# Records protocols that are not read, most of them with lengths in front of their messages. Needs root, and from Debian:
# zookeeper python3-kazoo memcached mosquitto mosquitto-clients slapd ldap-utils rsync samba smbclient bird2 xvfb x11-utils
# nbd-server nbd-client openssh-server gearman-job-server gearman-tools openssl.
# In a network namespace of its own: unshare --net --mount --pid --fork --kill-child ./record.sh
set -u
cd "$(dirname "$0")"
mount -t proc proc /proc
ip link set lo up
rm -f /tmp/.X77-lock
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
only=${1:-}
record() { name=$1 port=$2; shift 2; [ -z "$only" ] || [ "$only" = "$name" ] || return 0; timeout 20 ../record.py "$port" "$name" -- "$@" >/dev/null 2>&1; }
# Keeps what a capture needs and no more.
up() { for _ in $(seq 100); do nc_up "$1" && return; sleep 0.1; done; echo "nothing listens at $1"; }
nc_up() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=mail.example -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>/dev/null

printf 'tickTime=2000\ndataDir=%s/zk\nclientPort=2181\nadmin.enableServer=false\n' "$folder" >"$folder/zoo.cfg"
java -cp '/usr/share/java/zookeeper.jar:/usr/share/java/*:/etc/zookeeper/conf' org.apache.zookeeper.server.quorum.QuorumPeerMain "$folder/zoo.cfg" >"$folder/zk.log" 2>&1 &
memcached -u nobody -p 11311 -l 127.0.0.1 &
mosquitto -p 1884 >/dev/null 2>&1 &
gearmand -p 4731 -L 127.0.0.1 -l "$folder/gearmand.log" >/dev/null 2>&1 &
Xvfb :77 -listen tcp -ac >/dev/null 2>&1 &

mkdir -p "$folder/slapd" "$folder/ldap"
cat >"$folder/slapd.conf" <<END
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile $folder/slapd.pid
TLSCertificateFile $folder/cert.pem
TLSCertificateKeyFile $folder/key.pem
database mdb
suffix "dc=example"
rootdn "cn=admin,dc=example"
rootpw secret
directory $folder/ldap
END
slapd -d 0 -f "$folder/slapd.conf" -h ldap://127.0.0.1:3890 &

mkdir -p "$folder/share" && echo hello >"$folder/share/a"
printf 'port = 8730\nuse chroot = no\n[share]\npath = %s/share\nread only = no\nuid = root\n' "$folder" >"$folder/rsyncd.conf"
rsync --daemon --no-detach --config="$folder/rsyncd.conf" &
printf '[global]\nsmb ports = 4450\ninterfaces = lo\nmap to guest = Bad User\nlog file = %s/smb.log\nlock directory = %s\nstate directory = %s\ncache directory = %s\npid directory = %s\nprivate dir = %s\n[share]\npath = %s/share\nguest ok = yes\n' "$folder" "$folder" "$folder" "$folder" "$folder" "$folder" "$folder" >"$folder/smb.conf"
smbd --foreground --no-process-group -s "$folder/smb.conf" >/dev/null 2>&1 &
truncate -s 1M "$folder/disk"
printf '[generic]\nport = 10810\nallowlist = true\nuser = root\ngroup = root\n[disk]\nexportname = %s/disk\n' "$folder" >"$folder/nbd.conf"
nbd-server -C "$folder/nbd.conf" -d >/dev/null 2>&1 &
ssh-keygen -q -t ed25519 -N '' -f "$folder/host" && mkdir -p /run/sshd
/usr/sbin/sshd -D -p 2222 -h "$folder/host" -o UsePAM=no >/dev/null 2>&1 &

for port in 11311 1884 4731 6077 3890 8730 4450 10810 2222 2181; do up $port; done

record zookeeper 2181 /usr/bin/python3 -c '
from kazoo.client import KazooClient
client = KazooClient(hosts="127.0.0.1:2181"); client.start()
client.ensure_path("/shop/a")
for number in range(4): client.create(f"/shop/a/{number}", b"v")
client.get("/shop/a/1"); client.set("/shop/a/1", b"w"); client.get_children("/shop/a")
transaction = client.transaction(); transaction.create("/shop/b", b"x"); transaction.delete("/shop/a/2"); transaction.commit()
try: client.get("/nowhere")
except Exception: pass
client.stop()'
record zookeeper-cli 2181 bash -c "printf 'ls /\ncreate /cli x\nget /cli\ndelete /cli\nquit\n' | java -cp '/usr/share/java/zookeeper.jar:/usr/share/java/*' org.apache.zookeeper.ZooKeeperMain -server 127.0.0.1:2181"
record memcached-binary 11311 /usr/bin/python3 -c '
import socket, struct
link = socket.create_connection(("127.0.0.1", 11311))
def ask(code, key=b"", extras=b"", value=b"", opaque=0):
    link.sendall(struct.pack("!BBHBBHIIQ", 0x80, code, len(key), len(extras), 0, 0, len(key + extras + value), opaque, 0) + extras + key + value)
    head = link.recv(24, socket.MSG_WAITALL); size = struct.unpack("!I", head[8:12])[0]
    if size: link.recv(size, socket.MSG_WAITALL)
ask(0x0b)
for number in range(3): ask(1, b"key%d" % number, bytes(8), b"value", number)
for number in range(4): ask(0, b"key%d" % number, opaque=number)'
record memcached-text 11311 bash -c 'exec 3<>/dev/tcp/127.0.0.1/11311; printf "set a 0 0 1\r\nx\r\n" >&3; sleep 0.1; printf "get a\r\n" >&3; sleep 0.1; printf "quit\r\n" >&3'
record mqtt 1884 bash -c 'timeout 1 mosquitto_sub -p 1884 -t a/b & sleep 0.3; mosquitto_pub -p 1884 -q 1 -t a/b -m hello; wait'
record gearman 4731 bash -c 'timeout 2 gearman -h 127.0.0.1 -p 4731 -w -f up -- tr a-z A-Z & sleep 0.3; echo hello | timeout 1 gearman -h 127.0.0.1 -p 4731 -f up; wait'
record x11 6077 xdpyinfo -display 127.0.0.1:77
record ldap 3890 ldapsearch -x -H ldap://127.0.0.1:3890 -D cn=admin,dc=example -w secret -b dc=example
record ldap-starttls 3890 env LDAPTLS_REQCERT=never ldapsearch -x -ZZ -H ldap://localhost:3890 -b dc=example
record rsync 8730 rsync -a "rsync://127.0.0.1:8730/share/" "$folder/copy"
record smb 4450 smbclient -N -p 4450 //127.0.0.1/share -c ls
record nbd 10810 nbd-client -l 127.0.0.1 10810
record ssh 2222 ssh -p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes 127.0.0.1 true

ip addr add 127.0.0.2/8 dev lo
for n in 1 2; do
    printf 'router id 10.0.0.%s;\nprotocol device {}\nprotocol static { ipv4; route 10.%s.0.0/16 blackhole; }\nprotocol bgp { local 127.0.0.%s port 1790 as 6500%s; neighbor 127.0.0.%s port 1790 as 6500%s; multihop; ipv4 { import all; export all; }; connect delay time 1; }\n' $n $n $n $n $((3 - n)) $((3 - n)) >"$folder/bird$n.conf"
done
record bgp 1790 bash -c "for n in 1 2; do bird -f -c $folder/bird\$n.conf -s $folder/bird\$n.ctl & done; sleep 6; kill %1 %2"

cat >"$folder/mail.py" <<END
import socket, ssl
server = socket.create_server(("127.0.0.1", 2525))
link = server.accept()[0]
for answer in b"220 mail.example ESMTP", b"250-mail.example\\r\\n250 STARTTLS", b"220 go ahead":
    link.sendall(answer + b"\\r\\n")
    if b"go" not in answer:
        link.recv(1000)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("$folder/cert.pem", "$folder/key.pem")
secure = context.wrap_socket(link, server_side=True)
secure.recv(100)
secure.sendall(b"250 hello\\r\\n")
secure.recv(100)
END
/usr/bin/python3 "$folder/mail.py" &
sleep 0.5
record smtp-starttls 2525 bash -c "(sleep 0.5; echo EHLO me; sleep 0.5) | openssl s_client -starttls smtp -servername mail.example -connect 127.0.0.1:2525 -quiet -no_ign_eof -crlf"
kill $(jobs -p) 2>/dev/null
