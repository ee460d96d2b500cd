// The one instruction that Swift has no name for.
#pragma once

/// Begins to fetch a cache line that will be read and written soon. Any address is allowed; nothing waits for it.
static inline void hdrlog_prefetch(const void *address)
{
	__builtin_prefetch(address, 1);
}
