// System calls that Swift cannot call: variadic in libc, or without a libc wrapper.
#pragma once
#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// capset(2) of this process's only thread: permitted and effective become `mask`, inheritable becomes empty.
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
