/* Makes the process of a program that somebody runs beside the VM's own, with a terminal or three pipes for its streams. */
#ifndef VMPLANE_GUEST_SPAWN_H
#define VMPLANE_GUEST_SPAWN_H

#include "launch.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct terminal_size {
    uint16_t rows, columns;
};

/* Descriptors never make anybody wait. */
struct spawned {
    pid_t pid;
    int verdict;    /* a struct failure if it could not become the program, or the end */
    int streams[3]; /* our ends; a terminal has two of the same, and no third */
};

/* False: errno says why. The program is killed when its maker ends. */
bool spawn(struct launch *launch, struct terminal_size size, struct spawned *spawned);

#endif
