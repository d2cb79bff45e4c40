/*
 * Keeps what processes print from filling the disk. A file that has grown too large loses its beginning: a hole takes its
 * place, so that whoever writes or reads at an offset is not disturbed.
 */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    KEPT_BYTES = 8 * 1024 * 1024,
    SLACK_BYTES = 1024 * 1024, /* so that not every line makes a hole */
    PAGE_BYTES = 4096,
    BLOCK_BYTES = 512 /* the unit of st_blocks, see stat(2) */
};

static bool too_large(const struct stat *file)
{
    return S_ISREG(file->st_mode) && file->st_size > KEPT_BYTES &&
           file->st_blocks * BLOCK_BYTES > KEPT_BYTES + SLACK_BYTES;
}

static void drop_beginning(int file)
{
    static bool unsupported;
    struct stat now;
    if (unsupported || fstat(file, &now) != 0 || !too_large(&now))
        return;
    off_t hole = (now.st_size - KEPT_BYTES) / PAGE_BYTES * PAGE_BYTES;
    if (fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, hole) == 0)
        return;
    unsupported = errno == EOPNOTSUPP;
    say("what processes print is not bounded: %s", strerror(errno));
}

void output_bound(const struct process *process)
{
    if (process->files == NULL)
        return;
    for (char **path = process->files; *path != NULL; path++) {
        struct stat seen;
        if (lstat(*path, &seen) != 0 || !too_large(&seen))
            continue;
        int file = open(*path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (file < 0)
            continue;
        drop_beginning(file);
        close(file);
    }
}
