// System calls that Swift cannot call: variadic in libc, or without a libc wrapper.
#pragma once
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/membarrier.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include "netdev.h"

/// capset(2) of the calling thread: permitted and effective become `mask`, inheritable becomes empty.
static inline int hdrlog_capset(uint64_t mask)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {
	    {(uint32_t)mask, (uint32_t)mask, 0},
	    {(uint32_t)(mask >> 32), (uint32_t)(mask >> 32), 0},
	};
	return (int)syscall(SYS_capset, &header, data);
}

/// capget(2): the permitted set.
static inline uint64_t hdrlog_capabilities(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{0}};
	syscall(SYS_capget, &header, data);
	return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

/// prctl(PR_CAPBSET_DROP): nothing that this process starts can have the capability again.
static inline int hdrlog_drop_bounding(int capability)
{
	return prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

/// prctl(PR_SET_NO_NEW_PRIVS)
static inline int hdrlog_no_new_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/// memfd_create(2): an empty file in memory, which nobody will execute (MFD_NOEXEC_SEAL, since Linux 6.3).
/// @return a descriptor, or -1 with errno set
static inline int hdrlog_memory_file(const char *name)
{
	int file = (int)syscall(SYS_memfd_create, name, 1 /* MFD_CLOEXEC */ | 8 /* MFD_NOEXEC_SEAL */);

	return file >= 0 ? file : (int)syscall(SYS_memfd_create, name, 1);
}

/// getcpu(2) and sched_setaffinity(2): the calling thread stays on the processor that it runs on.
static inline int hdrlog_stay_on_this_processor(void)
{
	unsigned int processor = 0;
	unsigned long set[1024 / (8 * sizeof(unsigned long))] = {0};
	if (syscall(SYS_getcpu, &processor, NULL, NULL) != 0)
		return -1;
	set[processor / (8 * sizeof(unsigned long))] = 1UL << processor % (8 * sizeof(unsigned long));
	return (int)syscall(SYS_sched_setaffinity, 0, sizeof(set), set);
}

/// membarrier(2), MEMBARRIER_CMD_GLOBAL: returns when every BPF program that ran at the call has ended.
static inline int hdrlog_wait_for_running_programs(void)
{
	return (int)syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

/// Makes everything written before visible to a BPF program that reads the new value.
static inline void hdrlog_release_u64(uint64_t *to, uint64_t value)
{
	__atomic_store_n(to, value, __ATOMIC_RELEASE);
}

/// What was written before the value that is read is visible behind this.
static inline uint64_t hdrlog_acquire_u64(const uint64_t *from)
{
	return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

/// setns(2): the calling thread's network namespace.
static inline int hdrlog_enter_network(int descriptor)
{
	return (int)syscall(SYS_setns, descriptor, 0x40000000); /* CLONE_NEWNET */
}

/// unshare(2): the calling thread goes into a network namespace of its own.
static inline int hdrlog_new_network(void)
{
	return (int)syscall(SYS_unshare, 0x40000000); /* CLONE_NEWNET */
}

/// gettid(2)
static inline int hdrlog_thread(void)
{
	return (int)syscall(SYS_gettid);
}

/// netdevice(7), SIOCGIFHWADDR: an interface's ARPHRD_* type in this thread's network namespace; -1 when it is gone.
static inline int hdrlog_hardware_type(const char *name)
{
	struct ifreq request;
	int any = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	memset(&request, 0, sizeof(request));
	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	int result = ioctl(any, SIOCGIFHWADDR, &request);
	close(any);
	return result < 0 ? -1 : request.ifr_hwaddr.sa_family;
}

/// ethtool's rx-vlan-offload: the interface takes VLAN tags off received frames. 0 or 1; -1 when it does not say.
static inline int hdrlog_strips_tags(const char *name)
{
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
	struct ifreq request;
	int any = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	memset(&request, 0, sizeof(request));
	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	request.ifr_data = (char *)&flags;
	int result = ioctl(any, SIOCETHTOOL, &request);
	close(any);
	return result < 0 ? -1 : (flags.data & ETH_FLAG_RXVLAN) != 0;
}

/// adjtimex(2): whether the kernel holds the wall clock for synchronised.
static inline int hdrlog_clock_synchronized(void)
{
	struct timex state = {0};
	return adjtimex(&state) != TIME_ERROR;
}

/// A socket that becomes readable when a network interface comes, goes or changes (rtnetlink(7), RTMGRP_LINK).
/// @return a descriptor, or -1 with errno set
static inline int hdrlog_link_events(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	int events = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (events >= 0 && bind(events, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(events);
		return -1;
	}
	return events;
}

/// bpf(2), BPF_MAP_CREATE of a small ring buffer that is closed again: whether the kernel has them for this process.
/// 0 or errno.
static inline int hdrlog_probe_ring_buffer(void)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_RINGBUF;
	attr.max_entries = (unsigned int)sysconf(_SC_PAGESIZE);
	fd = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/// bpf(2), BPF_PROG_QUERY of tcx on an interface: whether the kernel has it. 0 or errno: EINVAL before Linux 6.6.
static inline int hdrlog_probe_tcx(unsigned int interface)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = interface;
	attr.query.attach_type = 46; /* BPF_TCX_INGRESS, which is younger than Debian 12's headers */
	return syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)) == 0 ? 0 : errno;
}

/// The BPF program after `id` by id: its id, 0 at the end, and its name. Needs CAP_SYS_ADMIN; -1 without.
static inline int64_t hdrlog_next_program(uint32_t id, char name[16])
{
	struct bpf_prog_info info;
	union bpf_attr attr;
	uint32_t next;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.start_id = id;
	if (syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attr, sizeof(attr)) != 0)
		return errno == ENOENT ? 0 : -1;
	next = attr.next_id;
	memset(&attr, 0, sizeof(attr));
	attr.prog_id = next;
	memset(name, 0, 16);
	fd = (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));
	if (fd < 0) /* it has gone meanwhile */
		return next;
	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) == 0)
		memcpy(name, info.name, 15);
	close(fd);
	return next;
}

/// RTM_GETLINK: the id of the XDP program on an interface; 0 without one, -1 when the kernel has no answer.
static inline int64_t hdrlog_xdp_program(int interface)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} request = {{sizeof(request), RTM_GETLINK, NLM_F_REQUEST, 1, 0}, {AF_UNSPEC, 0, 0, interface, 0, 0}};
	char reply[32768];
	const struct nlmsghdr *header = (const struct nlmsghdr *)reply;
	int socket_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	long length = -1;
	const struct rtattr *part;

	if (socket_ < 0)
		return -1;
	if (send(socket_, &request, sizeof(request), 0) == (long)sizeof(request))
		length = recv(socket_, reply, sizeof(reply), 0);
	close(socket_);
	if (length < (long)NLMSG_LENGTH(sizeof(struct ifinfomsg)) || header->nlmsg_type != RTM_NEWLINK)
		return -1;
	part = IFLA_RTA(NLMSG_DATA(header));
	length = (long)IFLA_PAYLOAD(header);
	for (; RTA_OK(part, length); part = RTA_NEXT(part, length)) {
		const struct rtattr *inner = (const struct rtattr *)RTA_DATA(part);
		long rest = (long)RTA_PAYLOAD(part);

		if ((part->rta_type & NLA_TYPE_MASK) != IFLA_XDP)
			continue;
		for (; RTA_OK(inner, rest); inner = RTA_NEXT(inner, rest))
			if (inner->rta_type == IFLA_XDP_PROG_ID)
				return *(const uint32_t *)RTA_DATA(inner);
	}
	return 0;
}
