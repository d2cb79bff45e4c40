/*
 * The programs that the host runs beside the VM's own, each in a session of its own with a terminal or three pipes. What they
 * print waits in them until the host has credit for it, and what they do not read waits here, up to a limit.
 */
#ifndef VMPLANE_GUEST_EXEC_H
#define VMPLANE_GUEST_EXEC_H

#include "frame.h"
#include "launch.h"
#include "spawn.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    EXEC_LIMIT = 16,            /* that the host has open */
    EXEC_SLOTS = EXEC_LIMIT * 2, /* with those it has left, which get two seconds to end */
    EXEC_INPUT_BYTES = 64 * 1024,
    EXEC_INTERESTS = 4,         /* descriptors of each */
};

struct exec {
    pid_t pid;        /* 0: this slot is free */
    uint16_t session; /* 0: nobody wants to hear of it any more */
    bool terminal, running, reaped, input_ends, closing;
    bool silent; /* it has let go of its terminal, which says so again and again */
    int verdict, input, outputs[2]; /* -1: closed */
    bool signalled;
    int number;
    long reaped_ms, kill_at_ms;
    uint32_t credit, taken;
    size_t late_bytes; /* printed after its end, by what it has left running */
    unsigned char *pending;
    size_t start, end;
};

struct execs {
    struct exec slots[EXEC_SLOTS];
};

/* Starts a program, or answers that it cannot. */
void exec_start(struct execs *execs, uint16_t session, struct launch *launch, struct terminal_size size,
                struct outbox *outbox);
struct exec *exec_find(struct execs *execs, uint16_t session);
void exec_input(struct exec *exec, const unsigned char *bytes, size_t count, struct outbox *outbox);
/* The host takes so many bytes of output more. */
void exec_credit(struct exec *exec, uint32_t bytes);
void exec_resize(const struct exec *exec, struct terminal_size size);
void exec_hang_up(struct exec *exec, long now);
bool execs_busy(const struct execs *execs);
/* All of them, and nothing more is told of any. */
void execs_abandon(struct execs *execs, long now);

void exec_interests(const struct exec *exec, bool crowded, struct pollfd ready[EXEC_INTERESTS]);
/* Moves what can be moved, and tells what is to be told. */
void exec_move(struct exec *exec, const struct pollfd ready[EXEC_INTERESTS], struct outbox *outbox, long now);
/* How long until something is to be done about any of them without a descriptor that says so. */
int execs_wait_ms(const struct execs *execs, bool crowded, long now);
/* A child has ended. */
void execs_reaped(struct execs *execs, pid_t pid, int status, long now);

#endif
