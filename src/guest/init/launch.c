#define _GNU_SOURCE
#include "launch.h"
#include "paths.h"
#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static const char DEFAULT_PATH[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* The kernel gives the first process 1024 open files, 4096 at most: little for a server that has the machine to itself. */
static const struct rlimit OPEN_FILES = {.rlim_cur = 65536, .rlim_max = 65536};

/* A later entry of the same name replaces an earlier one, as it would in a shell. */
static bool set_environment(const struct launch *launch, const char *home)
{
    if (clearenv() != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        const struct words *environment = launch->environments[i];
        for (size_t j = 0; environment != NULL && j < environment->count; j++) {
            if (putenv(environment->items[j]) != 0)
                return false;
        }
    }
    return setenv("PATH", DEFAULT_PATH, 0) == 0 && setenv("HOME", home, 0) == 0 &&
           (!launch->terminal || setenv("TERM", "xterm", 0) == 0);
}

/* The program may open its streams again by their names in /dev, which only their owner may. */
static bool own_streams(const struct identity *identity, bool terminal, const int streams[3])
{
    for (int i = 0; i < 3; i++) {
        struct stat stream;
        if (fstat(streams[i], &stream) != 0)
            return false;
        if ((terminal || S_ISFIFO(stream.st_mode)) && fchown(streams[i], identity->uid, (gid_t)-1) != 0)
            return false;
    }
    return true;
}

static bool connect_streams(bool terminal, const int streams[3])
{
    if (terminal && ioctl(streams[0], TIOCSCTTY, 0) != 0)
        return false;
    return dup2(streams[0], STDIN_FILENO) >= 0 && dup2(streams[1], STDOUT_FILENO) >= 0 &&
           dup2(streams[2], STDERR_FILENO) >= 0;
}

/* As root, before it is somebody else: images count on it that the directory is made for them. */
static bool enter(const char *directory)
{
    return chdir(directory) == 0 || (make_directories(directory) && chdir(directory) == 0);
}

static bool take_on(const struct identity *identity)
{
    return setgroups(identity->group_count, identity->groups) == 0 && setgid(identity->gid) == 0 &&
           setuid(identity->uid) == 0;
}

void set_oom_score(const char *score)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    ssize_t written = write(file, score, strlen(score));
    (void)written; /* then it stays as it is */
    close(file);
}

static struct failure failed(const struct launch *launch, int step, const char *why)
{
    struct failure failure = {.step = step};
    switch (failure.step) {
    case IN_SETUP:
        snprintf(failure.what, sizeof failure.what, "prepare the program: %s", why);
        break;
    case IN_USER:
        snprintf(failure.what, sizeof failure.what, "become %.128s: %s", launch->user == NULL ? "root" : launch->user, why);
        break;
    case IN_WORKDIR:
        snprintf(failure.what, sizeof failure.what, "enter %.200s: %s", launch->workdir, why);
        break;
    case IN_EXEC:
        snprintf(failure.what, sizeof failure.what, "execute %.200s: %s", launch->arguments[0], why);
        break;
    }
    return failure;
}

/* What a process ignores is ignored by the programs it becomes, who expect nothing of the kind. */
static void forget_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Returns only if it could not. */
static struct failure become(const struct launch *launch, const int streams[3])
{
    static struct identity identity;
    forget_signals();
    setrlimit(RLIMIT_NOFILE, &OPEN_FILES);
    set_oom_score("0");

    const char *fault = identity_find(launch->user, "", &identity);
    if (fault != NULL)
        return failed(launch, IN_USER, fault);
    bool is_root = geteuid() == 0; /* in a test it need not be, and then it stays who it is */
    if (setsid() < 0 || !set_environment(launch, identity.home) ||
        (is_root && !own_streams(&identity, launch->terminal, streams)) || !connect_streams(launch->terminal, streams))
        return failed(launch, IN_SETUP, strerror(errno));
    if (!enter(launch->workdir))
        return failed(launch, IN_WORKDIR, strerror(errno));
    if (is_root && !take_on(&identity))
        return failed(launch, IN_USER, strerror(errno));
    if (launch->maker != 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != launch->maker))
        return failed(launch, IN_SETUP, "the agent has ended");
    execvp(launch->arguments[0], launch->arguments);
    bool not_found = errno == ENOENT || errno == ENOTDIR;
    struct failure failure = failed(launch, IN_EXEC, strerror(errno));
    failure.not_found = not_found;
    return failure;
}

void launch_program(const struct launch *launch, const int streams[3], int verdict)
{
    struct failure failure = become(launch, streams);
    _exit(write(verdict, &failure, sizeof failure) < 0);
}
