#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { BATCH = 64 };

static int epoll = -1;

void loop_open(void)
{
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) {
        say("launcher cannot start: %s", strerror(errno));
        exit(EXIT_FAILURE);
    }
}

bool loop_add(int fd, uint32_t events, struct source *source)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

void loop_change(int fd, uint32_t events, struct source *source)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

/* What is ready may free itself and nothing else, since the batch may hold pointers to it still. */
void loop_run(void (*after)(void))
{
    struct epoll_event batch[BATCH];
    for (;;) {
        int count = epoll_wait(epoll, batch, BATCH, -1);
        for (int i = 0; i < count; i++) {
            struct source *source = batch[i].data.ptr;
            source->ready(source, batch[i].events);
        }
        after();
    }
}
