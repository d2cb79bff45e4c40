#define _GNU_SOURCE
#include "requests.h"
#include "attach.h"
#include "clock.h"
#include "machine.h"
#include "user.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

void agent_abandon(struct agent *agent, long now)
{
    inbox_reset(&agent->inbox);
    outbox_reset(&agent->outbox);
    hooks_drop_all(&agent->hooks);
    execs_abandon(&agent->execs, now);
}

void agent_flush(struct agent *agent, long now)
{
    struct outbox *outbox = &agent->outbox;
    if (outbox_count(outbox) == 0)
        return;
    ssize_t sent = link_write(agent->link, outbox->bytes + outbox->start, outbox_count(outbox));
    if (sent < 0) {
        agent_abandon(agent, now);
        return;
    }
    outbox->start += (size_t)sent;
}

static void refuse(struct agent *agent, uint16_t session, const char *why)
{
    outbox_put_text(&agent->outbox, FAILED, session, "bad_request the guest cannot understand the request: %s", why);
}

static unsigned long uptime_ms(void)
{
    struct timespec since_boot;
    clock_gettime(CLOCK_BOOTTIME, &since_boot);
    return (unsigned long)since_boot.tv_sec * 1000 + (unsigned long)since_boot.tv_nsec / 1000000;
}

/* Whoever means another VM has come to the wrong place, and is not to find out more than that. */
static void greet(struct agent *agent, const struct frame *frame, long now)
{
    const unsigned char *nonce = frame->payload + GREETING_BYTES, *vm_id = nonce + NONCE_BYTES;
    const char *own_id = agent->guest->config->vm_id;
    bool greets = frame->length >= GREETING_BYTES + NONCE_BYTES &&
                  memcmp(frame->payload, GREETING, GREETING_BYTES) == 0;
    outbox_reset(&agent->outbox);
    hooks_drop_all(&agent->hooks);
    execs_abandon(&agent->execs, now);
    if (!greets) {
        agent->inbox.lost = true;
        return;
    }
    size_t length = frame->length - GREETING_BYTES - NONCE_BYTES;
    if (own_id != NULL && (strlen(own_id) != length || memcmp(own_id, vm_id, length) != 0)) {
        agent->inbox.lost = true;
        outbox_put_text(&agent->outbox, FAILED, 0, "not_me the guest is another VM's");
        return;
    }
    char welcome[GREETING_BYTES + NONCE_BYTES + 64];
    memcpy(welcome, GREETING, GREETING_BYTES);
    memcpy(welcome + GREETING_BYTES, nonce, NONCE_BYTES);
    char *entries = welcome + GREETING_BYTES + NONCE_BYTES;
    int count = snprintf(entries, 64, "uptime_ms=%lu%cpid=%d", uptime_ms(), 0, (int)agent->guest->program);
    outbox_put(&agent->outbox, WELCOME, 0, welcome, GREETING_BYTES + NONCE_BYTES + (size_t)count + 1);
}

/* Every taker stores one entry and answers NULL, or answers what is wrong with it. */
typedef const char *entry_taker(void *into, const char *key, char *value);

