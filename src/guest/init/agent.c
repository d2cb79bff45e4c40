/* Turns the agent's loop: one process, one poll, nothing that waits for anything else. */
#define _GNU_SOURCE
#include "agent.h"
#include "clock.h"
#include "requests.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LINK = 0,
    CHILDREN = LINK + LINK_INTERESTS,
    HOOKS,
    EXECS = HOOKS + HOOK_LIMIT,
    INTERESTS = EXECS + EXEC_SLOTS * EXEC_INTERESTS,
};

static bool crowded(const struct agent *agent)
{
    return outbox_count(&agent->outbox) >= OUTBOX_CROWDED_BYTES;
}

/* Whether what the host asks for can be answered. */
static bool has_room(const struct agent *agent)
{
    return outbox_count(&agent->outbox) < OUTBOX_FULL_BYTES;
}

static void reap(struct agent *agent, int children, long now)
{
    struct signalfd_siginfo signal;
    int status;
    while (read(children, &signal, sizeof signal) > 0)
        continue;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        execs_reaped(&agent->execs, pid, status, now);
}

static void hear(struct agent *agent, long now)
{
    size_t room;
    unsigned char *to = inbox_room(&agent->inbox, &room);
    ssize_t got = room == 0 ? 0 : link_read(agent->link, to, room);
    if (got < 0)
        agent_abandon(agent, now);
    else if (got > 0)
        inbox_add(&agent->inbox, (size_t)got, now);
}

static void move_link(struct agent *agent, const struct pollfd *ready, long now)
{
    if (link_turned(agent->link, ready))
        agent_abandon(agent, now);
    else if ((ready[0].revents & POLLOUT) != 0)
        agent_flush(agent, now);
    if (ready[0].fd == agent->link->fd && (ready[0].events & POLLIN) != 0 && (ready[0].revents & ~POLLOUT) != 0)
        hear(agent, now);
}

/* Begins with another one each time, so that the first does not always get what room there is. */
static void move_programs(struct agent *agent, const struct pollfd ready[INTERESTS], long now)
{
    static size_t turn;
    turn++;
    for (size_t i = 0; i < HOOK_LIMIT; i++)
        hook_move(&agent->hooks.slots[i], &ready[HOOKS + i], &agent->outbox, now);
    for (size_t i = 0; i < EXEC_SLOTS; i++) {
        size_t slot = (turn + i) % EXEC_SLOTS;
        if (agent->execs.slots[slot].pid != 0)
            exec_move(&agent->execs.slots[slot], &ready[EXECS + slot * EXEC_INTERESTS], &agent->outbox, now);
    }
}

static void take_requests(struct agent *agent, long now)
{
    struct frame frame;
    while (has_room(agent)) {
        if (!inbox_next(&agent->inbox, &frame)) {
            inbox_lose_patience(&agent->inbox, now);
            return;
        }
        inbox_drop(&agent->inbox, &frame);
        agent_take_request(agent, &frame, now);
    }
}

/* Answers how long to wait if nothing happens. */
static int expect(struct agent *agent, int children, struct pollfd ready[INTERESTS])
{
    long now = now_ms();
    link_interests(agent->link, has_room(agent), outbox_count(&agent->outbox) > 0, &ready[LINK]);
    ready[CHILDREN] = (struct pollfd){.fd = children, .events = POLLIN};
    for (size_t i = 0; i < HOOK_LIMIT; i++)
        ready[HOOKS + i] = hook_interest(&agent->hooks.slots[i]);
    for (size_t i = 0; i < EXEC_SLOTS; i++) {
        struct pollfd *own = &ready[EXECS + i * EXEC_INTERESTS];
        for (size_t j = 0; j < EXEC_INTERESTS; j++)
            own[j] = (struct pollfd){.fd = -1};
        if (agent->execs.slots[i].pid != 0)
            exec_interests(&agent->execs.slots[i], crowded(agent), own);
    }
    int wait_ms = sooner_ms(execs_wait_ms(&agent->execs, crowded(agent), now), hooks_wait_ms(&agent->hooks, now));
    return has_room(agent) ? sooner_ms(wait_ms, inbox_wait_ms(&agent->inbox, now)) : wait_ms;
}

void agent_serve(const struct guest *guest, struct link *link)
{
    static struct agent agent;
    static struct pollfd ready[INTERESTS];
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    int children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    signal(SIGPIPE, SIG_IGN);

    agent.guest = guest;
    agent.link = link;
    inbox_reset(&agent.inbox);
    if (link_outlives_agent(link))
        outbox_put_text(&agent.outbox, FAILED, 0, "io the agent has been started anew");
    while (children >= 0 && (!link_is_dead(link) || execs_busy(&agent.execs))) {
        if (poll(ready, INTERESTS, expect(&agent, children, ready)) < 0)
            continue;
        long now = now_ms();
        if (ready[CHILDREN].revents != 0)
            reap(&agent, children, now);
        move_link(&agent, &ready[LINK], now);
        move_programs(&agent, ready, now);
        take_requests(&agent, now);
        if (agent.outbox.overrun) {
            link_hang_up(link);
            agent_abandon(&agent, now);
        }
    }
    hooks_drop_all(&agent.hooks);
    close(children);
}

/* Of the first process it keeps being spared when memory is short, but neither descriptors nor signals. */
static void become_agent(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_NAME, "vmplane-agent");
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        dup2(nothing, stream);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    set_oom_score("-1000");
}

pid_t agent_start(const struct config *config, pid_t program)
{
    const struct guest guest = {
        .config = config, .program = program, .init = getpid(), .run_directory = "/run/vmplane"};
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    struct link link;
    become_agent();
    if (!link_open(&link))
        _exit(0);
    agent_serve(&guest, &link);
    _exit(1);
}
