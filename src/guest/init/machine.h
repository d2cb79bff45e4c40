/* The guest as a machine: its clock, its randomness, and how it is doing. */
#ifndef VMPLANE_GUEST_MACHINE_H
#define VMPLANE_GUEST_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each is NULL, or why it could not be done. */
const char *machine_set_clock(uint64_t ns_since_1970);
/* Adds bytes that nobody can guess to the kernel's pool and makes it begin anew with them: a machine that was stopped, or
 * copied, goes on with the numbers it had. */
const char *machine_reseed(const unsigned char *bytes, size_t count);

/* Writes the entries that answer METRICS, and answers their length with the last NUL. */
size_t machine_metrics(char *entries, size_t size);

#endif
