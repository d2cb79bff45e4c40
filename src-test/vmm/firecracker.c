/*
 * Stands in for Firecracker where a test needs many microVMs that cost next to nothing: a process that takes the same
 * command line, serves the same requests on its Unix socket, opens its tap and its disks as the real one does, and prints
 * what a guest would. There is no guest behind it. What of the real one is not needed to drive a life is left out.
 *
 * A guest whose environment says GUEST=deaf does not end when it is asked to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    MAX_CONNECTIONS = 10,
    MAX_REQUEST_BYTES = 52 * 1024,
    BOOT_MS = 40,
    GOODBYE_MS = 20,
    STATUS_FAILED = 1,
};

static enum { NOT_STARTED, RUNNING, PAUSED } state = NOT_STARTED;
static const char *const STATES[] = {"Not started", "Running", "Paused"};

/* What the guest does next when nothing happens for a while. */
static enum { SILENT, BOOTING, ENDING } next = SILENT;

static const char *id = "anonymous-instance";
static bool deaf;

struct connection {
    int fd;
    size_t length;
    char bytes[MAX_REQUEST_BYTES + 1];
};

struct request {
    const char *method;
    const char *path;
    const char *body; /* ended by NUL */
};

static struct connection connections[MAX_CONNECTIONS];

static void fail(const char *what)
{
    fprintf(stderr, "cannot %s: %s\n", what, strerror(errno));
    exit(STATUS_FAILED);
}

static void console(const char *line)
{
    printf("%s\n", line);
    fflush(stdout);
}

/* Copies the text of a JSON field. The control plane writes its requests without spaces or escapes. */
static bool field(const char *body, const char *name, char *text, size_t size)
{
    char start[64];
    snprintf(start, sizeof start, "\"%s\":\"", name);
    const char *from = strstr(body, start);
    if (!from)
        return false;
    from += strlen(start);
    size_t length = strcspn(from, "\"");
    if (length >= size)
        return false;
    memcpy(text, from, length);
    text[length] = '\0';
    return true;
}

static bool has(const char *body, const char *text)
{
    return strstr(body, text) != NULL;
}

