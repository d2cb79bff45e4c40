/*
 * Watches over the program: passes its output on, reaps every orphan of the guest, and turns a stop request into SIGTERM
 * and, when the grace has passed, SIGKILL. One poll loop; nothing in it waits for anything else.
 */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FOREVER_MS = -1, LAST_OUTPUT_LIMIT_MS = 2000, REAP_LIMIT_S = 2, OUTPUT_BYTES = 4096 };

/* Bytes read from the program and not yet taken by the console. While there are any no more are read, so a slow console
 * slows the program and nothing else. */
struct output {
    int from; /* -1 once every writer is gone */
    char bytes[OUTPUT_BYTES];
    size_t start, end;
};

struct watch {
    pid_t program;
    struct outcome outcome;
    bool ended;
    enum { RUNNING, STOPPING, KILLED } phase;
    long kill_at_ms; /* while STOPPING */
};

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool pending(const struct output *output)
{
    return output->start < output->end;
}

static struct pollfd interest(const struct output *output)
{
    if (pending(output))
        return (struct pollfd){.fd = console_fd(), .events = POLLOUT};
    return (struct pollfd){.fd = output->from, .events = POLLIN};
}

/* One read or one write; both ends are ready when this is called. */
static void move_output(struct output *output)
{
    if (pending(output)) {
        ssize_t passed = console_pass(output->bytes + output->start, output->end - output->start);
        output->start = passed < 0 ? output->end : output->start + (size_t)passed;
        return;
    }
    ssize_t got = read(output->from, output->bytes, sizeof output->bytes);
    if (got == 0 || (got < 0 && errno != EINTR)) {
        close(output->from);
        output->from = -1;
    }
    output->start = 0;
    output->end = got > 0 ? (size_t)got : 0;
}

static void reap(struct watch *watch)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != watch->program)
            continue;
        watch->ended = true;
        watch->outcome.signalled = WIFSIGNALED(status);
        watch->outcome.number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    }
}

static void stop(struct watch *watch, unsigned stop_grace_s)
{
    if (watch->phase != RUNNING)
        return;
    watch->phase = STOPPING;
    watch->kill_at_ms = now_ms() + stop_grace_s * 1000L;
    kill(watch->program, SIGTERM);
}

static void lose_patience(struct watch *watch)
{
    watch->phase = KILLED;
    kill(-1, SIGKILL);
}

static void take_signals(int signals, struct watch *watch, unsigned stop_grace_s)
{
    struct signalfd_siginfo signal;
    while (read(signals, &signal, sizeof signal) == sizeof signal) {
        if (signal.ssi_signo != SIGCHLD)
            stop(watch, stop_grace_s);
    }
    reap(watch);
}

static int patience_ms(const struct watch *watch)
{
    if (watch->phase != STOPPING)
        return FOREVER_MS;
    long left_ms = watch->kill_at_ms - now_ms();
    return left_ms > 0 ? (int)left_ms : 0;
}

/* Nobody outlives the program: the exit line is the guest's last, so nothing may be left that could print after it. */
static void kill_everyone(void)
{
    const struct timespec limit = {.tv_sec = REAP_LIMIT_S};
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    kill(-1, SIGKILL);
    do {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
    } while (errno != ECHILD && sigtimedwait(&child, NULL, &limit) > 0);
}

static void pass_the_rest(struct output *output)
{
    while (pending(output) || output->from >= 0) {
        struct pollfd ready = interest(output);
        if (poll(&ready, 1, LAST_OUTPUT_LIMIT_MS) <= 0)
            return;
        move_output(output);
    }
}

struct outcome supervise(const struct program *program, const struct stop_sources *sources, unsigned stop_grace_s)
{
    struct watch watch = {.program = program->pid};
    struct output output = {.from = program->output};
    while (!watch.ended) {
        struct pollfd ready[2 + POWER_KEY_LIMIT] = {{.fd = sources->signals, .events = POLLIN}, interest(&output)};
        for (size_t i = 0; i < sources->key_count; i++)
            ready[2 + i] = (struct pollfd){.fd = sources->keys[i], .events = POLLIN};
        if (poll(ready, 2 + sources->key_count, patience_ms(&watch)) == 0)
            lose_patience(&watch);
        if (ready[0].revents != 0)
            take_signals(sources->signals, &watch, stop_grace_s);
        if (ready[1].revents != 0)
            move_output(&output);
        for (size_t i = 0; i < sources->key_count; i++) {
            if (ready[2 + i].revents != 0 && power_key_pressed(sources->keys[i]))
                stop(&watch, stop_grace_s);
        }
    }
    kill_everyone();
    pass_the_rest(&output);
    return watch.outcome;
}
