/*
 * Pages that show which disks the server can write to, and what is left on them by others: a file begins with a line that
 * names the VM that wrote it.
 */
#define _GNU_SOURCE
#include "pages.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MIB = 1 << 20, MIB_LIMIT = 1024 };

/* Answers the number of bytes that reached the file; errno says why it is not all of them. */
static long long write_all(int fd, long long bytes)
{
    static char block[MIB];
    memset(block, 'x', sizeof block);
    char hostname[65] = "";
    gethostname(hostname, sizeof hostname - 1);
    memcpy(block, hostname, strlen(hostname));
    block[strlen(hostname)] = '\n';
    long long written = 0;
    while (written < bytes) {
        ssize_t step = write(fd, block, sizeof block);
        if (step < 0)
            return written;
        written += step;
    }
    return written;
}

struct page written_page(const char *what)
{
    char *path;
    unsigned long mib = strtoul(what, &path, 10);
    if (*what < '0' || *what > '9' || *path != '/' || mib == 0 || mib > MIB_LIMIT)
        return text_page(404, "What is written is 1 to %d MiB, then the path of a file.\n", MIB_LIMIT);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return text_page(200, "Wrote nothing: %s.\n", strerror(errno));
    long long wanted = (long long)mib * MIB;
    long long written = write_all(fd, wanted);
    int failed = written < wanted || fsync(fd) != 0 ? errno : 0;
    close(fd);
    return failed ? text_page(200, "Wrote %lld bytes: %s.\n", written, strerror(failed))
                  : text_page(200, "Wrote %lld bytes.\n", written);
}

struct page read_page(const char *what)
{
    char path[PATH_MAX], line[65] = "";
    struct stat file;
    snprintf(path, sizeof path, "/%s", what);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &file) != 0 || read(fd, line, sizeof line - 1) < 0) {
        int failed = errno;
        if (fd >= 0)
            close(fd);
        return text_page(404, "Read nothing: %s.\n", strerror(failed));
    }
    close(fd);
    line[strcspn(line, "\n")] = '\0';
    return text_page(200, "Read %lld bytes by %s.\n", (long long)file.st_size, line);
}
