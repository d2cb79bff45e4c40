#define _GNU_SOURCE
#include "paths.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool make_directories(const char *path)
{
    char *partial = strdup(path);
    if (partial == NULL)
        return false;
    for (char *slash = strchr(partial + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(partial, 0755);
        *slash = '/';
    }
    mkdir(partial, 0755);
    free(partial);
    return true;
}
