#define _GNU_SOURCE
#include "hook.h"
#include "clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void end(struct hook *hook)
{
    if (hook->fd >= 0)
        close(hook->fd);
    free(hook->request);
    *hook = (struct hook){.fd = -1};
}

static void fail(struct hook *hook, struct outbox *outbox, const char *why)
{
    outbox_put_text(outbox, FAILED, hook->session, "io the guest cannot call the hook at port %u: %s", hook->port, why);
    end(hook);
}

/* Spaces and control characters would end the path, or the line. */
static bool is_path(const char *path)
{
    if (path == NULL || path[0] != '/')
        return false;
    for (; *path != '\0'; path++) {
        if ((unsigned char)*path <= ' ' || *path == 0x7f)
            return false;
    }
    return true;
}

static const char *fault_of(const struct hook_call *call)
{
    if (call->port < 1 || call->port > 65535)
        return "it names no port";
    if (!is_path(call->path))
        return "it names no path";
    return call->timeout_ms == 0 ? "it has no time" : NULL;
}

static struct hook *free_slot(struct hooks *hooks)
{
    for (size_t i = 0; i < HOOK_LIMIT; i++) {
        if (hooks->slots[i].session == 0)
            return &hooks->slots[i];
    }
    return NULL;
}

/* Begins to connect; the socket is writable when that has come to an end. */
static bool begin(struct hook *hook)
{
    const struct sockaddr_in program = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)hook->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr any;
    memcpy(&any, &program, sizeof any);
    hook->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return hook->fd >= 0 && (connect(hook->fd, &any, sizeof any) == 0 || errno == EINPROGRESS);
}

void hook_start(struct hooks *hooks, uint16_t session, const struct hook_call *call, struct outbox *outbox, long now)
{
    struct hook *hook = free_slot(hooks);
    const char *fault = fault_of(call);
    if (fault != NULL) {
        outbox_put_text(outbox, FAILED, session, "bad_request the guest cannot call a hook: %s", fault);
        return;
    }
    if (hook == NULL) {
        outbox_put_text(outbox, FAILED, session, "busy the guest cannot call another hook: it calls %d", HOOK_LIMIT);
        return;
    }
    *hook = (struct hook){
        .session = session,
        .fd = -1,
        .port = call->port,
        .timeout_ms = call->timeout_ms,
        .deadline_ms = now + call->timeout_ms,
    };
    const char *body = call->body == NULL ? "" : call->body;
    int length = asprintf(&hook->request,
                          "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/json\r\n"
                          "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                          call->path, call->port, strlen(body), body);
    hook->request = length < 0 ? NULL : hook->request;
    hook->length = length < 0 ? 0 : (size_t)length;
    if (length < 0 || !begin(hook))
        fail(hook, outbox, strerror(length < 0 ? ENOMEM : errno));
}

void hook_drop(struct hooks *hooks, uint16_t session)
{
    for (size_t i = 0; i < HOOK_LIMIT; i++) {
        if (hooks->slots[i].session == session)
            end(&hooks->slots[i]);
    }
}

void hooks_drop_all(struct hooks *hooks)
{
    for (size_t i = 0; i < HOOK_LIMIT; i++) {
        if (hooks->slots[i].session != 0)
            end(&hooks->slots[i]);
    }
}

struct pollfd hook_interest(const struct hook *hook)
{
    if (hook->session == 0)
        return (struct pollfd){.fd = -1};
    /* An answer may come before everything is asked, and then nothing more need be. */
    return (struct pollfd){.fd = hook->fd, .events = POLLIN | (hook->sent < hook->length ? POLLOUT : 0)};
}

int http_status(const char *answer, size_t count)
{
    static const char protocol[] = "HTTP/1.";
    enum { STATUS_AT = sizeof protocol + 1, STATUS_DIGITS = 3 };
    int status = 0;
    if (memcmp(answer, protocol, count < sizeof protocol - 1 ? count : sizeof protocol - 1) != 0)
        return -1;
    if (memchr(answer, '\n', count) == NULL)
        return 0;
    for (size_t i = STATUS_AT; i < STATUS_AT + STATUS_DIGITS; i++) {
        if (i >= count || answer[i] < '0' || answer[i] > '9')
            return -1;
        status = status * 10 + answer[i] - '0';
    }
    return answer[STATUS_AT - 1] == ' ' && status >= 100 ? status : -1;
}

static void send_request(struct hook *hook)
{
    ssize_t sent = send(hook->fd, hook->request + hook->sent, hook->length - hook->sent, MSG_NOSIGNAL);
    if (sent > 0)
        hook->sent += (size_t)sent;
    else if (errno != EAGAIN && errno != EINTR)
        hook->sent = hook->length; /* it wants no more; perhaps it has answered */
}

static void hear_answer(struct hook *hook, struct outbox *outbox)
{
    ssize_t got = recv(hook->fd, hook->answer + hook->received, HOOK_ANSWER_BYTES - hook->received, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        fail(hook, outbox, got < 0 ? strerror(errno) : "it did not answer");
        return;
    }
    hook->received += (size_t)got;
    int status = http_status(hook->answer, hook->received);
    if (status > 0) {
        char entry[16];
        int length = snprintf(entry, sizeof entry, "status=%d", status);
        outbox_put(outbox, DONE, hook->session, entry, (size_t)length + 1);
        end(hook);
    } else if (status < 0 || hook->received == HOOK_ANSWER_BYTES) {
        fail(hook, outbox, "its answer is not HTTP");
    }
}

void hook_move(struct hook *hook, const struct pollfd *ready, struct outbox *outbox, long now)
{
    if (hook->session == 0)
        return;
    bool broken = (ready->revents & (POLLERR | POLLHUP)) != 0; /* why, the reading tells */
    if ((ready->revents & POLLOUT) != 0 && !broken && hook->sent < hook->length)
        send_request(hook);
    if ((ready->revents & POLLIN) != 0 || broken)
        hear_answer(hook, outbox);
    if (hook->session != 0 && now >= hook->deadline_ms) {
        char why[64];
        snprintf(why, sizeof why, "it did not answer within %u ms", hook->timeout_ms);
        fail(hook, outbox, why);
    }
}

int hooks_wait_ms(const struct hooks *hooks, long now)
{
    int soonest_ms = FOREVER_MS;
    for (size_t i = 0; i < HOOK_LIMIT; i++) {
        if (hooks->slots[i].session != 0)
            soonest_ms = sooner_ms(soonest_ms, ms_until(hooks->slots[i].deadline_ms, now));
    }
    return soonest_ms;
}
