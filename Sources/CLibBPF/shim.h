// libbpf and the bpf(2) wrappers, as Swift sees them.
#pragma once
#include <errno.h>
#include <bpf/libbpf.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

/* libbpf refuses options whose padding is not zero, which Swift's initializers do not promise: so they are made here.
 */
static inline struct bpf_object *hdrlog_object_open(const void *bytes, size_t size, char *log, size_t log_size)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .kernel_log_buf = log, .kernel_log_size = log_size);

	return bpf_object__open_mem(bytes, size, &options);
}

static inline int hdrlog_link_create(int program, int interface, enum bpf_attach_type type, unsigned int flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);

	return bpf_link_create(program, interface, type, &options);
}

static inline int hdrlog_tc_attach(int interface, enum bpf_tc_attach_point point, unsigned int handle, int program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = interface, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = handle, .priority = handle, .prog_fd = program,
		    .flags = BPF_TC_F_REPLACE);
	int made = bpf_tc_hook_create(&hook);

	return made && made != -EEXIST ? made : bpf_tc_attach(&hook, &filter);
}

/* Whether anybody has a filter on one side of the clsact queueing discipline; also 1 if that cannot be told. */
static inline int hdrlog_tc_in_use(int interface, unsigned int side)
{
	struct {
		struct nlmsghdr header;
		struct tcmsg body;
	} request = {
	    .header = {.nlmsg_len = sizeof(request),
		       .nlmsg_type = RTM_GETTFILTER,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	    .body = {.tcm_ifindex = interface, .tcm_parent = TC_H_MAKE(TC_H_CLSACT, side)},
	};
	char answer[8192] __attribute__((aligned(8)));
	int used = 1, length;
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (netlink >= 0 && send(netlink, &request, sizeof(request), 0) == sizeof(request)) {
		/* The first message tells: a filter, or the end of the list. */
		length = recv(netlink, answer, sizeof(answer), 0);
		used = length < (int)sizeof(struct nlmsghdr) || ((struct nlmsghdr *)answer)->nlmsg_type != NLMSG_DONE;
	}
	close(netlink);
	return used;
}

/* Removes our filter, and the queueing discipline if nothing is left on it. */
static inline int hdrlog_tc_detach(int interface, enum bpf_tc_attach_point point, unsigned int handle)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = interface, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = handle, .priority = handle);
	int result = bpf_tc_detach(&hook, &filter);

	if (!result && !hdrlog_tc_in_use(interface, TC_H_MIN_INGRESS) &&
	    !hdrlog_tc_in_use(interface, TC_H_MIN_EGRESS)) {
		hook.attach_point = (enum bpf_tc_attach_point)(BPF_TC_INGRESS | BPF_TC_EGRESS);
		bpf_tc_hook_destroy(&hook);
	}
	return result;
}

/* `interface`: that the program is bound to, or 0. */
static inline int hdrlog_program_load(const char *name, enum bpf_prog_type type, enum bpf_attach_type attach,
				      unsigned int flags, unsigned int interface, const struct bpf_insn *code,
				      size_t count, char *log, unsigned int log_size)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach, .prog_flags = flags,
		    .prog_ifindex = interface, .log_buf = log, .log_size = log_size);

	return bpf_prog_load(type, name, "GPL", code, count, &options);
}

/* The number of a function, or below 0: BTF_KIND_FUNC is a macro and an enumerator. */
static inline int hdrlog_find_function(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
}
