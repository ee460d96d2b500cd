/* Shared by the BPF programs and user space: the layout of everything that crosses between them. */
#pragma once

#include <linux/types.h>

/* A ring record: this prefix, then `captured` header bytes (L2 up to the end of L4's options), padded to 8. */
struct hdrlog_record {
	__u64 boot_ns; /* CLOCK_BOOTTIME when the hook saw the frame */
	__u32 ifindex;
	__u32 frame_length; /* bytes of the whole frame as the hook saw it, L2 included */
	__u32 rate;         /* chosen 1 in `rate`; 1 when every such frame is kept */
	__u16 captured;     /* header bytes that follow */
	__u16 segments;     /* wire packets that this frame stands for (gso_segs), at least 1 */
	__u16 vlan_tci;     /* tag that the hardware took off, host byte order; see vlan_tpid */
	__u16 vlan_tpid;    /* its TPID in host byte order; 0: no tag was taken off */
	__u8 direction;     /* enum hdrlog_direction */
	__u8 generation;    /* low 8 bits of the generation whose counters counted this frame */
	__u8 malformed;     /* enum hdrlog_malformed */
	__u8 link_type;     /* enum hdrlog_link_type */
};

#define HDRLOG_MAX_CAPTURED   256 /* header bytes kept of a frame at the most */
#define HDRLOG_MAX_VLAN_TAGS  4   /* tags that are stepped over; one more is an EtherType that is not known */
#define HDRLOG_MAX_EXTENSIONS 8   /* IPv6 extension headers that are stepped over */

enum hdrlog_direction {
	HDRLOG_INGRESS = 0,
	HDRLOG_EGRESS = 1,
	HDRLOG_DIRECTIONS = 2,
};

enum hdrlog_link_type {
	HDRLOG_LINK_ETHERNET = 0,
	HDRLOG_LINK_RAW_IP = 1, /* L3 devices: the bytes begin with the IP header */
};

/* Why a frame's headers could not be walked to their end. The walk stops there; what lies before is kept. */
enum hdrlog_malformed {
	HDRLOG_WELL_FORMED = 0,
	HDRLOG_TRUNCATED_L2,        /* the frame ends within the Ethernet header or a VLAN tag */
	HDRLOG_TRUNCATED_L3,        /* the frame ends within the IP, ARP or an extension header */
	HDRLOG_TRUNCATED_L4,        /* the frame ends within the transport header */
	HDRLOG_BAD_IP_VERSION,      /* the version field contradicts the EtherType */
	HDRLOG_BAD_IHL,             /* IHL below 5 */
	HDRLOG_BAD_TOTAL_LENGTH,    /* total length below the header, or beyond the frame */
	HDRLOG_BAD_PAYLOAD_LENGTH,  /* IPv6 payload length beyond the frame */
	HDRLOG_BAD_DATA_OFFSET,     /* TCP data offset below 5 or beyond the IP payload */
	HDRLOG_BAD_UDP_LENGTH,      /* UDP length below 8 or beyond the IP payload */
	HDRLOG_TOO_MANY_EXTENSIONS, /* more IPv6 extension headers than are walked */
	HDRLOG_MALFORMED_REASONS,
};

_Static_assert(sizeof(struct hdrlog_record) == 32, "ring record prefix");
