/* Lengths of time are measured on a clock that nobody sets. */
#ifndef VMPLANE_GUEST_CLOCK_H
#define VMPLANE_GUEST_CLOCK_H

#include <time.h>

enum { FOREVER_MS = -1 };

static inline long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How long to wait until `at_ms`; 0 if that has passed. */
static inline int ms_until(long at_ms, long now)
{
    return at_ms > now ? (int)(at_ms - now) : 0;
}

/* The sooner of two lengths, either of which may be FOREVER_MS. */
static inline int sooner_ms(int one, int other)
{
    return other == FOREVER_MS || (one != FOREVER_MS && one < other) ? one : other;
}

#endif