/* The real one keeps its disks open from here on, and does not start with one it cannot open. */
static const char *open_disk(const char *body)
{
    char path[4096];
    if (!field(body, "path_on_host", path, sizeof path))
        return "a drive needs its file";
    int disk = open(path, (has(body, "\"is_read_only\":true") ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (disk < 0)
        return "the file of a drive cannot be opened";
    char start[8192];
    ssize_t length = pread(disk, start, sizeof start, 0);
    const char wish[] = "env=GUEST=deaf";
    if (length > 0 && memmem(start, (size_t)length, wish, sizeof wish))
        deaf = true;
    return NULL;
}

static const char *open_tap(const char *body)
{
    struct ifreq tap = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    if (!field(body, "host_dev_name", tap.ifr_name, sizeof tap.ifr_name))
        return "a network interface needs its tap";
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tun < 0 || ioctl(tun, TUNSETIFF, &tap) < 0)
        return "the tap cannot be opened";
    return NULL;
}

static bool starts(const char *path, const char *with)
{
    return strncmp(path, with, strlen(with)) == 0;
}

static const char *configure(const struct request *request)
{
    if (state != NOT_STARTED)
        return "The requested operation is not supported after starting the microVM.";
    if (starts(request->path, "/drives/"))
        return open_disk(request->body);
    if (starts(request->path, "/network-interfaces/"))
        return open_tap(request->body);
    return NULL;
}

static const char *act(const char *body)
{
    if (has(body, "\"InstanceStart\"")) {
        if (state != NOT_STARTED)
            return "The requested operation is not supported after starting the microVM.";
        state = RUNNING;
        next = BOOTING;
        console("stand-in: a kernel would start here");
    } else if (has(body, "\"SendCtrlAltDel\"")) {
        if (state == NOT_STARTED)
            return "The requested operation is not supported before starting the microVM.";
        if (state == RUNNING && !deaf)
            next = ENDING;
    } else {
        return "unknown action";
    }
    return NULL;
}

static const char *turn(const char *body)
{
    if (state == NOT_STARTED)
        return "The requested operation is not supported before starting the microVM.";
    state = has(body, "\"Paused\"") ? PAUSED : RUNNING;
    return NULL;
}

static const char *carry_out(const struct request *request)
{
    static const char *const parts[] = {"/machine-config", "/boot-source", "/drives/", "/network-interfaces/",
                                        "/entropy",        "/serial",      "/logger",  "/metrics",
                                        "/vsock"};
    if (strcmp(request->path, "/actions") == 0)
        return act(request->body);
    if (strcmp(request->path, "/vm") == 0)
        return turn(request->body);
    if (strcmp(request->path, "/balloon") == 0)
        return strcmp(request->method, "PATCH") == 0 && state == NOT_STARTED
                   ? "The requested operation is not supported before starting the microVM."
                   : NULL;
    for (size_t part = 0; part < sizeof parts / sizeof *parts; part++)
        if (starts(request->path, parts[part]))
            return configure(request);
    return "Invalid request method and/or path.";
}

__attribute__((format(printf, 2, 3))) static void answer(int fd, const char *format, ...)
{
    char text[1024];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(text, sizeof text, format, values);
    va_end(values);
    if (length < 0 || send(fd, text, (size_t)length, MSG_NOSIGNAL) < 0)
        fprintf(stderr, "cannot answer: %s\n", strerror(errno));
}

static void answer_json(int fd, const char *status, const char *json)
{
    answer(fd,
           "HTTP/1.1 %s\r\nServer: Firecracker API\r\nConnection: keep-alive\r\n"
           "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
           status, strlen(json), json);
}

static void serve(int fd, const struct request *request)
{
    char json[512];
    if (strcmp(request->method, "GET") == 0 && strcmp(request->path, "/") == 0) {
        snprintf(json, sizeof json,
                 "{\"id\":\"%s\",\"state\":\"%s\",\"vmm_version\":\"1.7.0\",\"app_name\":\"Firecracker\"}", id,
                 STATES[state]);
        answer_json(fd, "200 OK", json);
        return;
    }
    const char *refusal = carry_out(request);
    if (refusal) {
        snprintf(json, sizeof json, "{\"fault_message\":\"%s\"}", refusal);
        answer_json(fd, "400 Bad Request", json);
    } else {
        answer(fd, "HTTP/1.1 204 No Content\r\nServer: Firecracker API\r\nConnection: keep-alive\r\n\r\n");
    }
}

/* Serves the first request in the buffer, if it is complete, and drops it; false when it cannot be understood. */
static bool serve_first(struct connection *from, bool *served)
{
    from->bytes[from->length] = '\0';
    char *end = strstr(from->bytes, "\r\n\r\n");
    *served = false;
    if (!end)
        return from->length < MAX_REQUEST_BYTES;
    const char *announced = strcasestr(from->bytes, "\r\ncontent-length:");
    size_t body = announced && announced < end ? strtoul(announced + 17, NULL, 10) : 0;
    size_t head = (size_t)(end - from->bytes) + 4;
    if (body > MAX_REQUEST_BYTES - head)
        return false;
    if (from->length < head + body)
        return true;
    char after = from->bytes[head + body];
    from->bytes[head + body] = '\0';
    char *rest;
    char *method = strtok_r(from->bytes, " ", &rest);
    char *path = strtok_r(NULL, " ", &rest);
    if (!method || !path)
        return false;
    serve(from->fd, &(struct request){method, path, from->bytes + head});
    from->bytes[head + body] = after;
    from->length -= head + body;
    memmove(from->bytes, from->bytes + head + body, from->length);
    *served = true;
    return true;
}

static void hang_up(struct connection *on)
{
    close(on->fd);
    on->fd = -1;
    on->length = 0;
}

static void hear(struct connection *from)
{
    ssize_t got = recv(from->fd, from->bytes + from->length, MAX_REQUEST_BYTES - from->length, 0);
    if (got <= 0) {
        hang_up(from);
        return;
    }
    from->length += (size_t)got;
    bool served = true;
    while (served)
        if (!serve_first(from, &served)) {
            hang_up(from);
            return;
        }
}

static void take(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    for (int at = 0; fd >= 0 && at < MAX_CONNECTIONS; at++)
        if (connections[at].fd < 0) {
            connections[at].fd = fd;
            return;
        }
    if (fd >= 0)
        close(fd);
}

static void go_on(void)
{
    if (next == BOOTING)
        console("vmplane-guest: started /app/bin/server");
    if (next == ENDING) {
        console("vmplane-guest: exit status=0");
        exit(0);
    }
    next = SILENT;
}

static int wait_ms(void)
{
    return next == SILENT || state == PAUSED ? -1 : next == BOOTING ? BOOT_MS : GOODBYE_MS;
}

static void turn_forever(int listener)
{
    for (;;) {
        struct pollfd watched[MAX_CONNECTIONS + 1] = {{.fd = listener, .events = POLLIN}};
        for (int at = 0; at < MAX_CONNECTIONS; at++)
            watched[at + 1] = (struct pollfd){.fd = connections[at].fd, .events = POLLIN};
        int ready = poll(watched, MAX_CONNECTIONS + 1, wait_ms());
        if (ready < 0 && errno != EINTR)
            fail("wait");
        if (ready == 0)
            go_on();
        for (int at = 0; ready > 0 && at < MAX_CONNECTIONS; at++)
            if (watched[at + 1].revents)
                hear(&connections[at]);
        if (ready > 0 && watched[0].revents)
            take(listener);
    }
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        fail("listen");
    }
    strcpy(address.sun_path, path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 16) < 0)
        fail("listen");
    return listener;
}

int main(int count, char **words)
{
    const char *socket_path = "/run/firecracker.socket";
    for (int at = 1; at < count; at++) {
        bool more = at + 1 < count;
        if (strcmp(words[at], "--version") == 0) {
            printf("Firecracker v1.7.0\n");
            return 0;
        }
        if (strcmp(words[at], "--api-sock") == 0 && more)
            socket_path = words[++at];
        else if (strcmp(words[at], "--id") == 0 && more)
            id = words[++at];
        else if ((strcmp(words[at], "--log-path") == 0 || strcmp(words[at], "--level") == 0) && more)
            at++;
        else {
            fprintf(stderr, "unknown argument: %s\n", words[at]);
            return 153;
        }
    }
    for (int at = 0; at < MAX_CONNECTIONS; at++)
        connections[at].fd = -1;
    turn_forever(listen_at(socket_path));
}
