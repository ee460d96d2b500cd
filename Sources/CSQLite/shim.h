// Whole of the C library, as Swift sees it.
#pragma once
#include <sqlite3.h>

// A virtual table and its cursor as SQLite has them, with what they stand for in Swift behind.
struct swift_vtab {
	sqlite3_vtab base;
	void *object;
};

struct swift_vtab_cursor {
	sqlite3_vtab_cursor base;
	void *object;
};

// Macros with casts are not imported.
static inline sqlite3_destructor_type swift_sqlite_transient(void)
{
	return SQLITE_TRANSIENT;
}
