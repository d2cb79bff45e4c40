/*
 * Starts the program: its own session, no input, its output through pipes that the supervisor passes on.
 *
 * Pipes rather than the console itself, because then its lines can be marked as its own, and because `started` can be told
 * before the first byte of output.
 */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char DEFAULT_PATH[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* The kernel gives the first process 1024 open files, 4096 at most: little for a server that has the machine to itself. */
static const struct rlimit OPEN_FILES = {.rlim_cur = 65536, .rlim_max = 65536};

enum { STATUS_CANNOT_EXECUTE = 126, STATUS_NOT_FOUND = 127 };

/* What the child could not do, sent through a pipe that the exec itself closes: silence means the program runs. */
struct failure {
    enum { IN_SETUP, IN_WORKDIR, IN_EXEC } step;
    int error;
};

/* A later entry of the same name replaces an earlier one, as it would in a shell. */
static bool set_environment(const struct config *config)
{
    if (clearenv() != 0)
        return false;
    for (size_t i = 0; i < config->environment.count; i++) {
        if (putenv(config->environment.items[i]) != 0)
            return false;
    }
    return setenv("PATH", DEFAULT_PATH, 0) == 0;
}

static bool connect_streams(int output, int errors)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
           dup2(errors, STDERR_FILENO) >= 0;
}

/* Returns only if the program could not be executed. */
static struct failure become(const struct config *config, int output, int errors)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setrlimit(RLIMIT_NOFILE, &OPEN_FILES);
    if (setsid() < 0 || !set_environment(config) || !connect_streams(output, errors))
        return (struct failure){IN_SETUP, errno};
    if (chdir(config->workdir) != 0 && (!make_directories(config->workdir) || chdir(config->workdir) != 0))
        return (struct failure){IN_WORKDIR, errno};
    execvp(config->arguments.items[0], config->arguments.items);
    return (struct failure){IN_EXEC, errno};
}

static void explain(const struct config *config, const struct failure *failure)
{
    const char *why = strerror(failure->error);
    switch (failure->step) {
    case IN_SETUP:
        say("cannot prepare the program: %s", why);
        break;
    case IN_WORKDIR:
        say("cannot enter %.256s: %s", config->workdir, why);
        break;
    case IN_EXEC:
        say("cannot execute %.256s: %s", config->arguments.items[0], why);
        break;
    }
}

bool program_start(const struct config *config, struct program *program, struct outcome *outcome)
{
    int output[2], errors[2], verdict[2];
    if (pipe2(output, O_CLOEXEC) != 0 || pipe2(errors, O_CLOEXEC) != 0 || pipe2(verdict, O_CLOEXEC) != 0)
        give_up("open a pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        give_up("start a process: %s", strerror(errno));
    if (pid == 0) {
        struct failure failure = become(config, output[1], errors[1]);
        _exit(write(verdict[1], &failure, sizeof failure) < 0);
    }
    close(output[1]);
    close(errors[1]);
    close(verdict[1]);

    struct failure failure;
    bool failed = read(verdict[0], &failure, sizeof failure) == sizeof failure;
    close(verdict[0]);
    if (!failed) {
        *program = (struct program){.pid = pid, .outputs = {output[0], errors[0]}};
        return true;
    }
    waitpid(pid, NULL, 0);
    explain(config, &failure);
    bool missing = failure.step == IN_EXEC && failure.error == ENOENT;
    *outcome = (struct outcome){.number = missing ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE};
    return false;
}
