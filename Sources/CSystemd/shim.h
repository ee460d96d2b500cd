// Whole of the C library, as Swift sees it.
#pragma once
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
