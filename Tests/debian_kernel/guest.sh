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

# tc means filters here. What a rule ignores is counted, and nobody but this sends it.
filters() { [ "$(tc filter show dev eth7 ingress | grep -c hdrlog_ingress)" -ge 1 ]; }
check "programs at tc are filters" filters
ignored_frames() { hdrctl status -o json | grep -Eo '"filtered": ?[0-9]+' | grep -Eo '[0-9]+' | { sum=0; while read -r n; do sum=$((sum + n)); done; echo $sum; }; }
restarts() {
	local before after sent
	before=$(ignored_frames)
	rm -f /run/done
	(
		for _ in 1 2 3 4 5; do
			systemctl reset-failed hdrlogd.service
			systemctl restart hdrlogd.service
		done
		systemctl kill --signal=KILL hdrlogd.service
		sleep 3
		touch /run/done
	) &
	# shellcheck disable=SC2016
	sent=$(ip netns exec peer bash -c 'n=0; until [ -e /run/done ]; do echo >/dev/udp/192.0.2.1/9 && n=$((n + 1)); done; echo $n')
	wait
	after=$(ignored_frames)
	echo "SENT $sent SEEN $((after - before))" >/dev/ttyS0
	[ "$sent" -gt 100 ] && [ $((after - before)) = "$sent" ]
}
check "restarts and a kill let no packet go by uncounted" restarts
consistent() { hdrctl status -o json | grep -Eq '"consistent": ?true'; }
check "what status counts adds up" consistent
hdrctl doctor
check "the service stops" systemctl stop hdrlogd.service
detached() {
	# The unit that removes filters is stopped a moment after the service.
	for _ in $(seq 100); do
		[ "$(systemctl is-active hdrlogd-filters.service)" = inactive ] && break
		sleep 0.1
	done
	! ip -details link show dev eth7 | grep prog/xdp
	local filters
	filters=$(tc filter show dev eth7 ingress; tc filter show dev eth7 egress)
	filters+=$(tc qdisc show dev eth7 | grep clsact)
	echo "$filters"
	[ -z "$filters" ]
}
check "nothing is left attached" detached
systemctl is-failed hdrlogd.service && journalctl --no-pager -u hdrlogd.service
echo DONE
