/* Loads the drivers the distribution's kernel keeps as modules. */
#define _GNU_SOURCE
#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* A missing driver is not the end: the device it drives may not exist here. What is really needed is waited for later. */
static void load(int directory, const char *name)
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST))
        say("cannot load module %s: %s", name, strerror(errno));
    if (fd >= 0)
        close(fd);
    unlinkat(directory, name, 0); /* files of an initramfs occupy guest memory for good */
}

/* The names begin with a number, so that their order is the order of their dependencies. */
void load_modules(const char *path)
{
    struct dirent **entries;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int count = directory < 0 ? -1 : scandir(path, &entries, visible, alphasort);
    if (count < 0)
        give_up("list %s: %s", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        load(directory, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    close(directory);
}
