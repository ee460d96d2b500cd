#!/bin/bash
# Runs inside the machine as the guest service. One line a fact: "PASS name" or "FAIL name: what was seen".
exec 2>&1

check() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then echo "PASS $name"; else echo "FAIL $name: ${output//$'\n'/ | }"; fi
}

echo "KERNEL $(uname -r)"
ip netns add peer
ip link add eth7 type veth peer name eth7 netns peer
ip address add 192.0.2.1/24 dev eth7
ip link set eth7 up
ip -n peer address add 192.0.2.2/24 dev eth7
ip -n peer link set eth7 up

# Rules make generated programs, which this kernel's verifier has to take as well.
mkdir -p /etc/hdrlog/hdrlogd.toml.d
cat >/etc/hdrlog/hdrlogd.toml.d/rules.toml <<-'END'
	[[rule]]
	match = "udp port 9 and (src net 192.0.2.0/24 or src net 2001:db8::/32)"
	action = "ignore"
	[[rule]]
	match = "tcp[tcpflags] & tcp-syn != 0 and ttl < 10 and not vlan"
	action = "count"
	[[rule]]
	match = "icmp and host 192.0.2.2 and len > 60"
	action = "sample"
	rate = 1
END
check "the service starts" systemctl start hdrlogd.service
systemctl show --property=StatusText hdrlogd.service
check "packets pass" ip netns exec peer ping -q -c 5 -i 0.2 192.0.2.1
check "ignored packets pass" ip netns exec peer bash -c 'for i in 1 2 3; do echo >/dev/udp/192.0.2.1/9; done'
sleep 1
headers() { [ "$(hdrctl query --since 10m --proto icmp -o json | wc -l)" -ge 5 ]; }
check "their headers are in the log" headers
check "status answers" hdrctl status
ignored() { hdrctl status -o json | grep -Eq '"filtered": ?[3-9]'; }
check "a rule ignores packets" ignored
hdrctl status
check "the service stops" systemctl stop hdrlogd.service
detached() {
	! ip -details link show dev eth7 | grep prog/xdp
	local filters
	filters=$(tc filter show dev eth7 ingress; tc filter show dev eth7 egress)
	echo "$filters"
	[ -z "$filters" ]
}
check "nothing is left attached" detached
systemctl is-failed hdrlogd.service && journalctl --no-pager -u hdrlogd.service
echo DONE
