/* BPF programs only: counting a frame. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "include/hdrlog.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

static __always_inline void add(struct hdrlog_tally *tally, __u32 bytes)
{
	tally->frames++;
	tally->bytes += bytes;
}

static __always_inline void count(struct hdrlog_counts *counted, const struct packet *packet)
{
	const struct hdrlog_facts *facts = &packet->facts;
	__u32 bytes = facts->frame_length;

	counted->frames++;
	counted->bytes += bytes;
	counted->wire_packets += packet->segments;
	if (facts->malformed && facts->malformed < HDRLOG_MALFORMED_REASONS)
		counted->malformed[facts->malformed]++;
	switch (facts->ethertype) {
	case ETHERTYPE_IPV4:
		add(&counted->ethertypes[HDRLOG_ETHERTYPE_IPV4], bytes);
		break;
	case ETHERTYPE_IPV6:
		add(&counted->ethertypes[HDRLOG_ETHERTYPE_IPV6], bytes);
		break;
	case ETHERTYPE_ARP:
		add(&counted->ethertypes[HDRLOG_ETHERTYPE_ARP], bytes);
		break;
	default:
		add(&counted->ethertypes[HDRLOG_ETHERTYPE_OTHER], bytes);
	}
	if (packet->is_ip)
		add(&counted->protocols[facts->protocol], bytes);
}
