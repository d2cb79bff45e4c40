/*
 * Programs of a guest that is spoken with, in one file: `serve` answers HTTP and remembers what it was told by POST, which
 * `GET /told` says again, with what the agent left for it; `GET /now` is the guest's own time. Beside it somebody may run
 * `echo`, `exit N`, `cat`, and `size`, which says the size of its terminal, and again whenever that changes. `flood N` prints
 * so many numbered lines, and ends.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PORT = 8080, REQUEST_BYTES = 32 * 1024 };

static char told[64 * 1024];

static void end(int signal)
{
    (void)signal;
    _exit(0);
}

static void size(int signal)
{
    struct winsize window;
    (void)signal;
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &window) == 0) {
        printf("%d %d\n", window.ws_row, window.ws_col);
        fflush(stdout);
    }
}

static void add_file(char *text, size_t limit, const char *path)
{
    FILE *file = fopen(path, "re");
    size_t used = strlen(text);
    if (!file)
        return;
    text[used + fread(text + used, 1, limit - used - 1, file)] = '\0';
    fclose(file);
}

static void answer(int connection, const char *head, const char *body)
{
    static char page[sizeof told + REQUEST_BYTES];
    char path[256] = "";
    sscanf(head, "%*s %255s", path);
    strcpy(page, "ok\n");
    if (strncmp(head, "POST ", 5) == 0) {
        size_t used = strlen(told);
        snprintf(told + used, sizeof told - used, "%s %s\n", path, body);
    } else if (strcmp(path, "/told") == 0) {
        strcpy(page, told);
        add_file(page, sizeof page, "/run/vmplane/attach.json");
    } else if (strcmp(path, "/now") == 0) {
        snprintf(page, sizeof page, "%lld", (long long)time(NULL));
    }
    dprintf(connection, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", strlen(page), page);
}

/* Reads one request whole, as far as it says how long it is. */
static void serve_one(int connection)
{
    static char request[REQUEST_BYTES + 1];
    size_t received = 0;
    for (;;) {
        ssize_t got = read(connection, request + received, REQUEST_BYTES - received);
        if (got <= 0)
            return;
        received += (size_t)got;
        request[received] = '\0';
        char *body = strstr(request, "\r\n\r\n");
        if (!body)
            continue;
        char *length = strcasestr(request, "content-length:");
        size_t wanted = length && length < body ? strtoul(length + 15, NULL, 10) : 0;
        if (received - (size_t)(body + 4 - request) >= wanted) {
            answer(connection, request, body + 4);
            return;
        }
    }
}

static int serve(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listener, (struct sockaddr *)&here, sizeof here) < 0 || listen(listener, 64) < 0) {
        perror("cannot listen");
        return 1;
    }
    signal(SIGTERM, end);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (connection >= 0) {
            serve_one(connection);
            close(connection);
        }
    }
}

static int cat(void)
{
    char bytes[4096];
    ssize_t got;
    while ((got = read(STDIN_FILENO, bytes, sizeof bytes)) > 0)
        if (write(STDOUT_FILENO, bytes, (size_t)got) < 0)
            return 1;
    return 0;
}

static int flood(long lines)
{
    for (long line = 0; line < lines; line++)
        printf("line %09ld of a flood that says nothing new, only more and more and more of the same\n", line);
    fflush(stdout);
    fprintf(stderr, "printed %ld\n", lines);
    return 0;
}

int main(int count, char **words)
{
    const char *what = count > 1 ? words[1] : "";
    if (strcmp(what, "serve") == 0)
        return serve();
    if (strcmp(what, "echo") == 0)
        return printf("%s %s\n", count > 2 ? words[2] : "", getenv("COLOUR") ? getenv("COLOUR") : "") < 0;
    if (strcmp(what, "exit") == 0)
        return count > 2 ? atoi(words[2]) : 0;
    if (strcmp(what, "cat") == 0)
        return cat();
    if (strcmp(what, "flood") == 0)
        return flood(count > 2 ? atol(words[2]) : 1);
    if (strcmp(what, "size") == 0) {
        signal(SIGWINCH, size);
        size(0);
        for (;;)
            pause();
    }
    fprintf(stderr, "cannot run '%s': there is no such program\n", what);
    return 2;
}
