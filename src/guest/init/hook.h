/* Calls of the program's hooks: one POST to its loopback address each, of which only the status is read. */
#ifndef VMPLANE_GUEST_HOOK_H
#define VMPLANE_GUEST_HOOK_H

#include "frame.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

enum { HOOK_LIMIT = 4, HOOK_TIMEOUT_LIMIT_MS = 24 * 3600 * 1000, HOOK_ANSWER_BYTES = 256 };

struct hook {
    uint16_t session; /* 0: this slot is free */
    int fd;
    unsigned port;
    unsigned timeout_ms;
    long deadline_ms;
    char *request; /* ours to free */
    size_t length, sent, received;
    char answer[HOOK_ANSWER_BYTES + 1];
};

struct hooks {
    struct hook slots[HOOK_LIMIT];
};

/* What is to be called. */
struct hook_call {
    unsigned port;
    const char *path;
    unsigned timeout_ms;
    const char *body;
};

void hook_start(struct hooks *hooks, uint16_t session, const struct hook_call *call, struct outbox *outbox, long now);
/* Nobody wants to know any more. */
void hook_drop(struct hooks *hooks, uint16_t session);
void hooks_drop_all(struct hooks *hooks);
struct pollfd hook_interest(const struct hook *hook);
void hook_move(struct hook *hook, const struct pollfd *ready, struct outbox *outbox, long now);
int hooks_wait_ms(const struct hooks *hooks, long now);

/* The status in the first line of an answer; 0 while it is not whole, negative when it is none. */
int http_status(const char *answer, size_t count);

#endif
