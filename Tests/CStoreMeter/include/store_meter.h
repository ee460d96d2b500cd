/* Counts what malloc(3) and its kin are asked for, in the whole process: a program that links this has its own. */
#ifndef STORE_METER_H
#define STORE_METER_H

/* Allocations so far, of all threads. */
unsigned long allocation_count(void);

/* syncfs(2): writes everything of the file system that is dirty. */
int sync_file_system(int descriptor);

#endif
