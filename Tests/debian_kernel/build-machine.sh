#!/bin/bash
# Makes a machine of Debian's stable release and kernel for qemu: vmlinuz, initrd and root.ext4 in FOLDER.
#
#   build-machine.sh FOLDER PACKAGE.deb GUEST-SCRIPT
#
# The base system in FOLDER/tree is kept for the next time; the package and the script are put in anew.
set -euo pipefail
folder=$1 package=$2 guest=$3
tree=$folder/tree
mkdir -p "$folder"

# What the package depends on comes with the base system, so that the machine needs no network.
base=systemd-sysv,udev,kmod,iproute2,iputils-ping,libbpf1,libsqlite3-0,libsystemd0,libzstd1,libstdc++6

install_base() {
	rm -rf "$tree"
	debootstrap --variant=minbase --include=$base bookworm "$tree" >"$folder/debootstrap.log"
	rm -rf "$tree"/var/cache/apt/archives/*.deb "$tree"/usr/share/{doc,locale,man}/*
}

install_kernel() {
	local name
	name=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-.*\)/\1/p')
	(cd "$folder" && rm -f linux-image-*.deb && apt-get download -qq "$name")
	dpkg-deb -x "$folder"/linux-image-*.deb "$folder/kernel"
	rm -rf "$tree/lib/modules"
	mv "$folder"/kernel/lib/modules "$tree/lib/modules"
	cp "$folder"/kernel/boot/vmlinuz-* "$folder/vmlinuz"
	rm -rf "$folder/kernel"
	chroot "$tree" depmod "$(ls "$tree/lib/modules")"
}

# The kernel has ext4 built in, but needs modules to see its disk.
build_initrd() {
	local root=$folder/initrd.d version path
	version=$(ls "$tree/lib/modules")
	rm -rf "$root" && mkdir -p "$root"/{bin,dev,modules,root}
	cp /bin/busybox "$root/bin/busybox"
	for path in $(chroot "$tree" modprobe --set-version "$version" --show-depends --all virtio_pci virtio_blk |
		sed -n 's/^insmod //p'); do
		cp "$tree/$path" "$root/modules/"
		echo "/bin/busybox insmod /modules/${path##*/} 2>/dev/null" >>"$root/load"
	done
	cat >"$root/init" <<-'INIT'
		#!/bin/busybox sh
		/bin/busybox mount -t devtmpfs dev /dev
		. /load
		/bin/busybox mount -t ext4 /dev/vda /root
		exec /bin/busybox switch_root /root /sbin/init
	INIT
	chmod +x "$root/init"
	(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$folder/initrd"
}

install_guest() {
	install -m 755 "$guest" "$tree/guest"
	cat >"$tree/etc/systemd/system/guest.service" <<-'UNIT'
		[Unit]
		After=multi-user.target
		[Service]
		ExecStart=/guest
		ExecStopPost=/bin/systemctl poweroff --force --force
		StandardOutput=file:/dev/ttyS0
	UNIT
	cp "$package" "$tree/hdrlog.deb"
	chroot "$tree" dpkg --purge hdrlog >/dev/null 2>&1 || true
	chroot "$tree" dpkg --install /hdrlog.deb >/dev/null
}

if [ ! -e "$folder/complete" ]; then
	install_base
	install_kernel
	build_initrd
	touch "$folder/complete"
fi
install_guest
rm -f "$folder/root.ext4"
mke2fs -q -t ext4 -d "$tree" "$folder/root.ext4" 600M
