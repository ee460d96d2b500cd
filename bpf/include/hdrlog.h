/* Shared by the BPF programs and user space: the layout of everything that crosses between them. */
#pragma once

#include <linux/types.h>
#include "hdrlog_flow.h"

#define HDRLOG_MAX_CAPTURED   256 /* header bytes kept of a frame at the most */
#define HDRLOG_MAX_VLAN_TAGS  4   /* tags that are stepped over; one more is an EtherType that is not known */
#define HDRLOG_MAX_EXTENSIONS 8   /* IPv6 extension headers that are stepped over */

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

/* A CPU's ring consists of pieces, since a map's value cannot be as large as a ring. Records lie one behind the other;
 * one that might not fit into what is left of a piece stands at the beginning of the next one.
 */
#define HDRLOG_RING_PIECE 65536

struct hdrlog_longest_record {
	struct hdrlog_record prefix;
	__u8 headers[HDRLOG_MAX_CAPTURED];
};

union hdrlog_ring_piece {
	__u8 bytes[HDRLOG_RING_PIECE];
	struct hdrlog_longest_record first;
};

/* Bytes that went into a CPU's ring and out of it, left-over ends of pieces included. A cache line for each writer. */
struct hdrlog_ring {
	__u64 produced;
	__u64 reserved[7];
	__u64 consumed;
	__u64 asleep; /* not 0: the reader waits for the doorbell, which the writer rings once */
	__u64 reserved_too[6];
};

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
	HDRLOG_HEADERS_TOO_LONG,    /* the headers reach beyond the bytes that are kept */
	HDRLOG_MALFORMED_REASONS,
};

_Static_assert(sizeof(struct hdrlog_record) == 32, "ring record prefix");

struct hdrlog_tally {
	__u64 frames;
	__u64 bytes;
};

/* EtherTypes that are counted each for itself, and all others together. */
enum hdrlog_ethertype {
	HDRLOG_ETHERTYPE_IPV4,
	HDRLOG_ETHERTYPE_IPV6,
	HDRLOG_ETHERTYPE_ARP,
	HDRLOG_ETHERTYPE_OTHER,
	HDRLOG_ETHERTYPES,
};

/* frames = filtered + counted + sampled; keyed = frames of all flows + untracked. */
struct hdrlog_counts {
	__u64 frames;
	__u64 wire_packets; /* sum of max(1, gso_segs) */
	__u64 bytes;
	__u64 filtered;  /* ignored by a rule */
	__u64 counted;   /* not chosen by sampling */
	__u64 sampled;   /* chosen; of these */
	__u64 ring_lost; /* found no room in the ring */
	__u64 keyed;     /* IP packets that no rule ignored: each belongs to a flow */
	__u64 untracked; /* of these: found no room in the flow table */
	__u64 malformed[HDRLOG_MALFORMED_REASONS];
	struct hdrlog_tally ethertypes[HDRLOG_ETHERTYPES];
	struct hdrlog_tally protocols[256]; /* by IPv4's protocol or IPv6's upper protocol */
};

/* What one CPU counted for one interface, direction and bank. */
struct hdrlog_counters {
	struct hdrlog_counts counts;
	struct hdrlog_histograms histograms;
};

#define HDRLOG_BANKS 2    /* one counts while the other is frozen and read */
#define HDRLOG_PORTS 4096 /* interface indices are looked up modulo this */

/* An interface that is logged: the entry at `ifindex` modulo HDRLOG_PORTS of the map `ports`. */
struct hdrlog_port {
	__u32 ifindex; /* 0: none */
	__u16 slot;    /* of ingress in bank 0; + 1 for egress, + `bank_stride` for bank 1 */
	__u8 link_type;
	__u8 reserved;
};

/* What is done beside counting: bits of hdrlog_bank.features. */
enum hdrlog_feature {
	HDRLOG_HISTOGRAMS = 1,
	HDRLOG_FLOWS = 2,
	HDRLOG_RULES = 4,
};

/* Packets whose headers are kept whatever the sampling rate is: bits of hdrlog_bank.keep. */
enum hdrlog_keep {
	HDRLOG_KEEP_TCP_EDGES = 1,   /* SYN, FIN or RST */
	HDRLOG_KEEP_ICMP_ERRORS = 2, /* unreachable, too big, time exceeded, parameter problem, redirect, quench */
	HDRLOG_KEEP_MALFORMED = 4,
};

/* No rate is multiplied beyond this: with 32 random bits, a packet is chosen as told to within half a per cent. */
#define HDRLOG_MAX_RATE (1 << 24)

/* Settings that belong to a bank and change with it. */
struct hdrlog_bank {
	__u32 rate;          /* headers of 1 packet in `rate` are kept where no rule says otherwise; 0: none */
	__u32 features;      /* enum hdrlog_feature */
	__u32 keep;          /* enum hdrlog_keep */
	__u32 first_packets; /* so many of each flow are kept in each generation */
	__u32 thinning;      /* all rates are multiplied by this; 1 to HDRLOG_MAX_RATE */
	__u32 flow_limit;    /* entries of all flow tables of the bank together */
};

/* The single entry of the map `control`. */
struct hdrlog_control {
	__u64 generation; /* its lowest bit is the bank in use */
	struct hdrlog_bank banks[HDRLOG_BANKS];
	/* Generations before this one are in the map `totals`, in the copy that its lowest bit tells. */
	__u64 collected;
	__u64 identifier; /* chosen at random when the first maps were made that these ones go on from */
	/* From this value of `collected` on, `totals` have all that is in the maps that these took the place of; 0:
	 * none yet. */
	__u64 absorbed;
};

/* Marks in the instructions of hdrlog_xdp: what they are changed into makes it ask for stripped VLAN tags. */
#define HDRLOG_ASKS_NOT 0x48445230
#define HDRLOG_ASKS     0x48445231
#define HDRLOG_TAG_CALL 0x48445232

/* Likewise: makes it look into the kernel's own context, at the number of bytes where that has its flags. */
#define HDRLOG_LOOKS_NOT    0x48445233
#define HDRLOG_LOOKS        0x48445234
#define HDRLOG_CAST_CALL    0x48445235
#define HDRLOG_FLAGS_OFFSET 0x48445236

/* What one process hands over to the next is found by the names of maps and of the fields in their values, so fields
 * may come, go, move and become wider; 0 stands for one that the other version does not have, and what is indexed by an
 * enum is only ever added to. This number is raised when a name means something else than before, or the ring is walked
 * in another way: then the next version cannot read what is there.
 */
#define HDRLOG_HANDOVER 3

/* What user space has added up of an interface in one direction since it was attached. */
struct hdrlog_totals {
	__u64 tracked; /* frames of the flows that were handed out */
	__u64 drained; /* records that were taken out of the rings */
	struct hdrlog_counts counts;
};
