// libbpf and the bpf(2) wrappers, as Swift sees them.
#pragma once
#include <bpf/libbpf.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
