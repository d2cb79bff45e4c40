#ifndef VMPLANE_GUEST_PATHS_H
#define VMPLANE_GUEST_PATHS_H

#include <stdbool.h>

/* Makes a directory and those above it, as far as it can. False: there is no memory. */
bool make_directories(const char *path);

#endif
