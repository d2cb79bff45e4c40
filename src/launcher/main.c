/*
 * launcher STATE_DIRECTORY VERSION
 *
 * Returns when somebody can be talked to at STATE_DIRECTORY/launcher.sock: 0 after leaving a launcher behind in a session
 * of its own, 3 when one runs here already. There is one for a state directory; a lock, which ends with its process, says
 * so. It goes away by itself when its socket has been removed, because nobody could ever reach it again.
 */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { STATUS_RUNS_ALREADY = 3, BACKLOG = 16, LOOK_INTERVAL_S = 1 };

static const char SOCKET[] = "launcher.sock";
static const char LOCK[] = "launcher.lock";

const char *launcher_version;

static int lock;
static struct stat place; /* what SOCKET is as long as it is ours */

void say(const char *format, ...)
{
    char when[sizeof "2026-01-01T00:00:00Z"];
    time_t now = time(NULL);
    struct tm utc;
    va_list arguments;
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    fprintf(stderr, "%s ", when);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static _Noreturn void give_up(const char *what)
{
    say("launcher cannot start: %s: %s", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static bool in_place(void)
{
    struct stat now;
    return lstat(SOCKET, &now) == 0 && now.st_ino == place.st_ino && now.st_dev == place.st_dev;
}

/* In this order, so that whoever sees the connection end can take the lock. */
void step_down(void)
{
    if (in_place())
        unlink(SOCKET);
    close(lock);
    say("launcher %s steps down", launcher_version);
    exit(EXIT_SUCCESS);
}

static void take_lock(void)
{
    lock = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        give_up(LOCK);
    if (flock(lock, LOCK_EX | LOCK_NB) == 0)
        return;
    if (errno == EWOULDBLOCK)
        exit(STATUS_RUNS_ALREADY);
    give_up(LOCK);
}

/* Relative to the state directory, whose path may be longer than an address can hold. */
static int listen_here(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, SOCKET, sizeof SOCKET);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlink(SOCKET);
    umask(0177);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, BACKLOG) != 0 || lstat(SOCKET, &place) != 0)
        give_up(SOCKET);
    umask(077);
    return listener;
}

/* Leaves the process that was started, which ends, and with it every tie to whoever started it. */
static void detach(void)
{
    pid_t pid = fork();
    if (pid < 0)
        give_up("fork");
    if (pid > 0)
        _exit(EXIT_SUCCESS);
    setsid();
}

static void look_around(struct source *source, uint32_t events);
static struct clock {
    struct source source;
    int timer;
} seconds = {.source.ready = look_around};

static void look_around(struct source *source, uint32_t events)
{
    (void)source;
    (void)events;
    uint64_t passed;
    if (read(seconds.timer, &passed, sizeof passed) < 0)
        return;
    if (!in_place())
        step_down();
    processes_each(output_bound);
}

static void start_looking(void)
{
    struct itimerspec interval = {.it_interval.tv_sec = LOOK_INTERVAL_S, .it_value.tv_sec = LOOK_INTERVAL_S};
    seconds.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (seconds.timer < 0 || timerfd_settime(seconds.timer, 0, &interval, NULL) != 0 ||
        !loop_add(seconds.timer, EPOLLIN, &seconds.source))
        give_up("timer");
}

/* One descriptor for every process that is watched. */
static void raise_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

int main(int count, char **words)
{
    if (count != 3) {
        fputs("usage: launcher STATE_DIRECTORY VERSION\n", stderr);
        return EXIT_FAILURE;
    }
    launcher_version = words[2];
    syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
    if (chdir(words[1]) != 0)
        give_up(words[1]);
    take_lock();
    int listener = listen_here();
    detach();
    raise_limit();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    loop_open();
    connections_open(listener);
    start_looking();
    say("launcher %s takes orders", launcher_version);
    loop_run(connections_sweep);
}
