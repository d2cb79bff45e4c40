/*
 * Owns the console. Everything the guest prints goes through here, line by line, and each line says whose it is; so nothing
 * that a program prints can be taken for anything else.
 */
#define _GNU_SOURCE
#include "init.h"
#include "lines.h"

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

enum {
    HEAD_LIMIT_BYTES = 24,
    /* An idle console has room for what one read of a program makes, be it nothing but newlines, and some kernel's words. */
    QUEUE_BYTES = RECORD_TEXT_BYTES * (HEAD_LIMIT_BYTES + 2) + 64 * 1024,
};

static int console = STDERR_FILENO;

/* What is on its way out: whole lines. The first byte ends a line that firmware may have left unfinished. */
static char queue[QUEUE_BYTES] = "\n";
static size_t start, end = 1;

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

bool console_idle(void)
{
    return start == end;
}

void console_move(void)
{
    ssize_t written = write(console, queue + start, end - start);
    if (written < 0 && errno != EAGAIN && errno != EINTR)
        written = (ssize_t)(end - start); /* it has failed for good: nobody is to wait for it */
    if (written > 0)
        start += (size_t)written;
    if (start == end)
        start = end = 0;
}

/* All of it or, when the console is stuck and there is no room, nothing. */
static void enqueue(const char *head, size_t head_count, const char *text, size_t count)
{
    if (start > 0) {
        memmove(queue, queue + start, end - start);
        end -= start;
        start = 0;
    }
    if (head_count + count + 1 > sizeof queue - end)
        return;
    memcpy(queue + end, head, head_count);
    memcpy(queue + end + head_count, text, count);
    end += head_count + count;
    queue[end++] = '\n';
}

void console_record(char kind, const char *text, size_t count)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    char head[HEAD_LIMIT_BYTES];
    unsigned long long ms = (unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000;
    int length = snprintf(head, sizeof head, "%llu %c ", ms % 1000000000000000, kind);
    enqueue(head, (size_t)length, text, count);
}

void console_flush(void)
{
    struct pollfd ready = {.fd = console, .events = POLLOUT};
    while (!console_idle() && poll(&ready, 1, STUCK_LIMIT_MS) > 0)
        console_move();
}

void say(const char *format, ...)
{
    static const char prefix[] = "vmplane-guest: ";
    char line[LINE_LIMIT_BYTES];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    for (char *c = line; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    }
    enqueue(prefix, sizeof prefix - 1, line, strlen(line));
    console_flush();
}

void console_drain(void)
{
    const struct timespec step = {.tv_nsec = DRAIN_STEP_MS * 1000000L};
    int queued = 0;
    console_flush();
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
