#define _GNU_SOURCE
#include "machine.h"
#include "processes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { POOL_LIMIT_BYTES = 512, NS_PER_S = 1000000000 };

const char *machine_set_clock(uint64_t ns_since_1970)
{
    const struct timespec now = {
        .tv_sec = (time_t)(ns_since_1970 / NS_PER_S), .tv_nsec = (long)(ns_since_1970 % NS_PER_S)};
    return clock_settime(CLOCK_REALTIME, &now) == 0 ? NULL : strerror(errno);
}

const char *machine_reseed(const unsigned char *bytes, size_t count)
{
    struct {
        struct rand_pool_info info;
        unsigned char bytes[POOL_LIMIT_BYTES];
    } pool;
    if (count == 0)
        return NULL;
    if (count > sizeof pool.bytes)
        count = sizeof pool.bytes;
    pool.info.entropy_count = (int)count * CHAR_BIT;
    pool.info.buf_size = (int)count;
    memcpy(pool.bytes, bytes, count);
    int random = open("/dev/random", O_RDWR | O_CLOEXEC);
    bool good = random >= 0 && ioctl(random, RNDADDENTROPY, &pool) == 0 && ioctl(random, RNDRESEEDCRNG) == 0;
    const char *why = good ? NULL : strerror(errno);
    if (random >= 0)
        close(random);
    return why;
}

static unsigned long meminfo(const char *text, const char *field)
{
    const char *found = strstr(text, field);
    return found == NULL ? 0 : strtoul(found + strlen(field), NULL, 10);
}

static void read_file(const char *path, char *text, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = file < 0 ? 0 : read(file, text, size - 1);
    text[count > 0 ? count : 0] = '\0';
    if (file >= 0)
        close(file);
}

size_t machine_metrics(char *entries, size_t size)
{
    char memory[4096], load[128], loads[3][16] = {"0", "0", "0"};
    struct statvfs disk = {0};
    read_file("/proc/meminfo", memory, sizeof memory);
    read_file("/proc/loadavg", load, sizeof load);
    sscanf(load, "%15s %15s %15s", loads[0], loads[1], loads[2]);
    statvfs("/", &disk);
    unsigned long long block = disk.f_frsize;
    int length = snprintf(entries, size,
                          "mem_total_kb=%lu%cmem_available_kb=%lu%cload_1=%s%cload_5=%s%cload_15=%s%c"
                          "disk_total_kb=%llu%cdisk_free_kb=%llu%cprocesses=%u",
                          meminfo(memory, "MemTotal:"), 0, meminfo(memory, "MemAvailable:"), 0, loads[0], 0, loads[1], 0,
                          loads[2], 0, disk.f_blocks * block / 1024, 0, disk.f_bavail * block / 1024, 0,
                          count_processes());
    return (size_t)length < size ? (size_t)length + 1 : size;
}
