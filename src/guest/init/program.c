/*
 * Starts the program: its own session, no input, its output through pipes that the supervisor passes on.
 *
 * Pipes rather than the console itself, because then its lines can be marked as its own, and because `started` can be told
 * before the first byte of output.
 */
#define _GNU_SOURCE
#include "init.h"
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS_CANNOT_EXECUTE = 126, STATUS_NOT_FOUND = 127 };

static void open_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        give_up("open a pipe: %s", strerror(errno));
}

static _Noreturn void run(const struct launch *how, int output, int errors, int verdict)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    launch_program(how, (int[]){nothing, output, errors}, verdict);
}

bool program_start(const struct config *config, struct program *program, struct outcome *outcome)
{
    const struct launch how = {
        .arguments = config->arguments.items,
        .environments = {&config->environment},
        .user = config->user,
        .workdir = config->workdir,
    };
    int output[2], errors[2], verdict[2];
    open_pipe(output);
    open_pipe(errors);
    open_pipe(verdict);
    pid_t pid = fork();
    if (pid < 0)
        give_up("start a process: %s", strerror(errno));
    if (pid == 0)
        run(&how, output[1], errors[1], verdict[1]);
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
    say("cannot %s", failure.what);
    *outcome = (struct outcome){.number = failure.not_found ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE};
    return false;
}
