/* The programs: what happens to a frame at each hook. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "hdrlog.h"
#include "maps.bpf.h"
#include "parse.bpf.h"
#include "record.bpf.h"

/* Counts a frame and, if it is chosen, puts its headers into the ring of this CPU. */
static __always_inline void log_frame(void *ctx, enum hook hook, struct frame *frame, void *data, void *data_end)
{
	__u32 zero = 0, place = frame->ifindex % HDRLOG_PORTS;
	struct hdrlog_port *port = bpf_map_lookup_elem(&ports, &place);
	struct hdrlog_control *settings = bpf_map_lookup_elem(&control, &zero);

	if (!port || port->ifindex != frame->ifindex || !settings)
		return;
	/* Read once: counters, settings and record belong to the same generation. */
	__u64 generation = *(volatile __u64 *)&settings->generation;
	__u32 bank = generation & 1, slot = port->slot + frame->direction + bank * bank_stride;
	struct hdrlog_counters *counted = bpf_map_lookup_elem(&counters, &slot);
	if (!counted)
		return;
	struct walk walk;
	walk_frame(&walk, data, data_end, frame->length, port->link_type);
	count(counted, frame, &walk, slot);

	__u32 rate = settings->banks[bank].rate;
	if (rate > 1 && bpf_get_prandom_u32() % rate != 0) {
		counted->counted++;
		return;
	}
	counted->sampled++;
	frame->rate = rate > 1 ? rate : 1;
	frame->generation = generation;
	frame->link_type = port->link_type;
	if (!record(ctx, hook, frame, &walk))
		counted->ring_lost++;
}

/* Headers that lie in fragments are walked in a copy. Returns its end, or NULL when the frame serves as it is. */
static __always_inline void *copy_headers(struct xdp_md *ctx, __u32 linear, __u32 length, void **copy)
{
	__u32 zero = 0, wanted = min_u32(length, HDRLOG_MAX_CAPTURED);

	if (linear >= wanted)
		return NULL;
	*copy = bpf_map_lookup_elem(&copies, &zero);
	if (!*copy || wanted - 1 >= HDRLOG_MAX_CAPTURED || bpf_xdp_load_bytes(ctx, 0, *copy, wanted))
		return NULL;
	return *copy + wanted;
}

SEC("xdp.frags")
int hdrlog_xdp(struct xdp_md *ctx)
{
	struct frame frame = {
	    .ifindex = ctx->ingress_ifindex,
	    .length = bpf_xdp_get_buff_len(ctx),
	    .segments = 1,
	    .direction = HDRLOG_INGRESS,
	};

	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	void *copy, *copy_end = copy_headers(ctx, data_end - data, frame.length, &copy);
	if (copy_end) {
		data = copy;
		data_end = copy_end;
	}
	log_frame(ctx, HOOK_XDP, &frame, data, data_end);
	return XDP_PASS;
}

static __always_inline int log_skb(struct __sk_buff *skb, enum hdrlog_direction direction)
{
	struct frame frame = {
	    .ifindex = skb->ifindex,
	    .length = skb->len,
	    .segments = skb->gso_segs > 1 ? skb->gso_segs : 1,
	    .direction = direction,
	};

	if (skb->vlan_present) {
		frame.vlan_tci = skb->vlan_tci;
		frame.vlan_tpid = bpf_ntohs(skb->vlan_proto);
	}
	/* A driver may leave the headers in fragments that only a copy makes readable. */
	__u32 linear = (long)skb->data_end - (long)skb->data;
	if (linear < skb->len && linear < HDRLOG_MAX_CAPTURED)
		bpf_skb_pull_data(skb, skb->len < HDRLOG_MAX_CAPTURED ? skb->len : HDRLOG_MAX_CAPTURED);
	log_frame(skb, HOOK_TC, &frame, (void *)(long)skb->data, (void *)(long)skb->data_end);
	return TC_ACT_UNSPEC; /* other filters have their turn */
}

SEC("tc")
int hdrlog_ingress(struct __sk_buff *skb)
{
	return log_skb(skb, HDRLOG_INGRESS);
}

SEC("tc")
int hdrlog_egress(struct __sk_buff *skb)
{
	return log_skb(skb, HDRLOG_EGRESS);
}

char LICENSE[] SEC("license") = "GPL";
