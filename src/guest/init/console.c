/*
 * Owns the console. Everything the guest prints goes through here, which is how the protocol's lines stay whole: they
 * never land in the middle of a line of the program, and a control character in a reason cannot start a line of its own.
 */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* A console nobody reads must not keep the VM from ending. */
enum { STUCK_LIMIT_MS = 2000, DRAIN_STEP_MS = 2, LINE_LIMIT_BYTES = 512 };

static int console = STDERR_FILENO;
static bool in_midline = true; /* firmware may have left an unfinished line */

/* Non-blocking, because the supervisor must hear a stop request while the console is slow. Raw, because the program's
 * bytes are to arrive as they were written, and nothing that arrives may stop them. */
void console_open(void)
{
    int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        give_up("open /dev/console: %s", strerror(errno));
    struct termios settings;
    if (tcgetattr(fd, &settings) == 0) {
        cfmakeraw(&settings);
        tcsetattr(fd, TCSANOW, &settings);
    }
    console = fd;
}

int console_fd(void)
{
    return console;
}

ssize_t console_pass(const char *bytes, size_t count)
{
    ssize_t written = write(console, bytes, count);
    if (written > 0)
        in_midline = bytes[written - 1] != '\n';
    if (written < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return written;
}

void say(const char *format, ...)
{
    static const char prefix[] = "\nvmplane-guest: ";
    char line[LINE_LIMIT_BYTES];
    memcpy(line, prefix, sizeof prefix);
    size_t start = sizeof prefix - 1;
    va_list values;
    va_start(values, format);
    vsnprintf(line + start, sizeof line - start - 1, format, values);
    va_end(values);
    for (char *c = line + start; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    }
    strcat(line, "\n");

    const char *rest = in_midline ? line : line + 1;
    struct pollfd ready = {.fd = console, .events = POLLOUT};
    while (*rest != '\0' && poll(&ready, 1, STUCK_LIMIT_MS) > 0) {
        ssize_t written = console_pass(rest, strlen(rest));
        if (written < 0)
            return;
        rest += written;
    }
}

void console_drain(void)
{
    const struct timespec step = {.tv_nsec = DRAIN_STEP_MS * 1000000L};
    int queued = 0;
    for (int waited_ms = 0; waited_ms < STUCK_LIMIT_MS; waited_ms += DRAIN_STEP_MS) {
        if (ioctl(console, TIOCOUTQ, &queued) != 0)
            return;
        if (queued == 0) {
            tcdrain(console); /* only the few bytes inside the UART are left, and the driver limits that wait itself */
            return;
        }
        nanosleep(&step, NULL);
    }
}
