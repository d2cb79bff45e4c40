/*
 * Watches over the program: passes its output on, reaps every orphan of the guest, and turns a stop request into the signal
 * that the program wants for it and, when the grace has passed, SIGKILL. One poll loop; nothing in it waits for anything else.
 */
#define _GNU_SOURCE
#include "agent.h"
#include "clock.h"
#include "init.h"
#include "lines.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AGENT_PAUSE_MS = 1000, AGENT_TOLD_LIMIT = 3 };
enum { LAST_OUTPUT_LIMIT_MS = 2000, REAP_LIMIT_S = 2, STREAMS = 2 };

/* Where the poll loop hears of what. */
enum { SIGNALS, CONSOLE, KERNEL, OUTPUTS, KEYS = OUTPUTS + STREAMS, INTERESTS = KEYS + POWER_KEY_LIMIT };

/* What the program prints. No more is read until the console has taken what was read before, so a slow console slows the
 * program and nothing else. */
struct output {
    int from; /* -1 once every writer is gone */
    struct lines lines;
};

struct watch {
    const struct config *config;
    pid_t program;
    struct outcome outcome;
    bool ended;
    pid_t agent;        /* 0: it has ended */
    long agent_at_ms;   /* when it is started again; FOREVER_MS: never */
    unsigned agent_ends;
    enum { RUNNING, STOPPING, KILLED } phase;
    long kill_at_ms; /* while STOPPING */
};

static void start_agent(struct watch *watch)
{
    pid_t pid = agent_start(watch->config, watch->program);
    watch->agent = pid > 0 ? pid : 0;
    watch->agent_at_ms = pid > 0 ? FOREVER_MS : now_ms() + AGENT_PAUSE_MS;
}

/* The agent ends well only when there is no way to the host. Anything else is an accident, or the program's doing. */
static void lose_agent(struct watch *watch, int status)
{
    watch->agent = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    watch->agent_at_ms = now_ms() + AGENT_PAUSE_MS;
    if (watch->phase != KILLED && watch->agent_ends++ < AGENT_TOLD_LIMIT)
        say("the agent has ended and is started again");
}

static void reap(struct watch *watch)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == watch->agent)
            lose_agent(watch, status);
        if (pid != watch->program)
            continue;
        watch->ended = true;
        watch->outcome.signalled = WIFSIGNALED(status);
        watch->outcome.number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    }
}

static void stop(struct watch *watch)
{
    if (watch->phase != RUNNING)
        return;
    if (watch->program == 0) {
        watch->ended = true;
        return;
    }
    watch->phase = STOPPING;
    watch->kill_at_ms = now_ms() + watch->config->stop_grace_s * 1000L;
    kill(watch->program, watch->config->stop_signal);
}

static void lose_patience(struct watch *watch)
{
    watch->phase = KILLED;
    kill(-1, SIGKILL);
}

static void take_signals(int signals, struct watch *watch)
{
    struct signalfd_siginfo signal;
    while (read(signals, &signal, sizeof signal) == sizeof signal) {
        if (signal.ssi_signo != SIGCHLD)
            stop(watch);
    }
    reap(watch);
}

static void read_output(struct output *output)
{
    size_t room;
    char *to = lines_room(&output->lines, &room);
    ssize_t got = read(output->from, to, room);
    if (got > 0) {
        lines_add(&output->lines, (size_t)got, now_ms(), console_record);
    } else if (got == 0 || errno != EINTR) {
        lines_end(&output->lines, console_record);
        close(output->from);
        output->from = -1;
    }
}

/* Takes from each stream in turn, so that neither waits for the other's end. */
static void relay(struct output outputs[STREAMS], const struct pollfd *ready)
{
    static int turn;
    if (ready[CONSOLE].revents != 0)
        console_move();
    for (int i = 0; i < STREAMS && console_idle(); i++) {
        turn = (turn + 1) % STREAMS;
        if (ready[OUTPUTS + turn].revents != 0)
            read_output(&outputs[turn]);
        else
            lines_tell_late(&outputs[turn].lines, now_ms(), console_record);
    }
    if (ready[KERNEL].revents != 0 && console_idle())
        kernel_log_pass();
}

static struct pollfd interest(int fd, short events)
{
    return (struct pollfd){.fd = events != 0 ? fd : -1, .events = events};
}

/* The interests of the relay: when the console is busy there is no other. Answers how long to wait for them. */
static int expect_output(const struct output outputs[STREAMS], struct pollfd *ready)
{
    bool idle = console_idle();
    int wait_ms = FOREVER_MS;
    ready[CONSOLE] = interest(console_fd(), idle ? 0 : POLLOUT);
    ready[KERNEL] = interest(kernel_log_fd(), idle ? POLLIN : 0);
    for (int i = 0; i < STREAMS; i++) {
        ready[OUTPUTS + i] = interest(outputs[i].from, idle ? POLLIN : 0);
        if (idle)
            wait_ms = sooner_ms(wait_ms, lines_wait_ms(&outputs[i].lines, now_ms()));
    }
    return wait_ms;
}

static int patience_ms(const struct watch *watch)
{
    return watch->phase == STOPPING ? ms_until(watch->kill_at_ms, now_ms()) : FOREVER_MS;
}

static int agent_ms(const struct watch *watch)
{
    return watch->agent_at_ms == FOREVER_MS || watch->phase == KILLED ? FOREVER_MS
                                                                      : ms_until(watch->agent_at_ms, now_ms());
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

static void pass_the_rest(struct output outputs[STREAMS])
{
    while (!console_idle() || outputs[0].from >= 0 || outputs[1].from >= 0) {
        struct pollfd ready[INTERESTS] = {0};
        expect_output(outputs, ready);
        ready[KERNEL] = ready[SIGNALS] = interest(-1, 0);
        if (poll(ready, KEYS, LAST_OUTPUT_LIMIT_MS) <= 0)
            return;
        relay(outputs, ready);
    }
}

static void take_requests(const struct stop_sources *sources, const struct pollfd *ready, struct watch *watch)
{
    if (ready[SIGNALS].revents != 0)
        take_signals(sources->signals, watch);
    for (size_t i = 0; i < sources->key_count; i++) {
        if (ready[KEYS + i].revents != 0 && power_key_pressed(sources->keys[i]))
            stop(watch);
    }
}

struct outcome supervise(const struct config *config, const struct program *program, const struct stop_sources *sources)
{
    struct watch watch = {.program = program->pid, .config = config};
    static struct output outputs[STREAMS] = {{.lines.kind = 'o'}, {.lines.kind = 'e'}};
    for (int i = 0; i < STREAMS; i++)
        outputs[i].from = program->outputs[i];
    start_agent(&watch);
    while (!watch.ended) {
        struct pollfd ready[INTERESTS] = {[SIGNALS] = interest(sources->signals, POLLIN)};
        for (size_t i = 0; i < sources->key_count; i++)
            ready[KEYS + i] = interest(sources->keys[i], POLLIN);
        int wait_ms = sooner_ms(patience_ms(&watch), agent_ms(&watch));
        if (poll(ready, KEYS + sources->key_count, sooner_ms(expect_output(outputs, ready), wait_ms)) < 0)
            continue;
        take_requests(sources, ready, &watch);
        relay(outputs, ready);
        if (patience_ms(&watch) == 0)
            lose_patience(&watch);
        if (agent_ms(&watch) == 0)
            start_agent(&watch);
    }
    kill_everyone();
    pass_the_rest(outputs);
    return watch.outcome;
}
