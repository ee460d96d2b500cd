// libbpf and the bpf(2) wrappers, as Swift sees them.
#pragma once
#include <errno.h>
#include <bpf/libbpf.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>

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

static inline int hdrlog_tc_detach(int interface, enum bpf_tc_attach_point point, unsigned int handle)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = interface, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = handle, .priority = handle);

	return bpf_tc_detach(&hook, &filter);
}

static inline int hdrlog_program_load(enum bpf_prog_type type, enum bpf_attach_type attach, unsigned int flags,
				      const struct bpf_insn *code, size_t count, char *log, unsigned int log_size)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach, .prog_flags = flags, .log_buf = log,
		    .log_size = log_size);

	return bpf_prog_load(type, "hdrlog_rules", "GPL", code, count, &options);
}
