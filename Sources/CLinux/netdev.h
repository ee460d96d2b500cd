// What the kernel tells of a network device over generic netlink, family "netdev" (Linux 6.3 and later).
#pragma once
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// One request with one attribute; the reply's message lies in `reply`.
/// @return the length of the reply's attributes, or -errno
static inline int hdrlog_generic_request(int netlink, uint16_t family, uint8_t command, uint16_t type,
					 const void *value, uint16_t length, char *reply, size_t size)
{
	struct {
		struct nlmsghdr header;
		struct genlmsghdr generic;
		struct nlattr attribute;
		char value[16];
	} request;
	const struct nlmsghdr *answer = (const struct nlmsghdr *)reply;
	long got;

	memset(&request, 0, sizeof(request));
	request.attribute.nla_type = type;
	request.attribute.nla_len = (uint16_t)(NLA_HDRLEN + length);
	memcpy(request.value, value, length);
	request.generic.cmd = command;
	request.generic.version = 1;
	request.header.nlmsg_type = family;
	request.header.nlmsg_flags = NLM_F_REQUEST;
	request.header.nlmsg_len = (uint32_t)(NLMSG_LENGTH(GENL_HDRLEN) + NLA_ALIGN(request.attribute.nla_len));
	if (send(netlink, &request, request.header.nlmsg_len, 0) < 0)
		return -errno;
	got = recv(netlink, reply, size, 0);
	if (got < (long)NLMSG_LENGTH(GENL_HDRLEN))
		return got < 0 ? -errno : -EBADMSG;
	if (answer->nlmsg_type == NLMSG_ERROR)
		return ((const struct nlmsgerr *)NLMSG_DATA(answer))->error;
	return (int)(answer->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
}

/// The value of an attribute in such a reply; NULL if it is not there or shorter than `size`.
static inline const void *hdrlog_generic_attribute(const char *reply, int length, uint16_t type, size_t size)
{
	const char *at = reply + NLMSG_LENGTH(GENL_HDRLEN);

	while (length >= NLA_HDRLEN) {
		const struct nlattr *part = (const struct nlattr *)at;

		if (part->nla_len < NLA_HDRLEN || part->nla_len > length)
			break;
		if ((part->nla_type & NLA_TYPE_MASK) == type && part->nla_len >= NLA_HDRLEN + size)
			return at + NLA_HDRLEN;
		length -= NLA_ALIGN(part->nla_len);
		at += NLA_ALIGN(part->nla_len);
	}
	return NULL;
}

/// NETDEV_CMD_DEV_GET: what a device's driver can do for XDP now, NETDEV_XDP_ACT_* of linux/netdev.h.
/// @return 0, or -errno: -ENOENT before Linux 6.3
static inline int hdrlog_xdp_features(uint32_t interface, uint64_t *features)
{
	char reply[8192] __attribute__((aligned(8)));
	const void *value;
	uint16_t family;
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), length;

	if (netlink < 0)
		return -errno;
	length = hdrlog_generic_request(netlink, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, "netdev", 7,
					reply, sizeof(reply));
	value = hdrlog_generic_attribute(reply, length, CTRL_ATTR_FAMILY_ID, sizeof(family));
	if (value) {
		memcpy(&family, value, sizeof(family));
		/* NETDEV_CMD_DEV_GET 1, NETDEV_A_DEV_IFINDEX 1, NETDEV_A_DEV_XDP_FEATURES 3 */
		length =
		    hdrlog_generic_request(netlink, family, 1, 1, &interface, sizeof(interface), reply, sizeof(reply));
		value = hdrlog_generic_attribute(reply, length, 3, sizeof(*features));
	}
	close(netlink);
	if (!value)
		return length < 0 ? length : -ENODATA;
	memcpy(features, value, sizeof(*features));
	return 0;
}
