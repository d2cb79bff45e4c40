#define _GNU_SOURCE
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* Of every stream, and of the pipe for the verdict; -1 where there is none yet. */
struct ends {
    int ours[3], its[3], verdict[2];
};

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
}

static bool open_terminal(struct ends *ends, struct terminal_size size)
{
    const struct winsize characters = {.ws_row = size.rows, .ws_col = size.columns};
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    ends->ours[1] = master;
    if (master < 0 || unlockpt(master) != 0 || ioctl(master, TIOCSWINSZ, &characters) != 0)
        return false;
    ends->ours[0] = fcntl(master, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    ends->its[0] = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends->ours[0] < 0 || ends->its[0] < 0)
        return false;
    for (int i = 1; i < 3; i++)
        ends->its[i] = fcntl(ends->its[0], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return ends->its[1] >= 0 && ends->its[2] >= 0;
}

static bool open_pipes(struct ends *ends)
{
    for (int i = 0; i < 3; i++) {
        int pair[2];
        if (pipe2(pair, O_CLOEXEC) != 0)
            return false;
        ends->ours[i] = pair[i == 0];
        ends->its[i] = pair[i != 0];
        if (fcntl(ends->ours[i], F_SETFL, O_NONBLOCK) != 0)
            return false;
    }
    return true;
}

static pid_t make(struct launch *launch, struct terminal_size size, struct ends *ends)
{
    bool opened = launch->terminal ? open_terminal(ends, size) : open_pipes(ends);
    if (!opened || pipe2(ends->verdict, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    launch->maker = getpid();
    pid_t pid = fork();
    if (pid == 0)
        launch_program(launch, ends->its, ends->verdict[1]);
    return pid;
}

bool spawn(struct launch *launch, struct terminal_size size, struct spawned *spawned)
{
    struct ends ends = {{-1, -1, -1}, {-1, -1, -1}, {-1, -1}};
    pid_t pid = make(launch, size, &ends);
    int why = errno;
    close_all(ends.its, 3);
    close_all(&ends.verdict[1], 1);
    if (pid < 0) {
        close_all(ends.ours, 3);
        close_all(&ends.verdict[0], 1);
        errno = why;
        return false;
    }
    *spawned = (struct spawned){
        .pid = pid, .verdict = ends.verdict[0], .streams = {ends.ours[0], ends.ours[1], ends.ours[2]}};
    return true;
}
