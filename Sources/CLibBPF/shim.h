// libbpf and the bpf(2) wrappers, as Swift sees them.
#pragma once
#include <bpf/libbpf.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>

/* Positions and lengths in a ring buffer are shared with the kernel: acquire before reading what they cover. */
static inline unsigned long hdrlog_acquire_long(const unsigned long *from)
{
	return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

static inline unsigned int hdrlog_acquire_int(const unsigned int *from)
{
	return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

static inline void hdrlog_release_long(unsigned long *to, unsigned long value)
{
	__atomic_store_n(to, value, __ATOMIC_RELEASE);
}
