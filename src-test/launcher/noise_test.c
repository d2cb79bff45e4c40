/*
 * Talks noise to a whole launcher that was built with the sanitizers: requests cut, joined and damaged, from clients that
 * leave in the middle of a word. Afterwards it must still answer, and leave when it is told to.
 *
 *     noise_test LAUNCHER
 */
#define _GNU_SOURCE
#include "frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CLIENTS = 300, WORDS = 12, SEED = 11 };

static char directory[] = "/tmp/vmplane-launcher-XXXXXX";

static int talk(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/launcher.sock", directory);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static const char *any(const char *const *words, size_t count)
{
    return words[(size_t)rand() % count];
}

/* Mostly what could be meant. Of a start only the number of its cgroups is doubtful: what is run must be known. */
static void add_word(struct outbox *said)
{
    static const char *const VERBS[] = {"hello", "watch", "kill", "", "stop", "start"};
    static const char *const NUMBERS[] = {"0", "1", "2", "-1", "", "x", "1073741824", "18446744073709551616"};
    const char *verb = any(VERBS, sizeof VERBS / sizeof *VERBS);
    char output[sizeof directory + 8], self[16];
    snprintf(output, sizeof output, "%s/output", directory);
    snprintf(self, sizeof self, "%d", (int)getpid());
#define NUMBER any(NUMBERS, sizeof NUMBERS / sizeof *NUMBERS)
    if (strcmp(verb, "start") == 0)
        outbox_add(said, (const char *const[]){"1", verb, directory, output, "/bin:/usr/bin", NUMBER, "true", NULL});
    else if (strcmp(verb, "kill") == 0)
        outbox_add(said, (const char *const[]){"1", verb, NUMBER, NUMBER, directory, output, NULL});
    else if (strcmp(verb, "watch") == 0)
        outbox_add(said, (const char *const[]){"0", verb, rand() % 2 ? self : NUMBER, NUMBER, output, NULL});
    else
        outbox_add(said, (const char *const[]){"1", verb, rand() % 4 == 0 ? NUMBER : NULL, NULL});
}

/* In the length of the first word, or anywhere in words that start nothing. */
static void damage(struct outbox *said)
{
    if (memmem(said->bytes, said->count, "start", 5) == NULL)
        said->bytes[(size_t)rand() % said->count] = (char)rand();
    else
        said->bytes[rand() % FRAME_HEADER_BYTES] = (char)rand();
}

static bool make_noise(void)
{
    struct outbox said = {0};
    char heard[4096];
    int fd = talk();
    if (fd < 0)
        return false;
    for (int word = rand() % WORDS; word >= 0; word--)
        add_word(&said);
    if (rand() % 2 == 0)
        damage(&said);
    size_t whole = rand() % 4 == 0 ? (size_t)rand() % said.count : said.count;
    for (size_t done = 0, part; done < whole; done += part) {
        part = 1 + (size_t)rand() % (whole - done);
        if (send(fd, said.bytes + done, part, MSG_NOSIGNAL) != (ssize_t)part)
            break;
    }
    if (rand() % 2 == 0) {
        shutdown(fd, SHUT_WR);
        while (recv(fd, heard, sizeof heard, 0) > 0)
            continue;
    }
    outbox_free(&said);
    close(fd);
    return true;
}

static bool answers(int fd)
{
    struct outbox said = {0};
    char heard[64];
    outbox_add(&said, (const char *const[]){"7", "hello", NULL});
    bool sent = send(fd, said.bytes, said.count, MSG_NOSIGNAL) == (ssize_t)said.count;
    outbox_free(&said);
    ssize_t got = sent ? recv(fd, heard, sizeof heard, 0) : -1;
    return got > FRAME_HEADER_BYTES + 5 && memcmp(heard + FRAME_HEADER_BYTES, "7\0ok", 5) == 0;
}

static bool leaves(int fd)
{
    struct outbox said = {0};
    char nothing;
    outbox_add(&said, (const char *const[]){"0", "quit", NULL});
    bool sent = send(fd, said.bytes, said.count, MSG_NOSIGNAL) == (ssize_t)said.count;
    outbox_free(&said);
    return sent && recv(fd, &nothing, 1, 0) == 0;
}

static bool start_launcher(char *launcher)
{
    int status;
    if (mkdtemp(directory) == NULL)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        /* What it says about each of us would only be noise here. */
        if (freopen("/dev/null", "w", stdout) == NULL)
            _exit(1);
        execv(launcher, (char *[]){launcher, directory, "noise", NULL});
        _exit(1);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void clean_up(void)
{
    static const char *const FILES[] = {"output", "launcher.lock"};
    char path[sizeof directory + 16];
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, FILES[i]);
        unlink(path);
    }
    rmdir(directory);
}

int main(int count, char **words)
{
    if (count != 2 || !start_launcher(words[1])) {
        fputs("the launcher cannot be started\n", stderr);
        return EXIT_FAILURE;
    }
    srand(SEED);
    bool holds = true;
    for (int client = 0; client < CLIENTS && holds; client++)
        holds = make_noise();
    int fd = talk();
    holds = holds && answers(fd) && leaves(fd);
    clean_up();
    printf("%s noise_does_not_stop_it\n", holds ? "ok  " : "FAIL");
    return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
