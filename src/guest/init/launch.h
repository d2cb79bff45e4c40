/*
 * How a process becomes a program of the guest: the VM's own, or one that somebody runs beside it. What it could not do comes
 * back through a pipe that the exec itself closes: silence means the program runs.
 */
#ifndef VMPLANE_GUEST_LAUNCH_H
#define VMPLANE_GUEST_LAUNCH_H

#include "words.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct launch {
    char **arguments;
    const struct words *environments[2]; /* NAME=VALUE; the second's win, and either may be NULL */
    const char *user;                    /* NULL: root */
    const char *workdir;
    bool terminal; /* its streams are one terminal, which is to be its own */
    pid_t maker;   /* the program is killed when this process ends; 0: it is not */
};

struct failure {
    enum { IN_SETUP, IN_USER, IN_WORKDIR, IN_EXEC } step;
    bool not_found; /* in the exec: there is no such program */
    char what[320]; /* for people, such as `execute /bin/no: No such file or directory` */
};

/* How gladly the kernel takes this process, and those it makes, when memory is short. */
void set_oom_score(const char *score);

/* Never returns: becomes the program, or tells `verdict` why not: one struct failure. Streams are numbered above those they become. */
_Noreturn void launch_program(const struct launch *launch, const int streams[3], int verdict);

#endif
