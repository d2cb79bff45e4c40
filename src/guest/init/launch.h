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
    int error; /* 0: see `reason` */
    char reason[64];
};

/* Never returns: becomes the program, or tells `verdict` why not. Streams are numbered above those they become. */
_Noreturn void launch(const struct launch *launch, const int streams[3], int verdict);

/* For people, such as `execute /bin/no: No such file or directory`. */
void failure_tell(const struct failure *failure, const struct launch *launch, char *text, size_t size);
bool failure_is_not_found(const struct failure *failure);

#endif
