/*
 * Relays what the kernel says. Left to itself the kernel writes to the console past everybody, in the middle of other
 * people's lines; so it is told to be quiet there, all but its last words in a panic, and its warnings are read from its log.
 */
#define _GNU_SOURCE
#include "clock.h"
#include "init.h"
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { RECORDS_AT_A_TIME = 64 };

static int log_fd = -1;
static struct allowance allowance;

void kernel_console(enum kernel_voice voice)
{
    const char *level = voice == EMERGENCIES_ONLY ? "1" : "0";
    int fd = open("/proc/sys/kernel/printk", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, level, 1) != 1)
        say("cannot silence the kernel: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
}

/* What was logged before, the kernel has printed itself as far as it matters. */
void kernel_log_open(void)
{
    log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (log_fd >= 0)
        lseek(log_fd, 0, SEEK_END);
    kernel_console(EMERGENCIES_ONLY);
}

int kernel_log_fd(void)
{
    return log_fd;
}

static void pass(char *record, size_t count)
{
    char *message = kernel_message(record, count);
    if (message == NULL || !allowance_take(&allowance, now_ms()))
        return;
    if (allowance.refused > 0) {
        char lost[64];
        int length = snprintf(lost, sizeof lost, "(%ld messages are left out here)", allowance.refused);
        allowance.refused = 0;
        console_record('k', lost, (size_t)length);
    }
    console_record('k', message, strlen(message));
}

void kernel_log_pass(void)
{
    static char record[KERNEL_RECORD_BYTES + 1];
    for (int records = 0; log_fd >= 0 && records < RECORDS_AT_A_TIME; records++) {
        ssize_t got = read(log_fd, record, sizeof record - 1);
        if (got < 0 && errno == EPIPE)
            continue; /* the log has gone round; what is next is there */
        if (got <= 0)
            return;
        pass(record, (size_t)got);
    }
}
