/*
 * The program of the demo root: a small HTTP/1.1 server that shows where it runs, answers health checks, and ends when it
 * is told to. One poll loop, a fixed number of connections, requests of bounded size; a client that is slow or silent
 * loses its connection and costs nobody else anything. Pages that wait for other hosts are answered by child processes.
 */
#define _GNU_SOURCE
#include "pages.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    DEFAULT_PORT = 8080,
    CONNECTION_LIMIT = 128,
    CHILD_LIMIT = 16,
    REQUEST_LIMIT_BYTES = 8192,
    IDLE_LIMIT_S = 60,
    FOREVER_MS = -1,
    TICK_MS = 1000,
};

struct connection {
    int fd; /* -1: free */
    char request[REQUEST_LIMIT_BYTES + 1];
    size_t received;
    struct text reply;
    size_t sent;
    bool closing; /* after the reply */
    int exit_status;
    time_t idle_since;
};

static struct connection connections[CONNECTION_LIMIT];
static int children;

static time_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "server cannot %s: %s\n", what, strerror(errno));
    exit(1);
}

static const char *reason_phrase(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 431:
        return "Request Header Fields Too Large";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    default:
        return "Bad Request";
    }
}

static void reply(struct connection *connection, const struct page *page, bool with_body)
{
    char head[256];
    int count = snprintf(head, sizeof head,
                         "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: %s\r\n\r\n",
                         page->status, reason_phrase(page->status), page->type, page->body.count,
                         connection->closing ? "close" : "keep-alive");
    text_add(&connection->reply, head, (size_t)count);
    if (with_body)
        text_add(&connection->reply, page->body.bytes, page->body.count);
    connection->exit_status = page->exit_status;
}

static void refuse(struct connection *connection, int status)
{
    connection->closing = true;
    reply(connection, &(struct page){.status = status, .type = "text/plain", .exit_status = NO_EXIT}, false);
}

/* The value of a header in the lines that follow the request line, or NULL. */
static const char *header(const char *head, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':')
            return line + length + 1 + strspn(line + length + 1, " \t");
    }
    return NULL;
}

/* No page takes a body, so a request that brings one is refused rather than misread as two. */
static bool brings_body(const char *head)
{
    const char *length = header(head, "content-length");
    return header(head, "transfer-encoding") != NULL || (length != NULL && strtoul(length, NULL, 10) != 0);
}

static bool keeps_alive(const char *head, const char *version)
{
    const char *wish = header(head, "connection");
    if (strcmp(version, "HTTP/1.0") == 0)
        return wish != NULL && strncasecmp(wish, "keep-alive", 10) == 0;
    return wish == NULL || strncasecmp(wish, "close", 5) != 0;
}

static void drop(struct connection *connection)
{
    close(connection->fd);
    free(connection->reply.bytes);
    connection->fd = -1;
}

/* Leaves the connection to a child, which sends the page when it has it and ends. */
static void hand_over(struct connection *connection, const char *path, const char *query)
{
    while (children > 0 && waitpid(-1, NULL, WNOHANG) > 0)
        children--;
    pid_t child = children < CHILD_LIMIT ? fork() : -1;
    if (child < 0) {
        refuse(connection, 503);
        return;
    }
    if (child > 0) {
        children++;
        drop(connection);
        return;
    }
    struct page page = page_that_waits(path, query);
    connection->closing = true;
    reply(connection, &page, true);
    send(connection->fd, connection->reply.bytes, connection->reply.count, MSG_NOSIGNAL);
    _exit(0);
}

static void answer(struct connection *connection, const char *head)
{
    char method[16], target[1024], version[16];
    if (sscanf(head, "%15s %1023s %15s", method, target, version) != 3 || strncmp(version, "HTTP/1.", 7) != 0 ||
        brings_body(head)) {
        refuse(connection, 400);
        return;
    }
    bool is_head = strcmp(method, "HEAD") == 0;
    if (!is_head && strcmp(method, "GET") != 0) {
        refuse(connection, 405);
        return;
    }
    target[strcspn(target, "#")] = '\0';
    char *query = target + strcspn(target, "?");
    if (*query == '?')
        *query++ = '\0';
    if (page_waits(target)) {
        hand_over(connection, target, query);
        return;
    }
    struct page page = page_at(target);
    connection->closing = !keeps_alive(head, version) || page.exit_status != NO_EXIT;
    reply(connection, &page, !is_head);
    free(page.body.bytes);
}

