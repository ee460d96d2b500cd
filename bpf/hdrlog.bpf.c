/* The programs: what happens to a frame at each hook. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "count.bpf.h"
#include "flow.bpf.h"
#include "hdrlog.h"
#include "histogram.bpf.h"
#include "maps.bpf.h"
#include "parse.bpf.h"
#include "record.bpf.h"

/* The rate that the packet's headers are kept at: 1 in so many; 0 is never. `nth` is its place in its flow. */
static __always_inline __u32 rate_of(const struct hdrlog_bank *bank, const struct packet *packet, __u64 nth)
{
	const struct hdrlog_facts *facts = &packet->facts;
	__u32 edges = TCP_SYN | TCP_FIN | TCP_RST;

	if (facts->action == HDRLOG_RULE_COUNT)
		return 0;
	if ((bank->keep & HDRLOG_KEEP_TCP_EDGES && facts->has & HDRLOG_HAS_TCP && facts->tcp_flags & edges) ||
	    (bank->keep & HDRLOG_KEEP_ICMP_ERRORS && packet->is_error) ||
	    (bank->keep & HDRLOG_KEEP_MALFORMED && facts->malformed) || (nth && nth <= bank->first_packets))
		return bank->thinning;
	__u64 rate = (__u64)bank->thinning * (facts->action == HDRLOG_RULE_SAMPLE ? facts->rate : bank->rate);
	return rate < HDRLOG_MAX_RATE ? rate : HDRLOG_MAX_RATE;
}

/* 1 in `rate`. A product instead of a remainder, which is a slow instruction; as likely to a part in 2^32 / rate. */
static __always_inline int is_chosen(__u32 rate)
{
	return rate == 1 || (rate && (__u64)bpf_get_prandom_u32() * rate >> 32 == 0);
}

/* What happens to a counted frame after the rules, which may have answered or not. */
static __always_inline void finish(void *ctx, enum hook hook, struct packet *packet, const struct hdrlog_bank *bank,
				   struct hdrlog_counters *counted, const struct bytes *bytes)
{
	__u64 nth = 0;

	if (packet->facts.action == HDRLOG_RULE_IGNORE) {
		counted->filtered++;
		return;
	}
	if (bank->features & HDRLOG_FLOWS && packet->is_ip)
		nth = count_flow(counted, packet, packet->generation & 1, bank->flow_limit);
	__u32 rate = rate_of(bank, packet, nth);
	if (!is_chosen(rate)) {
		counted->counted++;
		return;
	}
	counted->sampled++;
	if (!record(ctx, hook, packet, rate, bytes))
		counted->ring_lost++;
}

static __always_inline struct hdrlog_bank *bank_of(struct hdrlog_control *settings, __u32 generation)
{
	return &settings->banks[generation & 1];
}

/* Where rules tail-call to: the packet is as log_frame() left it. */
static __always_inline void finish_after_rules(void *ctx, enum hook hook, const struct bytes *bytes)
{
	__u32 zero = 0;
	struct packet *packet = bpf_map_lookup_elem(&packets, &zero);
	struct hdrlog_control *settings = bpf_map_lookup_elem(&control, &zero);

	struct hdrlog_counters *counted = packet ? bpf_map_lookup_elem(&counters, &packet->slot) : NULL;

	if (counted && settings)
		finish(ctx, hook, packet, bank_of(settings, packet->generation), counted, bytes);
}

/* The frame that this CPU is at, for the hook to say what it knows. */
static __always_inline struct packet *begin(__u32 ifindex, __u32 length, enum hdrlog_direction direction)
{
	__u32 zero = 0;
	struct packet *packet = bpf_map_lookup_elem(&packets, &zero);

	if (!packet)
		return NULL;
	packet->facts.ifindex = ifindex;
	packet->facts.frame_length = length;
	packet->facts.direction = direction;
	packet->segments = 1;
	packet->vlan_tci = 0;
	packet->vlan_tpid = 0;
	return packet;
}

