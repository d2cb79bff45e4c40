#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 64, PATH_MAX_BYTES = 4096, STAT_BYTES = 1024, COMMAND_BYTES = 16 * 1024, LEADING_FIELDS = 2, THREADS = 20, START_TICKS = 22 };

/* Up to `limit` bytes of a file of the process, and a NUL behind them. Negative: see errno. */
static ssize_t slurp(pid_t pid, const char *name, char *bytes, size_t limit)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    ssize_t count = 0, got = 0;
    while ((size_t)count < limit && (got = read(file, bytes + count, limit - (size_t)count)) > 0)
        count += got;
    int error = errno;
    close(file);
    errno = error;
    bytes[count] = '\0';
    return got < 0 ? -1 : count;
}

/* The name of the program in its parentheses may itself hold spaces and parentheses, so counting begins behind the last. */
bool proc_stat(pid_t pid, struct stat_line *line)
{
    char bytes[STAT_BYTES + 1];
    if (slurp(pid, "stat", bytes, STAT_BYTES) < 0)
        return false;
    errno = EBADMSG;
    char *field = strrchr(bytes, ')');
    if (field == NULL || field[1] == '\0')
        return false;
    char state = field[2];
    long threads = 0;
    for (int number = LEADING_FIELDS; number < START_TICKS; number++) {
        field = strchr(field + 1, ' ');
        if (field == NULL)
            return false;
        if (number + 1 == THREADS)
            threads = strtol(field + 1, NULL, 10);
    }
    line->start_ticks = strtoull(field + 1, NULL, 10);
    line->over = state == 'X' || (state == 'Z' && threads <= 1);
    return true;
}

/* One that has let go of its memory names nothing any more; its pid and start time have to do. */
static bool names(pid_t pid, const char *directory)
{
    static char command[COMMAND_BYTES + 1];
    char prefix[PATH_MAX_BYTES];
    int length = snprintf(prefix, sizeof prefix, "%s/", directory);
    if (length < 2 || (size_t)length >= sizeof prefix)
        return false;
    ssize_t count = slurp(pid, "cmdline", command, COMMAND_BYTES);
    return count == 0 || (count > 0 && memmem(command, (size_t)count, prefix, (size_t)length) != NULL);
}

/* Compared by what they are, not by path: seen from outside, a root that was pivoted into is called "/". */
static bool rooted(pid_t pid, const char *jail)
{
    char path[PATH_BYTES];
    struct stat root, wanted;
    snprintf(path, sizeof path, "/proc/%d/root", (int)pid);
    return stat(path, &root) == 0 && stat(jail, &wanted) == 0 && root.st_dev == wanted.st_dev &&
           root.st_ino == wanted.st_ino;
}

bool proc_belongs(pid_t pid, const char *directory, const char *jail)
{
    return names(pid, directory) || rooted(pid, jail);
}