/* Answers the first whole request received, if there is one; pipelined ones wait until its reply is sent. */
static void take_request(struct connection *connection)
{
    connection->request[connection->received] = '\0';
    char *end = strstr(connection->request, "\r\n\r\n");
    if (end == NULL) {
        if (connection->received == REQUEST_LIMIT_BYTES)
            refuse(connection, 431);
        return;
    }
    *end = '\0';
    answer(connection, connection->request);
    size_t used = (size_t)(end - connection->request) + 4;
    connection->received -= used;
    memmove(connection->request, connection->request + used, connection->received);
}

static bool replying(const struct connection *connection)
{
    return connection->sent < connection->reply.count;
}

static void send_reply(struct connection *connection)
{
    ssize_t sent = send(connection->fd, connection->reply.bytes + connection->sent,
                        connection->reply.count - connection->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR)
            drop(connection);
        return;
    }
    connection->sent += (size_t)sent;
    if (replying(connection))
        return;
    if (connection->exit_status != NO_EXIT)
        exit(connection->exit_status);
    if (connection->closing) {
        drop(connection);
        return;
    }
    connection->sent = connection->reply.count = 0;
    take_request(connection);
}

static void receive(struct connection *connection)
{
    ssize_t got = recv(connection->fd, connection->request + connection->received,
                       REQUEST_LIMIT_BYTES - connection->received, MSG_DONTWAIT);
    if (got > 0) {
        connection->received += (size_t)got;
        take_request(connection);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        drop(connection);
    }
}

static void serve(struct connection *connection)
{
    connection->idle_since = now_s();
    if (!replying(connection))
        receive(connection);
    if (connection->fd >= 0 && replying(connection))
        send_reply(connection);
}

static void welcome(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    for (size_t i = 0; fd >= 0 && i < CONNECTION_LIMIT; i++) {
        if (connections[i].fd >= 0)
            continue;
        connections[i] = (struct connection){.fd = fd, .exit_status = NO_EXIT, .idle_since = now_s()};
        return;
    }
    if (fd >= 0)
        close(fd);
}

static int listen_on(unsigned short port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, SOMAXCONN) != 0)
        die("listen");
    return fd;
}

static int stop_signal(void)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    int fd = signalfd(-1, &stop, SFD_CLOEXEC);
    if (fd < 0)
        die("wait for signals");
    return fd;
}

static unsigned short chosen_port(void)
{
    const char *text = getenv("PORT");
    char *end;
    unsigned long port = text == NULL ? DEFAULT_PORT : strtoul(text, &end, 10);
    if (text != NULL && (*text < '0' || *text > '9' || *end != '\0' || port == 0 || port > 65535)) {
        fprintf(stderr, "server cannot listen: PORT is not a port: %.32s\n", text);
        exit(1);
    }
    return (unsigned short)port;
}

/* With nobody connected there is no idle client to look for, and an idle guest should not wake its host. */
static int patience_ms(void)
{
    for (size_t i = 0; i < CONNECTION_LIMIT; i++) {
        if (connections[i].fd >= 0)
            return TICK_MS;
    }
    return FOREVER_MS;
}

int main(void)
{
    unsigned short port = chosen_port();
    int stop = stop_signal();
    int listener = listen_on(port);
    for (size_t i = 0; i < CONNECTION_LIMIT; i++)
        connections[i].fd = -1;
    printf("listening on port %u\n", port);
    fflush(stdout);

    for (;;) {
        struct pollfd ready[2 + CONNECTION_LIMIT] = {{.fd = stop, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
        for (size_t i = 0; i < CONNECTION_LIMIT; i++) {
            short event = replying(&connections[i]) ? POLLOUT : POLLIN;
            ready[2 + i] = (struct pollfd){.fd = connections[i].fd, .events = event};
        }
        if (poll(ready, 2 + CONNECTION_LIMIT, patience_ms()) < 0)
            die("wait for clients");
        if (ready[0].revents != 0)
            return 0;
        for (size_t i = 0; i < CONNECTION_LIMIT; i++) {
            if (ready[2 + i].revents != 0)
                serve(&connections[i]);
            else if (connections[i].fd >= 0 && now_s() - connections[i].idle_since > IDLE_LIMIT_S)
                drop(&connections[i]);
        }
        if (ready[1].revents != 0)
            welcome(listener);
    }
}
