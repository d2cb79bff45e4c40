/*
 * Who the launcher talks with: the control plane, and for a moment the one that takes its place. Each may ask what it
 * likes and is bounded in what it may leave unread; who breaks the form of the conversation is out of it, alone.
 */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INBOX_BYTES = FRAME_HEADER_BYTES + FRAME_LIMIT_BYTES };

struct connection {
    struct source source;
    int fd;
    bool open, doomed, waiting; /* waiting: for room to write */
    char *inbox;
    size_t count;
    struct outbox outbox;
};

static struct connection connections[CONNECTION_LIMIT];
static int listener;

static void doom(struct connection *connection, const char *why)
{
    if (!connection->doomed)
        say("connection %d is closed: %s", (int)(connection - connections), why);
    connection->doomed = true;
}

static void wait_for_room(struct connection *connection, bool waiting)
{
    if (waiting != connection->waiting)
        loop_change(connection->fd, waiting ? EPOLLIN | EPOLLOUT : EPOLLIN, &connection->source);
    connection->waiting = waiting;
}

static void flush(struct connection *connection)
{
    struct outbox *outbox = &connection->outbox;
    while (outbox->count > 0) {
        ssize_t sent = send(connection->fd, outbox->bytes, outbox->count, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno == EAGAIN)
                wait_for_room(connection, true);
            else
                doom(connection, strerror(errno));
            return;
        }
        outbox_drop(outbox, (size_t)sent);
    }
    wait_for_room(connection, false);
}

void connections_tell(int number, const char *const *fields)
{
    struct connection *connection = &connections[number];
    if (!connection->open || connection->doomed)
        return;
    if (!outbox_add(&connection->outbox, fields))
        doom(connection, "it does not read");
    else if (!connection->waiting)
        flush(connection);
}

/* Serves every whole frame that has come. */
static void serve(struct connection *connection)
{
    static struct fields fields;
    size_t done = 0, length = 0;
    enum frame frame = FRAME_WHOLE;
    while (!connection->doomed &&
           (frame = frame_parse(connection->inbox + done, connection->count - done, &fields, &length)) == FRAME_WHOLE) {
        if (!request_serve((int)(connection - connections), &fields))
            doom(connection, "its request is not understood");
        done += length;
    }
    if (frame == FRAME_BROKEN)
        doom(connection, "what it says has not the form of a request");
    connection->count -= done;
    memmove(connection->inbox, connection->inbox + done, connection->count);
}

static void ready(struct source *source, uint32_t events)
{
    struct connection *connection = (struct connection *)source;
    if (events & EPOLLOUT)
        flush(connection);
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || connection->doomed)
        return;
    ssize_t got = recv(connection->fd, connection->inbox + connection->count, INBOX_BYTES - connection->count, MSG_DONTWAIT);
    if (got > 0) {
        connection->count += (size_t)got;
        serve(connection);
    } else if (got == 0) {
        connection->doomed = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        doom(connection, strerror(errno));
    }
}

static bool welcome(int fd)
{
    for (int i = 0; i < CONNECTION_LIMIT; i++) {
        struct connection *connection = &connections[i];
        if (connection->open)
            continue;
        *connection = (struct connection){.source.ready = ready, .fd = fd, .inbox = malloc(INBOX_BYTES)};
        connection->open = connection->inbox != NULL && loop_add(fd, EPOLLIN, &connection->source);
        if (!connection->open)
            free(connection->inbox);
        return connection->open;
    }
    return false;
}

static void accept_one(struct source *source, uint32_t events)
{
    (void)source;
    (void)events;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0 && !welcome(fd)) {
        say("a connection is refused: there are %d", CONNECTION_LIMIT);
        close(fd);
    }
}

void connections_open(int fd)
{
    static struct source source = {.ready = accept_one};
    listener = fd;
    if (!loop_add(listener, EPOLLIN, &source)) {
        say("launcher cannot start: %s", strerror(errno));
        exit(EXIT_FAILURE);
    }
}

void connections_sweep(void)
{
    for (int i = 0; i < CONNECTION_LIMIT; i++) {
        struct connection *connection = &connections[i];
        if (!connection->open || !connection->doomed)
            continue;
        processes_disconnect(i);
        close(connection->fd);
        free(connection->inbox);
        outbox_free(&connection->outbox);
        *connection = (struct connection){0};
    }
}
