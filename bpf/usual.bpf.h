/* BPF programs only: the walk over usual frames, shorter than that over any frame in parse.bpf.h.
 *
 * Usual is Ethernet without tags, then IPv4 without options or IPv6 without extension headers, not a fragment, then UDP
 * or TCP without SYN, and lengths that agree with each other. Everything else is left to walk_frame(), which would also
 * note of these frames what is noted here: tests hold the one against the other.
 */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "include/hdrlog.h"
#include "walk.bpf.h"

#define ETHERNET_HEADER 14
#define IPV4_HEADER     20
#define IPV6_HEADER     40

/* TCP without SYN, which has `room` bytes of IP payload. Returns its length, or 0 when it is not usual. */
static __always_inline __u32 walk_usual_tcp(struct hdrlog_facts *facts, const __u8 *tcp, __u32 room)
{
	__u32 length = (tcp[12] >> 4) * 4, flags = word(tcp + 12) & 0xfff;

	if (length < 20 || length > room || flags & TCP_SYN)
		return 0;
	facts->tcp_flags = flags;
	facts->window = word(tcp + 14);
	return length;
}

static __always_inline __u32 walk_usual_udp(const __u8 *udp, __u32 room)
{
	__u32 length = word(udp + 4);

	return length < 8 || length > room ? 0 : 8;
}

/* L4 at `offset`, behind which `room` bytes of IP payload follow. Returns 0 when it is not usual. */
static __always_inline int walk_usual_l4(struct packet *packet, const struct bytes *bytes, const __u32 offset,
					 __u32 room, __u16 has, __u8 protocol)
{
	struct hdrlog_facts *facts = &packet->facts;
	const __u8 *l4 = bytes->start + offset;
	__u32 readable = bytes->end - bytes->start, length = 0;

	has |= HDRLOG_HAS_ETHERNET | HDRLOG_HAS_ADDRESSES | HDRLOG_HAS_PORTS;
	if (protocol == 6) {
		length = walk_usual_tcp(facts, l4, room);
		has |= HDRLOG_HAS_TCP;
	} else if (protocol == 17) {
		length = walk_usual_udp(l4, room);
	}
	if (!length || offset + length > readable)
		return 0;
	facts->source_port = word(l4);
	facts->destination_port = word(l4 + 2);
	facts->has = has;
	facts->protocol = protocol;
	packet->end = offset + length;
	return 1;
}

static __always_inline int walk_usual_ipv4(struct packet *packet, const struct bytes *bytes)
{
	const __u8 *ip = bytes->start + ETHERNET_HEADER;
	struct hdrlog_facts *facts = &packet->facts;
	const __u32 l4 = ETHERNET_HEADER + IPV4_HEADER;

	if (bytes->start + l4 + 20 > bytes->end || ip[0] != 0x45)
		return 0;
	__u32 total = word(ip + 2), fragment = word(ip + 6);
	if (fragment & 0x3fff || total < IPV4_HEADER || ETHERNET_HEADER + total > facts->frame_length)
		return 0;
	if (!walk_usual_l4(packet, bytes, l4, total - IPV4_HEADER, HDRLOG_HAS_FRAGMENT, ip[9]))
		return 0;
	facts->network = HDRLOG_NETWORK_IPV4;
	facts->ethertype = ETHERTYPE_IPV4;
	facts->fragment = fragment;
	facts->ttl = ip[8];
	facts->traffic_class = ip[1];
	put_ipv4_addresses(facts, ip + 12, ip + 16);
	return 1;
}

static __always_inline int walk_usual_ipv6(struct packet *packet, const struct bytes *bytes)
{
	const __u8 *ip = bytes->start + ETHERNET_HEADER;
	struct hdrlog_facts *facts = &packet->facts;
	const __u32 l4 = ETHERNET_HEADER + IPV6_HEADER;

	if (bytes->start + l4 + 20 > bytes->end || ip[0] >> 4 != 6)
		return 0;
	__u32 payload = word(ip + 4); /* 0, of a jumbogram, is too short */
	if (l4 + payload > facts->frame_length || !walk_usual_l4(packet, bytes, l4, payload, 0, ip[6]))
		return 0;
	facts->network = HDRLOG_NETWORK_IPV6;
	facts->ethertype = ETHERTYPE_IPV6;
	facts->fragment = 0;
	facts->ttl = ip[7];
	facts->traffic_class = word(ip) >> 4;
	put_ipv6_addresses(facts, ip + 8);
	return 1;
}

/* Walks the headers and notes in the packet what it finds. Returns 0 when the frame is not usual: what was noted then
 * means nothing.
 */
static __always_inline int walk_usual(struct packet *packet, const struct bytes *bytes)
{
	const __u8 *ethernet = bytes->start;
	struct hdrlog_facts *facts = &packet->facts;

	if (packet->link_type != HDRLOG_LINK_ETHERNET || packet->vlan_tpid ||
	    bytes->start + ETHERNET_HEADER > bytes->end)
		return 0;
	switch (word(ethernet + 12)) {
	case ETHERTYPE_IPV4:
		if (!walk_usual_ipv4(packet, bytes))
			return 0;
		break;
	case ETHERTYPE_IPV6:
		if (!walk_usual_ipv6(packet, bytes))
			return 0;
		break;
	default:
		return 0;
	}
	facts->vlan = HDRLOG_NO_TAG;
	facts->inner_vlan = HDRLOG_NO_TAG;
	facts->vlan_count = 0;
	facts->malformed = HDRLOG_WELL_FORMED;
	facts->action = HDRLOG_RULE_NONE;
	packet->is_ip = 1;
	packet->is_error = 0;
	packet->is_fragment = 0;
	packet->mss = 0;
	return 1;
}
