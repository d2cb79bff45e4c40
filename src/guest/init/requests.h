/* The agent's state, and what becomes of what the host says. agent.c turns the loop. */
#ifndef VMPLANE_GUEST_REQUESTS_H
#define VMPLANE_GUEST_REQUESTS_H

#include "agent.h"
#include "exec.h"
#include "frame.h"
#include "hook.h"

struct agent {
    const struct guest *guest;
    struct link *link;
    struct inbox inbox;
    struct outbox outbox;
    struct execs execs;
    struct hooks hooks;
};

/* Whatever the host had under way is over: it has left, or somebody else is there now. */
void agent_abandon(struct agent *agent, long now);

/* Sends as much as goes. */
void agent_flush(struct agent *agent, long now);

void agent_take_request(struct agent *agent, const struct frame *frame, long now);

#endif
