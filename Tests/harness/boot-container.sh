#!/bin/bash
# Boots this machine's own file system under systemd, so that PID 1 and everything around it is real.
#
#   boot-container.sh FOLDER
#
# FOLDER/root is an overlay whose changes live in memory, in a mount namespace that ends with this process.
# Run by container.py, which enters the booted system through the PID that it finds below this process.
set -euo pipefail
folder=$1

# nspawn --keep-unit hands its own cgroup to the container; give it one that holds nothing else, in every hierarchy.
mapfile -t memberships </proc/self/cgroup
for membership in "${memberships[@]}"; do
	IFS=: read -r number controllers path <<<"$membership"
	if [ "$number" = 0 ]; then
		hierarchy=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET)
	else
		hierarchy=/sys/fs/cgroup/${controllers#name=}
	fi
	group=${hierarchy}${path%/}/hdrlog-test-$$
	mkdir "$group"
	echo "$group" >>"$folder.cgroups"
	if [ "$controllers" = cpuset ]; then
		cat "${group%/*}/cpuset.cpus" >"$group/cpuset.cpus"
		cat "${group%/*}/cpuset.mems" >"$group/cpuset.mems"
	fi
	echo $$ >"$group/cgroup.procs"
done

mount -t tmpfs -o mode=755 hdrlog-test "$folder"
mkdir "$folder"/{upper,work,root,bpf}
mount -t overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" hdrlog-test "$folder/root"
mount -t bpf bpf "$folder/bpf"
root=$folder/root

# What this machine's image happens to enable is not under test.
rm -rf "$root"/etc/systemd/system/*.wants
systemd-id128 new >"$root/etc/machine-id"
cat >"$root/etc/systemd/system/hdrlog-test.target" <<-UNIT
	[Unit]
	Requires=basic.target
	After=basic.target
	AllowIsolate=yes
UNIT

exec systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --private-network --console=pipe \
	--capability=all --system-call-filter='bpf perf_event_open' --bind="$folder/bpf:/sys/fs/bpf" \
	--resolv-conf=off --timezone=off --link-journal=no --boot systemd.unit=hdrlog-test.target