static const char *take_entries(const struct frame *frame, entry_taker *take, void *into)
{
    char *from = (char *)frame->payload, *end = from + frame->length, *key, *value;
    if (frame->length > 0 && end[-1] != '\0')
        return "its last entry does not end";
    while (entry_next(&from, end, &key, &value)) {
        const char *fault = value == NULL ? "an entry is not key=value" : take(into, key, value);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

static const char *take_variable(struct words *into, char *value)
{
    const char *equals = strchr(value, '=');
    if (equals == NULL || equals == value)
        return "env is not NAME=VALUE";
    return words_add(into, value) ? NULL : "it does not fit in memory";
}

struct exec_request {
    struct words arguments, environment;
    const char *user, *workdir;
    unsigned terminal, rows, columns;
};

static const char *take_exec_entry(void *into, const char *key, char *value)
{
    struct exec_request *request = into;
    if (strcmp(key, "arg") == 0)
        return words_add(&request->arguments, value) ? NULL : "it does not fit in memory";
    if (strcmp(key, "env") == 0)
        return take_variable(&request->environment, value);
    if (strcmp(key, "user") == 0)
        request->user = value;
    else if (strcmp(key, "workdir") == 0)
        request->workdir = value;
    else if (strcmp(key, "tty") == 0)
        return parse_number(value, 1, &request->terminal) ? NULL : "tty is neither 0 nor 1";
    else if (strcmp(key, "rows") == 0)
        return parse_number(value, USHRT_MAX, &request->rows) ? NULL : "rows is no number";
    else if (strcmp(key, "cols") == 0)
        return parse_number(value, USHRT_MAX, &request->columns) ? NULL : "cols is no number";
    return request->workdir == NULL || request->workdir[0] == '/' ? NULL : "workdir is not an absolute path";
}

static void exec(struct agent *agent, const struct frame *frame)
{
    const struct config *config = agent->guest->config;
    struct exec_request request = {.user = config->user, .workdir = config->workdir, .rows = 24, .columns = 80};
    const char *fault = take_entries(frame, take_exec_entry, &request);
    if (fault == NULL && exec_find(&agent->execs, frame->session) != NULL)
        fault = "its session is in use";
    struct launch how = {
        .arguments = request.arguments.count > 0 ? request.arguments.items : config->arguments.items,
        .environments = {&config->environment, &request.environment},
        .user = request.user,
        .workdir = request.workdir,
        .terminal = request.terminal == 1,
    };
    const struct terminal_size size = {(uint16_t)request.rows, (uint16_t)request.columns};
    if (fault == NULL)
        exec_start(&agent->execs, frame->session, &how, size, &agent->outbox);
    else
        refuse(agent, frame->session, fault);
    words_free(&request.arguments);
    words_free(&request.environment);
}

static const char *take_hook_entry(void *into, const char *key, char *value)
{
    struct hook_call *call = into;
    if (strcmp(key, "port") == 0)
        return parse_number(value, USHRT_MAX, &call->port) ? NULL : "port is no port";
    if (strcmp(key, "timeout_ms") == 0)
        return parse_number(value, HOOK_TIMEOUT_LIMIT_MS, &call->timeout_ms) ? NULL : "timeout_ms is no length of time";
    if (strcmp(key, "path") == 0)
        call->path = value;
    else if (strcmp(key, "body") == 0)
        call->body = value;
    return NULL;
}

static void call_hook(struct agent *agent, const struct frame *frame, long now)
{
    struct hook_call call = {0};
    const char *fault = take_entries(frame, take_hook_entry, &call);
    if (fault == NULL)
        hook_start(&agent->hooks, frame->session, &call, &agent->outbox, now);
    else
        refuse(agent, frame->session, fault);
}

static const char *take_attach_entry(void *into, const char *key, char *value)
{
    struct attachment *attachment = into;
    if (strcmp(key, "env") == 0)
        return take_variable(&attachment->environment, value);
    if (strcmp(key, "job_id") == 0)
        attachment->job_id = value;
    else if (strcmp(key, "tenant") == 0)
        attachment->tenant = value;
    return NULL;
}

static void done(struct agent *agent, uint16_t session, const char *what, const char *fault)
{
    if (fault == NULL)
        outbox_put(&agent->outbox, DONE, session, NULL, 0);
    else
        outbox_put_text(&agent->outbox, FAILED, session, "io the guest cannot %s: %s", what, fault);
}

static void attach(struct agent *agent, const struct frame *frame)
{
    static struct identity identity;
    struct attachment attachment = {0};
    const char *fault = take_entries(frame, take_attach_entry, &attachment);
    if (fault != NULL) {
        refuse(agent, frame->session, fault);
    } else {
        fault = identity_find(agent->guest->config->user, "", &identity);
        if (fault == NULL && !attachment_write(&attachment, agent->guest->run_directory, identity.uid, identity.gid))
            fault = strerror(errno);
        done(agent, frame->session, "write its attachment", fault);
    }
    words_free(&attachment.environment);
}

static void set_clock(struct agent *agent, const struct frame *frame)
{
    enum { NS_BYTES = 8 };
    if (frame->length < NS_BYTES) {
        refuse(agent, frame->session, "it names no time");
        return;
    }
    uint64_t ns = number_at(frame->payload, 4) | (uint64_t)number_at(frame->payload + 4, 4) << 32;
    const char *fault = machine_set_clock(ns);
    if (fault == NULL)
        fault = machine_reseed(frame->payload + NS_BYTES, frame->length - NS_BYTES);
    done(agent, frame->session, "set its clock", fault);
}

static void measure(struct agent *agent, uint16_t session)
{
    char entries[512];
    size_t count = machine_metrics(entries, sizeof entries);
    outbox_put(&agent->outbox, MEASURED, session, entries, count);
}

/* The answer goes first: soon there may be nobody to send it. */
static void stop(struct agent *agent, uint16_t session, long now)
{
    done(agent, session, "stop", NULL);
    agent_flush(agent, now);
    kill(agent->guest->init, SIGTERM);
}

static struct terminal_size size_in(const struct frame *frame)
{
    return (struct terminal_size){(uint16_t)number_at(frame->payload, 2), (uint16_t)number_at(frame->payload + 2, 2)};
}

/* What is said to a program that has just ended crosses with the news of that, and means nothing any more. */
static void tell_program(struct agent *agent, const struct frame *frame, long now)
{
    struct exec *exec = exec_find(&agent->execs, frame->session);
    if (frame->type == CLOSE)
        hook_drop(&agent->hooks, frame->session);
    if (exec == NULL)
        return;
    if (frame->type == STDIN)
        exec_input(exec, frame->payload, frame->length, &agent->outbox);
    else if (frame->type == RESIZE && frame->length == 4)
        exec_resize(exec, size_in(frame));
    else if (frame->type == CREDIT && frame->length == 4)
        exec_credit(exec, number_at(frame->payload, 4));
    else if (frame->type == CLOSE)
        exec_hang_up(exec, now);
}

void agent_take_request(struct agent *agent, const struct frame *frame, long now)
{
    switch ((enum request_type)frame->type) {
    case HELLO:
        greet(agent, frame, now);
        break;
    case EXEC:
        exec(agent, frame);
        break;
    case STDIN:
    case RESIZE:
    case CLOSE:
    case CREDIT:
        tell_program(agent, frame, now);
        break;
    case HOOK:
        call_hook(agent, frame, now);
        break;
    case ATTACH:
        attach(agent, frame);
        break;
    case STOP:
        stop(agent, frame->session, now);
        break;
    case CLOCK:
        set_clock(agent, frame);
        break;
    case METRICS:
        measure(agent, frame->session);
        break;
    }
}
