#!/bin/bash
# Shows hdrlog at work: two throw-away hosts, real traffic between them, a query, a status. Leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."

burst=100000 # frames, generated in the kernel of the sending host

fail() {
	echo "demo: $*" >&2
	exit 1
}

[ "$(id -u)" -eq 0 ] || fail "needs root: it makes network namespaces and loads BPF programs"
kernel=$(uname -r)
[ "$(printf '6.1\n%s\n' "$kernel" | sort -V | head -1)" = 6.1 ] || fail "needs Linux 6.1 or later, this is $kernel"

scripts/install-dependencies demo
make --no-print-directory build-tools

logged=hdrlog-demo-$$-logged peer=hdrlog-demo-$$-peer
folder=$(mktemp -d /tmp/hdrlog-demo.XXXXXX)
daemon='' server=''
# (both are started without a function around them, so that $! is the program itself)

clean_up() {
	local status=$?
	trap - EXIT
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
	wait
	if [ $status -ne 0 ] && [ -e "$folder/log" ]; then sed 's/^/hdrlogd: /' "$folder/log" >&2; fi
	ip netns delete "$logged" 2>/dev/null || true
	ip netns delete "$peer" 2>/dev/null || true
	rm -rf "$folder"
	exit $status
}
trap clean_up EXIT
trap 'exit 130' INT TERM

say() { printf '\n── %s\n' "$*"; }
on_logged() { ip netns exec "$logged" "$@"; }
on_peer() { ip netns exec "$peer" "$@"; }
hdrctl() { .build/release/hdrctl "$1" --socket "$folder/hdrlogd.sock" "${@:2}"; }

make_hosts() {
	ip netns add "$logged"
	ip netns add "$peer"
	ip link add eth0 netns "$logged" type veth peer name eth0 netns "$peer"
	local number=1 host
	for host in "$logged" "$peer"; do
		ip -n "$host" link set lo up
		ip -n "$host" address add 192.0.2.$number/24 dev eth0
		ip -n "$host" address add 2001:db8::$number/64 dev eth0 nodad
		ip -n "$host" link set eth0 up
		number=$((number + 1))
	done
}

start_daemon() {
	mkdir "$folder/state" "$folder/www"
	cat >"$folder/hdrlogd.toml" <<-TOML
		[capture]
		interfaces = ["eth0"]
		hook = "native" # veth passes frames on in bulk only to XDP
		[storage]
		directory = "$folder/state"
		keep_free = "64M"
		[socket]
		path = "$folder/hdrlogd.sock"
		group = "root"
	TOML
	ip netns exec "$logged" .build/release/hdrlogd --config "$folder/hdrlogd.toml" 2>"$folder/log" &
	daemon=$!
	wait_for "hdrlogd" hdrctl status
}

# wait_for WHAT COMMAND...: until it succeeds, five seconds at most.
wait_for() {
	local what=$1 try
	shift
	for try in {1..100}; do
		if "$@" >/dev/null 2>&1; then return; fi
		sleep 0.05
	done
	fail "$what did not answer ($try tries)"
}

# A frame with a VLAN tag, as a switch would hand it over.
send_tagged_frame() {
	on_peer python3 - "$1" <<-'PYTHON'
		import socket, struct, sys
		payload = b"tagged"
		udp = struct.pack("!HHHH", 5000, 5001, 8 + len(payload), 0) + payload
		ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
		                 socket.inet_aton("192.0.2.2"), socket.inet_aton("192.0.2.1"))
		total = sum(struct.unpack("!10H", ip))
		ip = ip[:10] + struct.pack("!H", ~((total & 0xffff) + (total >> 16)) & 0xffff) + ip[12:]
		frame = b"\xff" * 6 + b"\x02\0\0\0\0\x02" + struct.pack("!HHH", 0x8100, int(sys.argv[1]), 0x0800) + ip + udp
		wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		wire.bind(("eth0", 0))
		wire.send(frame)
	PYTHON
}

send_traffic() {
	head -c 200000 /dev/urandom >"$folder/www/file"
	ip netns exec "$logged" python3 -m http.server --bind :: --directory "$folder/www" 8000 >/dev/null 2>&1 &
	server=$!
	wait_for "the web server" on_peer curl --fail --silent http://192.0.2.1:8000/
	on_peer curl --fail --silent --output "$folder/v4" http://192.0.2.1:8000/file
	on_peer curl --fail --silent --output "$folder/v6" 'http://[2001:db8::1]:8000/file'
	cmp "$folder/www/file" "$folder/v4" && cmp "$folder/www/file" "$folder/v6"
	on_peer bash -c 'echo hello >/dev/udp/192.0.2.1/5353'
	on_peer ping -q -c 3 -i 0.05 192.0.2.1 >/dev/null
	on_peer ping -q -c 3 -i 0.05 2001:db8::1 >/dev/null
	send_tagged_frame 42
}

# count EXPRESSION...: how many headers a query returns.
count() { hdrctl query --since 10m -o json "$@" | wc -l; }

# expect NAME MINIMUM ARGUMENTS...: fails unless the query finds that many.
expect() {
	local name=$1 least=$2 found
	found=$(count "${@:3}")
	printf '   %-28s %8d headers\n' "$name" "$found"
	[ "$found" -ge "$least" ] || fail "$name: expected at least $least headers, found $found"
}

# counter NAME: a counter of received frames.
counter() {
	hdrctl status -o json | python3 -c '
import json, sys
print(next(i["counters"][sys.argv[1]] for i in json.load(sys.stdin)["interfaces"] if i["direction"] == "in"))' "$1"
}

burst_and_count() {
	local before stored try
	before=$(counter frames)
	on_peer .build/release/hdrgen --interface eth0 --count $burst --port 9
	for try in {1..100}; do
		stored=$(count "dst port 9")
		if [ "$stored" -eq $burst ]; then break; fi
		sleep 0.05
	done
	printf '   %-28s %8d (and %d other frames meanwhile)\n' seen $burst $(($(counter frames) - before - burst))
	printf '   %-28s %8d\n' "stored and found" "$stored"
	[ "$(($(counter frames) - before))" -ge $burst ] || fail "fewer frames were seen than sent"
	[ "$stored" -eq $burst ] || fail "$stored headers of the burst are stored after $try looks, expected $burst"
}

started=$(date +%s%N)
say "two hosts on one wire, hdrlogd on one of them"
make_hosts
start_daemon
say "HTTP over IPv4 and IPv6, UDP, ping, a frame tagged VLAN 42"
send_traffic
sleep 0.1
say "hdrctl query --proto tcp --since 10m"
hdrctl query --proto tcp --since 10m >"$folder/answer"
head -12 "$folder/answer"
echo "   … $(wc -l <"$folder/answer") lines"
say "what is in the log"
expect "TCP over IPv4" 20 --proto tcp --host 192.0.2.1
expect "TCP over IPv6" 20 --proto tcp --host 2001:db8::1
expect "UDP to port 5353" 1 --proto udp --dport 5353
expect "ICMP" 6 --proto icmp
expect "ICMPv6" 6 --proto icmp6
expect "VLAN 42" 1 "vlan 42"
say "a burst of exactly $burst frames, as fast as the kernel makes them"
burst_and_count
say "hdrctl status"
hdrctl status
printf '\ndemo: all as expected, in %d.%d s\n' $((($(date +%s%N) - started) / 1000000000)) \
	$((($(date +%s%N) - started) / 100000000 % 10))
