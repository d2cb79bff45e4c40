#define _GNU_SOURCE
#include "exec.h"
#include "clock.h"
#include "processes.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CLOSE_LIMIT_MS = 2000,
    LATE_LIMIT_MS = 100,         /* how long a terminal may take to hand over what a program printed before its end */
    LATE_LIMIT_BYTES = 1 << 20, /* and how much those it left running may say in its name */
    READ_BYTES = 8192,
    END_OF_TRANSMISSION = 4,
};

/* In the order of the interests. */
enum { VERDICT, INPUT, OUTPUT, ERRORS };

struct exec *exec_find(struct execs *execs, uint16_t session)
{
    for (size_t i = 0; i < EXEC_SLOTS; i++) {
        if (execs->slots[i].pid != 0 && execs->slots[i].session == session)
            return &execs->slots[i];
    }
    return NULL;
}

static void let_go(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_streams(struct exec *exec)
{
    let_go(&exec->input);
    let_go(&exec->outputs[0]);
    let_go(&exec->outputs[1]);
}

static struct exec *free_slot(struct execs *execs)
{
    struct exec *found = NULL;
    int open = 0;
    for (size_t i = 0; i < EXEC_SLOTS; i++) {
        if (execs->slots[i].pid == 0)
            found = &execs->slots[i];
        else
            open += execs->slots[i].session != 0;
    }
    return open < EXEC_LIMIT ? found : NULL;
}

void exec_start(struct execs *execs, uint16_t session, struct launch *launch, struct terminal_size size,
                struct outbox *outbox)
{
    struct exec *exec = free_slot(execs);
    struct spawned spawned;
    if (exec == NULL) {
        outbox_put_text(outbox, FAILED, session, "busy the guest cannot run another program: it runs %d", EXEC_LIMIT);
        return;
    }
    unsigned char *pending = malloc(EXEC_INPUT_BYTES);
    if (pending == NULL || !spawn(launch, size, &spawned)) {
        outbox_put_text(outbox, FAILED, session, "io the guest cannot prepare the program: %s", strerror(errno));
        free(pending);
        return;
    }
    *exec = (struct exec){
        .pid = spawned.pid,
        .session = session,
        .terminal = launch->terminal,
        .verdict = spawned.verdict,
        .input = spawned.streams[0],
        .outputs = {spawned.streams[1], spawned.streams[2]},
        .pending = pending,
    };
}

void exec_input(struct exec *exec, const unsigned char *bytes, size_t count, struct outbox *outbox)
{
    if (count == 0)
        exec->input_ends = true;
    if (exec->input < 0) {
        exec->taken += (uint32_t)count; /* nobody reads it any more, and the host need not wait for that */
        return;
    }
    memmove(exec->pending, exec->pending + exec->start, exec->end - exec->start);
    exec->end -= exec->start;
    exec->start = 0;
    if (count > EXEC_INPUT_BYTES - exec->end) {
        outbox_put_text(outbox, FAILED, exec->session, "bad_request the guest cannot keep more than %d bytes of input",
                        EXEC_INPUT_BYTES);
        exec->session = 0;
        exec_hang_up(exec, now_ms());
        return;
    }
    memcpy(exec->pending + exec->end, bytes, count);
    exec->end += count;
}

void exec_credit(struct exec *exec, uint32_t bytes)
{
    exec->credit = bytes > UINT32_MAX - exec->credit ? UINT32_MAX : exec->credit + bytes;
}

void exec_resize(const struct exec *exec, struct terminal_size size)
{
    const struct winsize characters = {.ws_row = size.rows, .ws_col = size.columns};
    if (exec->terminal && exec->outputs[0] >= 0)
        ioctl(exec->outputs[0], TIOCSWINSZ, &characters);
}

/* Letting go of a terminal hangs up what is in its foreground; the signal is for all who have none. */
void exec_hang_up(struct exec *exec, long now)
{
    if (exec->closing)
        return;
    exec->closing = true;
    exec->kill_at_ms = now + CLOSE_LIMIT_MS;
    close_streams(exec);
    if (exec->reaped)
        return;
    if (kill(-exec->pid, SIGHUP) != 0)
        kill(exec->pid, SIGHUP); /* it has not come so far as to have a session */
    kill(-exec->pid, SIGCONT);
}

bool execs_busy(const struct execs *execs)
{
    for (size_t i = 0; i < EXEC_SLOTS; i++) {
        if (execs->slots[i].pid != 0)
            return true;
    }
    return false;
}

void execs_abandon(struct execs *execs, long now)
{
    for (size_t i = 0; i < EXEC_SLOTS; i++) {
        if (execs->slots[i].pid == 0)
            continue;
        execs->slots[i].session = 0;
        exec_hang_up(&execs->slots[i], now);
    }
}

static bool has_input(const struct exec *exec)
{
    return exec->input >= 0 && exec->running && (exec->start < exec->end || exec->input_ends);
}

void exec_interests(const struct exec *exec, bool crowded, struct pollfd ready[EXEC_INTERESTS])
{
    bool listening = exec->running && exec->credit > 0 && !crowded && !exec->silent;
    ready[VERDICT] = (struct pollfd){.fd = exec->verdict, .events = POLLIN};
    ready[INPUT] = (struct pollfd){.fd = has_input(exec) ? exec->input : -1, .events = POLLOUT};
    for (int i = 0; i < 2; i++)
        ready[OUTPUT + i] = (struct pollfd){.fd = listening ? exec->outputs[i] : -1, .events = POLLIN};
}

static const char *code_of(const struct failure *failure)
{
    switch (failure->step) {
    case IN_USER:
        return "bad_user";
    case IN_WORKDIR:
        return "bad_directory";
    case IN_EXEC:
        return failure->not_found ? "not_found" : "not_executable";
    default:
        return "io";
    }
}

/* Silence means that it runs. One that was killed on its way has not even said that it could not. */
static void hear_verdict(struct exec *exec, struct outbox *outbox)
{
    struct failure failure;
    ssize_t got = read(exec->verdict, &failure, sizeof failure);
    if (got < 0)
        return;
    let_go(&exec->verdict);
    if (got == 0) {
        exec->running = true;
        if (exec->session != 0)
            outbox_put_number(outbox, STARTED, exec->session, (uint32_t)exec->pid);
        return;
    }
    if (exec->session != 0)
        outbox_put_text(outbox, FAILED, exec->session, "%s the guest cannot %s", code_of(&failure), failure.what);
    exec->session = 0;
    close_streams(exec);
}

static void tell_taken(struct exec *exec, struct outbox *outbox)
{
    if (exec->taken == 0 || exec->session == 0 || !exec->running || outbox_count(outbox) >= OUTBOX_FULL_BYTES)
        return;
    outbox_put_number(outbox, TAKEN, exec->session, exec->taken);
    exec->taken = 0;
}

/* A terminal has no end that could be closed: the character that means it does, to those who read lines. */
static void end_input(struct exec *exec)
{
    const char end = END_OF_TRANSMISSION;
    if (exec->terminal && write(exec->input, &end, 1) < 0 && errno == EAGAIN)
        return;
    let_go(&exec->input);
}

static void move_input(struct exec *exec)
{
    ssize_t written = 0;
    if (exec->start < exec->end)
        written = write(exec->input, exec->pending + exec->start, exec->end - exec->start);
    if (written < 0 && errno != EAGAIN && errno != EINTR) {
        written = (ssize_t)(exec->end - exec->start);
        let_go(&exec->input);
    }
    if (written > 0) {
        exec->start += (size_t)written;
        exec->taken += (uint32_t)written;
    }
    if (exec->start == exec->end && exec->input_ends && exec->input >= 0)
        end_input(exec);
}

/* What is there when the program has ended, it has said; what may still come, others say who hold the same stream. */
static bool has_said_all(const struct exec *exec, long now)
{
    return exec->reaped &&
           (!exec->terminal || now >= exec->reaped_ms + LATE_LIMIT_MS || exec->late_bytes > LATE_LIMIT_BYTES);
}

static void move_output(struct exec *exec, int which, struct outbox *outbox, long now)
{
    char bytes[READ_BYTES];
    size_t limit = exec->credit < sizeof bytes ? exec->credit : sizeof bytes;
    ssize_t got = read(exec->outputs[which], bytes, limit);
    if (got > 0) {
        exec->credit -= (uint32_t)got;
        exec->late_bytes += exec->reaped ? (size_t)got : 0;
        if (exec->session != 0)
            outbox_put(outbox, which == 0 ? STDOUT : STDERR, exec->session, bytes, (size_t)got);
    }
    bool nothing_now = got < 0 && (errno == EAGAIN || errno == EINTR);
    bool at_end = got == 0 || (got < 0 && !nothing_now);
    if (at_end && exec->terminal && !exec->reaped)
        exec->silent = true; /* on its way out, it is not to be hung up */
    else if (at_end || (nothing_now && has_said_all(exec, now)) || exec->late_bytes > LATE_LIMIT_BYTES)
        let_go(&exec->outputs[which]);
}

/* Without credit nothing can be read, but that there is nothing can be seen. */
static void look_for_end(struct exec *exec, int which, long now)
{
    int left;
    if (has_said_all(exec, now) && ioctl(exec->outputs[which], FIONREAD, &left) == 0 && left == 0)
        let_go(&exec->outputs[which]);
}

/* Reads without being asked once the program has ended: that nothing is there is then an answer. */
static void move_outputs(struct exec *exec, const struct pollfd ready[EXEC_INTERESTS], struct outbox *outbox, long now)
{
    for (int i = 0; i < 2; i++) {
        bool room = exec->credit > 0 && outbox_count(outbox) < OUTBOX_CROWDED_BYTES;
        if (exec->outputs[i] >= 0 && room && (exec->reaped || ready[OUTPUT + i].revents != 0))
            move_output(exec, i, outbox, now);
        else if (exec->outputs[i] >= 0 && exec->credit == 0)
            look_for_end(exec, i, now);
    }
}

/* The last that is told of it; from then on the slot is another's. */
static void finish(struct exec *exec, struct outbox *outbox)
{
    if (exec->session != 0) {
        exec->taken = 0;
        const unsigned char end[2] = {exec->signalled, (unsigned char)exec->number};
        outbox_put(outbox, EXITED, exec->session, end, sizeof end);
    }
    close_streams(exec);
    let_go(&exec->verdict);
    free(exec->pending);
    exec->pid = 0;
}

void exec_move(struct exec *exec, const struct pollfd ready[EXEC_INTERESTS], struct outbox *outbox, long now)
{
    if (exec->verdict >= 0 && (ready[VERDICT].revents != 0 || exec->reaped))
        hear_verdict(exec, outbox);
    if (ready[INPUT].revents != 0 && exec->input >= 0)
        move_input(exec);
    move_outputs(exec, ready, outbox, now);
    tell_taken(exec, outbox);
    if (exec->closing && !exec->reaped && now >= exec->kill_at_ms) {
        kill_session(exec->pid);
        exec->kill_at_ms = now + CLOSE_LIMIT_MS;
    }
    if (exec->reaped && exec->verdict < 0 && exec->outputs[0] < 0 && exec->outputs[1] < 0)
        finish(exec, outbox);
}

static int wait_ms(const struct exec *exec, bool crowded, long now)
{
    if (exec->taken > 0 && exec->running && exec->session != 0 && !crowded)
        return 0;
    int wait_ms = exec->closing && !exec->reaped ? ms_until(exec->kill_at_ms, now) : FOREVER_MS;
    int late_ms = exec->terminal ? ms_until(exec->reaped_ms + LATE_LIMIT_MS, now) : 0;
    bool can_end = late_ms > 0 || (exec->credit > 0 && !crowded);
    return exec->reaped && can_end ? sooner_ms(wait_ms, late_ms) : wait_ms;
}

int execs_wait_ms(const struct execs *execs, bool crowded, long now)
{
    int soonest_ms = FOREVER_MS;
    for (size_t i = 0; i < EXEC_SLOTS; i++) {
        if (execs->slots[i].pid != 0)
            soonest_ms = sooner_ms(soonest_ms, wait_ms(&execs->slots[i], crowded, now));
    }
    return soonest_ms;
}

void execs_reaped(struct execs *execs, pid_t pid, int status, long now)
{
    for (size_t i = 0; i < EXEC_SLOTS; i++) {
        struct exec *exec = &execs->slots[i];
        if (exec->pid != pid || exec->reaped)
            continue;
        exec->reaped = true;
        exec->reaped_ms = now;
        exec->signalled = WIFSIGNALED(status);
        exec->number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    }
}
