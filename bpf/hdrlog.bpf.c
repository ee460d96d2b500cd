#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "hdrlog.h"

SEC("xdp")
int hdrlog_xdp(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