/* Counts a frame, asks the rules, and if it is chosen, puts its headers into the ring of this CPU. */
static __always_inline void log_frame(void *ctx, enum hook hook, struct packet *packet, const struct bytes *bytes)
{
	__u32 zero = 0, place = packet->facts.ifindex % HDRLOG_PORTS;
	struct hdrlog_port *port = bpf_map_lookup_elem(&ports, &place);
	struct hdrlog_control *settings = bpf_map_lookup_elem(&control, &zero);

	if (!port || port->ifindex != packet->facts.ifindex || !settings)
		return;
	/* Read once: counters, settings and record belong to the same generation. */
	__u64 generation = *(volatile __u64 *)&settings->generation;
	__u32 bank = generation & 1, slot = port->slot + packet->facts.direction + bank * bank_stride;
	struct hdrlog_counters *counted = bpf_map_lookup_elem(&counters, &slot);
	if (!counted)
		return;
	packet->slot = slot;
	packet->generation = generation;
	packet->link_type = port->link_type;
	walk_frame(packet, bytes->start, bytes->end);
	count(counted, packet);

	struct hdrlog_bank *set = bank_of(settings, bank);
	if (set->features & HDRLOG_HISTOGRAMS)
		count_histograms(&counted->histograms, packet);
	if (set->features & HDRLOG_RULES) {
		set_ethernet(packet, bytes->start, bytes->end);
		bpf_tail_call(ctx, hook == HOOK_XDP ? (void *)&xdp_rules : (void *)&tc_rules, bank);
	}
	finish(ctx, hook, packet, set, counted, bytes);
}

static __always_inline struct bytes bytes_of_xdp(const struct xdp_md *ctx)
{
	return (struct bytes){(void *)(long)ctx->data, (void *)(long)ctx->data_end};
}

/* Headers that lie in fragments are walked in a copy. */
static __always_inline void copy_headers(struct xdp_md *ctx, __u32 length, struct bytes *bytes)
{
	__u32 zero = 0, wanted = min_u32(length, HDRLOG_MAX_CAPTURED);

	if (bytes->end - bytes->start >= wanted)
		return;
	void *copy = bpf_map_lookup_elem(&copies, &zero);
	if (!copy || !copy_any(copy, ctx, HOOK_XDP, wanted))
		return;
	*bytes = (struct bytes){copy, copy + (wanted & (2 * HDRLOG_MAX_CAPTURED - 1))}; /* a bound for the verifier */
}

SEC("xdp.frags")
int hdrlog_xdp(struct xdp_md *ctx)
{
	struct bytes bytes = bytes_of_xdp(ctx);
	__u32 length = bpf_xdp_get_buff_len(ctx);
	struct packet *packet = begin(ctx->ingress_ifindex, length, HDRLOG_INGRESS);

	copy_headers(ctx, length, &bytes);
	if (packet)
		log_frame(ctx, HOOK_XDP, packet, &bytes);
	return XDP_PASS;
}

SEC("xdp.frags")
int hdrlog_xdp_finish(struct xdp_md *ctx)
{
	struct bytes bytes = bytes_of_xdp(ctx);

	finish_after_rules(ctx, HOOK_XDP, &bytes);
	return XDP_PASS;
}

static __always_inline struct bytes bytes_of_skb(const struct __sk_buff *skb)
{
	return (struct bytes){(void *)(long)skb->data, (void *)(long)skb->data_end};
}

static __always_inline int log_skb(struct __sk_buff *skb, enum hdrlog_direction direction)
{
	struct packet *packet = begin(skb->ifindex, skb->len, direction);

	if (!packet)
		return TC_ACT_UNSPEC;
	if (skb->gso_segs > 1)
		packet->segments = skb->gso_segs;
	if (skb->vlan_present) {
		packet->vlan_tci = skb->vlan_tci;
		packet->vlan_tpid = bpf_ntohs(skb->vlan_proto);
	}
	/* A driver may leave the headers in fragments that only a copy makes readable. */
	__u32 linear = (long)skb->data_end - (long)skb->data;
	if (linear < skb->len && linear < HDRLOG_MAX_CAPTURED)
		bpf_skb_pull_data(skb, skb->len < HDRLOG_MAX_CAPTURED ? skb->len : HDRLOG_MAX_CAPTURED);
	struct bytes bytes = bytes_of_skb(skb);
	log_frame(skb, HOOK_TC, packet, &bytes);
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

SEC("tc")
int hdrlog_tc_finish(struct __sk_buff *skb)
{
	struct bytes bytes = bytes_of_skb(skb);

	finish_after_rules(skb, HOOK_TC, &bytes);
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "GPL";
