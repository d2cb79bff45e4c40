/*
 * Facts about the agent, told by a host at the other end of a socket. The agent is a process of its own that was built with the
 * sanitizers; each fact has a fresh one, and it must end well when the host has left. Its clock is a pretended one.
 */
#define _GNU_SOURCE
#include "../facts.h"
#include "agent.h"
#include "frame.h"
#include "hook.h"
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_LIMIT_MS = 10000, QUIET_MS = 150, PLENTY = 1 << 20 };

static char run_directory[] = "/tmp/vmplane-agent-XXXXXX";

const char *machine_set_clock(uint64_t ns_since_1970)
{
    return ns_since_1970 == 0x0102030405060708 ? NULL : "it is another time";
}

const char *machine_reseed(const unsigned char *bytes, size_t count)
{
    return count == 32 && bytes[31] == 'x' ? NULL : "it is no surprise";
}

size_t machine_metrics(char *entries, size_t size)
{
    return (size_t)snprintf(entries, size, "load_1=0.5") + 1;
}

struct host {
    int fd;
    pid_t agent, init; /* what the agent takes for the first process waits to be told to stop */
    struct frame frame; /* the last that was heard */
    unsigned char payload[FRAME_PAYLOAD_LIMIT + 1];
};

static struct host host;

static const char CONFIG[] = "VMPLANE1\0\0\0\0arg=sh\0arg=-c\0arg=echo own program in $PWD\0env=A=own\0env=B=own\0"
                             "env=PATH=/usr/local/bin:/usr/bin:/bin\0vm_id=web-1\0workdir=/tmp";

static _Noreturn void be_agent(int fd, pid_t init)
{
    unsigned char disk[sizeof CONFIG];
    memcpy(disk, CONFIG, sizeof CONFIG);
    disk[8] = sizeof CONFIG - CONFIG_HEADER_BYTES;
    struct config config;
    if (!config_parse(disk, sizeof disk, &config))
        exit(90);
    struct link link = link_over(fd);
    const struct guest guest = {.config = &config, .program = 77, .init = init, .run_directory = run_directory};
    agent_serve(&guest, &link);
    config_free(&config);
    exit(0);
}

static void start(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        abort();
    host.init = fork();
    if (host.init == 0) {
        signal(SIGTERM, SIG_DFL);
        close(pair[0]);
        close(pair[1]);
        for (;;)
            pause();
    }
    host.agent = fork();
    if (host.agent == 0) {
        close(pair[0]);
        fcntl(pair[1], F_SETFL, O_NONBLOCK);
        be_agent(pair[1], host.init);
    }
    close(pair[1]);
    host.fd = pair[0];
}

/* Whether the agent ends well after the host has left. */
static bool leave(void)
{
    int status = -1;
    close(host.fd);
    kill(host.init, SIGKILL);
    waitpid(host.init, NULL, 0);
    waitpid(host.agent, &status, 0);
    if (status != 0)
        printf("  the agent ended with %x\n", (unsigned)status);
    return status == 0;
}

static void put(const void *bytes, size_t count)
{
    if (send(host.fd, bytes, count, MSG_NOSIGNAL) != (ssize_t)count)
        printf("  the agent takes no more\n");
}

static void ask(unsigned type, unsigned session, const void *payload, size_t count)
{
    unsigned char frame[FRAME_HEADER_BYTES + FRAME_PAYLOAD_LIMIT] = {
        (unsigned char)type, 0, session & 0xff, (unsigned char)(session >> 8), count & 0xff, (unsigned char)(count >> 8)};
    memcpy(frame + FRAME_HEADER_BYTES, payload, count);
    put(frame, FRAME_HEADER_BYTES + count);
}

#define ASK(type, session, literal) ask(type, session, literal, sizeof(literal))

static void ask_number(unsigned type, unsigned session, uint32_t number)
{
    ask(type, session, (unsigned char[]){number & 0xff, number >> 8 & 0xff, number >> 16 & 0xff, number >> 24}, 4);
}

static bool read_fully(void *to, size_t count, int limit_ms)
{
    for (size_t got = 0; got < count;) {
        struct pollfd ready = {.fd = host.fd, .events = POLLIN};
        if (poll(&ready, 1, limit_ms) <= 0)
            return false;
        ssize_t step = recv(host.fd, (char *)to + got, count - got, 0);
        if (step <= 0)
            return false;
        got += (size_t)step;
    }
    return true;
}

static bool heard_within(int limit_ms)
{
    unsigned char header[FRAME_HEADER_BYTES];
    if (!read_fully(header, sizeof header, limit_ms))
        return false;
    host.frame = (struct frame){header[0], (uint16_t)number_at(header + 2, 2), number_at(header + 4, 4), host.payload};
    if (host.frame.length > FRAME_PAYLOAD_LIMIT || !read_fully(host.payload, host.frame.length, ANSWER_LIMIT_MS))
        return false;
    host.payload[host.frame.length] = '\0';
    return true;
}

static bool heard(unsigned type, unsigned session)
{
    if (!heard_within(ANSWER_LIMIT_MS))
        return false;
    bool same = host.frame.type == type && host.frame.session == session;
    if (!same)
        printf("  heard 0x%x of %u: %s\n", host.frame.type, host.frame.session, host.payload);
    return same;
}

static bool heard_failure(unsigned session, const char *beginning)
{
    return heard(FAILED, session) && strncmp((char *)host.payload, beginning, strlen(beginning)) == 0;
}

static void say_hello(const char *nonce, const char *vm_id)
{
    char payload[128];
    int count = snprintf(payload, sizeof payload, "vmplane-agent/1\n%.16s%s", nonce, vm_id);
    ask(HELLO, 0, payload, (size_t)count);
}

static bool is_welcome(const char *nonce)
{
    const char *text = (const char *)host.payload;
    return memcmp(text, "vmplane-agent/1\n", 16) == 0 && memcmp(text + 16, nonce, 16) == 0 &&
           strncmp(text + 32, "uptime_ms=", 10) == 0 && strcmp(text + 32 + strlen(text + 32) + 1, "pid=77") == 0;
}

static bool greeted(const char *nonce)
{
    say_hello(nonce, "web-1");
    return heard(WELCOME, 0) && is_welcome(nonce);
}

static void start_greeted(void)
{
    start();
    if (!greeted("0123456789abcdef"))
        printf("  the agent does not greet\n");
}

/* Whether a welcome with this nonce comes, whatever comes before it. */
static bool finds_welcome(const char *nonce)
{
    static unsigned char seen[1 << 20];
    size_t count = 0;
    for (int tries = 0; tries < 20; tries++) {
        struct pollfd ready = {.fd = host.fd, .events = POLLIN};
        say_hello(nonce, "web-1");
        while (poll(&ready, 1, 300) > 0 && count < sizeof seen) {
            ssize_t got = recv(host.fd, seen + count, sizeof seen - count, 0);
            if (got <= 0)
                return false;
            count += (size_t)got;
            if (memmem(seen, count, nonce, 16) != NULL)
                return true;
        }
    }
    return false;
}

/* Collects what a program says until it has ended; TAKEN is added up. */
struct said {
    char out[70000], err[70000];
    size_t out_count, err_count, taken;
    int kind, number;
};

static bool hear_all(unsigned session, struct said *said)
{
    *said = (struct said){.kind = -1};
    while (said->kind < 0 && heard_within(ANSWER_LIMIT_MS)) {
        if (host.frame.session != session || host.frame.length == 0)
            return false;
        switch (host.frame.type) {
        case STDOUT:
            memcpy(said->out + said->out_count, host.payload, host.frame.length);
            said->out_count += host.frame.length;
            break;
        case STDERR:
            memcpy(said->err + said->err_count, host.payload, host.frame.length);
            said->err_count += host.frame.length;
            break;
        case TAKEN:
            said->taken += number_at(host.payload, 4);
            break;
        case EXITED:
            said->kind = host.payload[0];
            said->number = host.payload[1];
            break;
        default:
            printf("  heard 0x%x: %s\n", host.frame.type, host.payload);
            return false;
        }
    }
    return said->kind >= 0;
}

static struct said said;

static bool a_greeting_is_answered(void)
{
    start();
    bool good = greeted("0123456789abcdef");
    good &= greeted("fedcba9876543210");
    CHECK(leave());
    CHECK(good);
    return true;
}

static bool what_comes_before_a_greeting_is_not_heard(void)
{
    start();
    put("noise\x10\0\1\0", 9);
    ASK(METRICS, 1, "");
    put("\x01\0\0\0vmplane-agent/1\n", 20);
    put("\x01\0\0\0\x25\0\0\0vmplane-agent/2\n", 24);
    bool good = greeted("0123456789abcdef");
    CHECK(leave());
    CHECK(good);
    return true;
}

static bool a_frame_that_was_cut_off_hides_no_greeting(void)
{
    start_greeted();
    put("\x11\0\5\0\0\x40\0\0half of a frame", 23);
    say_hello("fedcba9876543210", "web-1");
    bool good = heard(WELCOME, 0) && is_welcome("fedcba9876543210");
    put("\x11\0\5\0\0\x40\0\0half of a frame", 23);
    good &= finds_welcome("impatient-host-0"); /* who says it so often that nothing ever stalls */
    put("\x11\0\5\0\0\x50\0\0no frame at all", 23);
    good &= finds_welcome("0123456789abcdef");
    CHECK(leave());
    CHECK(good);
    return true;
}

static bool who_means_another_vm_is_told_so(void)
{
    start();
    say_hello("0123456789abcdef", "web-2");
    bool good = heard_failure(0, "not_me ");
    ASK(METRICS, 1, "");
    good &= greeted("0123456789abcdef");
    CHECK(leave());
    CHECK(good);
    return true;
}

static bool a_program_has_three_streams_and_an_end(void)
{
    start_greeted();
    ASK(EXEC, 7, "arg=sh\0arg=-c\0arg=cat; echo $A $B $C >&2; exit 7\0env=B=mine\0env=C=mine\0workdir=/");
    bool good = heard(STARTED, 7);
    ask_number(CREDIT, 7, PLENTY);
    ask(STDIN, 7, "hello", 5);
    ask(STDIN, 7, ", world", 7);
    ask(STDIN, 7, "", 0);
    good &= hear_all(7, &said);
    CHECK(leave());
    CHECK(good);
    CHECK(strcmp(said.out, "hello, world") == 0 && strcmp(said.err, "own mine mine\n") == 0);
    CHECK(said.taken == 12);
    CHECK(said.kind == 0 && said.number == 7);
    return true;
}

static bool without_arguments_it_is_the_vms_own_program(void)
{
    start_greeted();
    ask(EXEC, 7, "", 0);
    bool good = heard(STARTED, 7);
    ask_number(CREDIT, 7, PLENTY);
    good &= hear_all(7, &said);
    CHECK(leave());
    CHECK(good && strcmp(said.out, "own program in /tmp\n") == 0);
    return true;
}

static bool a_program_killed_by_a_signal_ends_with_it(void)
{
    start_greeted();
    ASK(EXEC, 7, "arg=sh\0arg=-c\0arg=kill -9 $$");
    bool good = heard(STARTED, 7);
    ask_number(CREDIT, 7, PLENTY);
    good &= hear_all(7, &said);
    CHECK(leave());
    CHECK(good && said.kind == 1 && said.number == SIGKILL);
    return true;
}

static bool what_cannot_be_run_is_told_with_the_reason(void)
{
    start_greeted();
    bool good = true;
    ASK(EXEC, 1, "arg=/no/such/program");
    good &= heard_failure(1, "not_found the guest cannot execute /no/such/program: No such file");
    ASK(EXEC, 2, "arg=/etc/passwd");
    good &= heard_failure(2, "not_executable the guest cannot execute /etc/passwd: ");
    ASK(EXEC, 3, "arg=true\0user=no-such-user");
    good &= heard_failure(3, "bad_user the guest cannot become no-such-user: there is no such user");
    ASK(EXEC, 4, "arg=true\0workdir=/etc/passwd/x");
    good &= heard_failure(4, "bad_directory the guest cannot enter /etc/passwd/x: Not a directory");
    ASK(EXEC, 5, "arg=true\0workdir=x");
    good &= heard_failure(5, "bad_request ");
    ASK(EXEC, 6, "arg=true\0env=x");
    good &= heard_failure(6, "bad_request ");
    ask(EXEC, 7, "arg=true", 8);
    good &= heard_failure(7, "bad_request ");
    ASK(EXEC, 8, "orphan");
    good &= heard_failure(8, "bad_request ");
    ASK(EXEC, 1, "arg=true");
    good &= heard(STARTED, 1) && heard(EXITED, 1);
    CHECK(leave());
    CHECK(good);
    return true;
}

static bool a_terminal_has_a_size_that_changes(void)
{
    start_greeted();
    ASK(EXEC, 9,
        "arg=sh\0arg=-c\0arg=tty >/dev/null && stty size && trap 'stty size; exit 3' WINCH && echo ready && while :; do read x; "
        "done\0tty=1\0rows=33\0cols=101");
    bool good = heard(STARTED, 9);
    ask_number(CREDIT, 9, PLENTY);
    char out[256] = "";
    while (strstr(out, "ready") == NULL && good && (good = heard(STDOUT, 9)))
        strcat(out, (char *)host.payload);
    ask(RESIZE, 9, "\x05\0\x06\0", 4);
    ask(STDIN, 9, "\n", 1);
    good &= hear_all(9, &said);
    CHECK(leave());
    CHECK(good && strncmp(out, "33 101\r\n", 8) == 0);
    CHECK(strstr(said.out, "5 6\r\n") != NULL && said.number == 3 && said.err_count == 0);
    return true;
}

static bool the_end_of_input_ends_one_who_reads_lines_of_a_terminal(void)
{
    start_greeted();
    ASK(EXEC, 9, "arg=cat\0tty=1");
    bool good = heard(STARTED, 9);
    ask_number(CREDIT, 9, PLENTY);
    ask(STDIN, 9, "x\n", 2);
    ask(STDIN, 9, "", 0);
    good &= hear_all(9, &said);
    CHECK(leave());
    CHECK(good);
    CHECK(said.kind == 0 && said.number == 0);
    CHECK(strstr(said.out, "x\r\n") != NULL);
    return true;
}

static bool nothing_is_said_without_credit(void)
{
    start_greeted();
    ASK(EXEC, 7, "arg=sh\0arg=-c\0arg=yes out");
    bool good = heard(STARTED, 7), silent = !heard_within(QUIET_MS);
    size_t count = 0;
    ask_number(CREDIT, 7, 50000);
    while (count < 50000 && (good &= heard(STDOUT, 7)))
        count += host.frame.length;
    silent &= !heard_within(QUIET_MS);
    ASK(METRICS, 8, "");
    good &= heard(MEASURED, 8); /* meanwhile others are answered */
    ask(CLOSE, 7, "", 0);
    good &= heard(EXITED, 7);
    CHECK(leave());
    CHECK(good && silent && count == 50000);
    return true;
}

static bool input_that_is_not_read_is_kept_up_to_a_limit(void)
{
    static char much[FRAME_PAYLOAD_LIMIT];
    start_greeted();
    ASK(EXEC, 7, "arg=sleep\0arg=60");
    bool good = heard(STARTED, 7), refused = false;
    for (int i = 0; i < 12; i++)
        ask(STDIN, 7, much, sizeof much);
    while (!refused && heard_within(ANSWER_LIMIT_MS))
        refused = host.frame.type == FAILED;
    CHECK(leave());
    CHECK(good && refused && strncmp((char *)host.payload, "bad_request ", 12) == 0);
    return true;
}

static bool input_for_one_who_does_not_listen_is_dropped(void)
{
    static char much[FRAME_PAYLOAD_LIMIT];
    start_greeted();
    ASK(EXEC, 7, "arg=sh\0arg=-c\0arg=exec <&-; echo deaf; sleep 60");
    bool good = heard(STARTED, 7);
    ask_number(CREDIT, 7, PLENTY);
    good &= heard(STDOUT, 7);
    size_t taken = 0;
    for (int i = 0; i < 12 && good; i++) {
        ask(STDIN, 7, much, sizeof much);
        good &= heard(TAKEN, 7);
        taken += number_at(host.payload, 4);
    }
    CHECK(leave());
    CHECK(good && taken == 12 * sizeof much);
    return true;
}

static bool one_who_does_not_hang_up_is_killed(void)
{
    start_greeted();
    ASK(EXEC, 7, "arg=sh\0arg=-c\0arg=trap '' HUP; echo deaf; while :; do sleep 1; done");
    bool good = heard(STARTED, 7);
    ask_number(CREDIT, 7, PLENTY);
    good &= heard(STDOUT, 7);
    ask(CLOSE, 7, "", 0);
    good &= heard(EXITED, 7);
    bool killed = host.payload[0] == 1 && host.payload[1] == SIGKILL;
    ASK(EXEC, 8, "arg=sleep\0arg=60\0tty=1");
    good &= heard(STARTED, 8);
    ask(CLOSE, 8, "", 0);
    good &= heard(EXITED, 8);
    bool hung_up = host.payload[0] == 1 && host.payload[1] == SIGHUP;
    CHECK(leave());
    CHECK(good && killed && hung_up);
    return true;
}

static bool what_is_left_running_does_not_hold_up_the_end(void)
{
    start_greeted();
    ASK(EXEC, 7, "arg=sh\0arg=-c\0arg=sleep 60 & echo $!");
    bool good = heard(STARTED, 7);
    ask_number(CREDIT, 7, PLENTY);
    good &= hear_all(7, &said);
    kill(atoi(said.out), SIGKILL);
    ASK(EXEC, 8, "arg=sh\0arg=-c\0arg=trap '' HUP; sleep 60 & echo $!\0tty=1");
    good &= heard(STARTED, 8);
    ask_number(CREDIT, 8, PLENTY);
    static struct said other;
    good &= hear_all(8, &other);
    kill(atoi(other.out), SIGKILL);
    CHECK(leave());
    CHECK(good && said.number == 0 && other.number == 0);
    CHECK(atoi(said.out) > 1 && atoi(other.out) > 1);
    return true;
}

static bool so_many_run_side_by_side(void)
{
    start_greeted();
    bool good = true;
    for (unsigned i = 1; i <= 16; i++) {
        ASK(EXEC, i, "arg=cat");
        good &= heard(STARTED, i);
    }
    ASK(EXEC, 17, "arg=cat");
    good &= heard_failure(17, "busy ");
    ask(STDIN, 5, "", 0);
    ask_number(CREDIT, 5, PLENTY);
    good &= heard(EXITED, 5);
    ASK(EXEC, 17, "arg=cat");
    good &= heard(STARTED, 17);
    CHECK(leave());
    CHECK(good);
    return true;
}

static bool a_greeting_ends_what_ran_before(void)
{
    start_greeted();
    ASK(EXEC, 7, "arg=cat");
    bool good = heard(STARTED, 7);
    pid_t before = (pid_t)number_at(host.payload, 4);
    good &= greeted("fedcba9876543210");
    ASK(EXEC, 7, "arg=true");
    good &= heard(STARTED, 7) && heard(EXITED, 7);
    for (int tries = 0; tries < 500 && kill(before, 0) == 0; tries++)
        poll(NULL, 0, 10);
    bool gone = kill(before, 0) != 0 && errno == ESRCH;
    CHECK(leave());
    CHECK(good && gone);
    return true;
}

/* A program with hooks: takes one connection and answers with `answer`; NULL: not at all. */
static int listen_for_hooks(unsigned *port)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof here;
    struct sockaddr any;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(&any, &here, sizeof any);
    if (bind(listener, &any, sizeof any) != 0 || listen(listener, 16) != 0 || getsockname(listener, &any, &length) != 0)
        abort();
    memcpy(&here, &any, sizeof here);
    *port = ntohs(here.sin_port);
    return listener;
}

static char hook_request[4096];

static int answer_hook(int listener, const char *answer)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    ssize_t got = recv(fd, hook_request, sizeof hook_request - 1, 0);
    hook_request[got > 0 ? got : 0] = '\0';
    if (answer != NULL && send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
        abort();
    return fd;
}

static void call(unsigned session, unsigned port, const char *path, unsigned timeout_ms)
{
    char payload[512];
    int count = snprintf(payload, sizeof payload, "port=%u%cpath=%s%ctimeout_ms=%u%cbody={\"phase\":\"warm\"}", port, 0, path, 0,
                         timeout_ms, 0);
    ask(HOOK, session, payload, (size_t)count + 1);
}

static bool a_hook_is_a_post_whose_status_is_told(void)
{
    unsigned port;
    int listener = listen_for_hooks(&port);
    start_greeted();
    call(3, port, "/hooks/warm?x=1", 5000);
    close(answer_hook(listener, "HTTP/1.1 204 No Content\r\n\r\n"));
    bool good = heard(DONE, 3) && strcmp((char *)host.payload, "status=204") == 0;
    CHECK(leave());
    close(listener);
    CHECK(good);
    CHECK(strncmp(hook_request, "POST /hooks/warm?x=1 HTTP/1.1\r\nHost: 127.0.0.1:", 47) == 0);
    CHECK(strstr(hook_request, "\r\nContent-Type: application/json\r\n") != NULL);
    CHECK(strstr(hook_request, "\r\nContent-Length: 16\r\n") != NULL);
    CHECK(strstr(hook_request, "\r\n\r\n{\"phase\":\"warm\"}") != NULL);
    return true;
}

static bool a_hook_that_fails_is_told_with_the_reason(void)
{
    unsigned port;
    start_greeted();
    int listener = listen_for_hooks(&port); /* after the agent was made, so that nobody has it too when it is closed */
    call(1, port, "/", 5000);
    close(answer_hook(listener, "HTTP/1.1 500 Oh\r\n"));
    bool good = heard(DONE, 1) && strcmp((char *)host.payload, "status=500") == 0;
    call(2, port, "/", 5000);
    close(answer_hook(listener, "SSH-2.0-hello\r\n"));
    good &= heard_failure(2, "io the guest cannot call the hook at port ") && strstr((char *)host.payload, "is not HTTP");
    call(3, port, "/", 5000);
    close(answer_hook(listener, ""));
    good &= heard_failure(3, "io ") && strstr((char *)host.payload, "it did not answer");
    call(4, port, "/", 100);
    int fd = answer_hook(listener, "HTTP/1.1 ");
    good &= heard_failure(4, "io ") && strstr((char *)host.payload, "within 100 ms");
    close(fd);
    close(listener);
    call(5, port, "/", 5000);
    good &= heard_failure(5, "io ") && strstr((char *)host.payload, "Connection refused");
    call(6, port, "no path", 5000);
    good &= heard_failure(6, "bad_request ");
    call(7, port, "/a b", 5000);
    good &= heard_failure(7, "bad_request ");
    call(8, 0, "/", 5000);
    good &= heard_failure(8, "bad_request ");
    CHECK(leave());
    CHECK(good);
    return true;
}

static bool so_many_hooks_are_called_at_a_time(void)
{
    unsigned port;
    int listener = listen_for_hooks(&port), fds[HOOK_LIMIT];
    start_greeted();
    for (unsigned i = 0; i < HOOK_LIMIT; i++) {
        call(i + 1, port, "/", 60000);
        fds[i] = answer_hook(listener, NULL);
    }
    call(9, port, "/", 60000);
    bool good = heard_failure(9, "busy ");
    if (send(fds[2], "HTTP/1.0 200\n", 13, MSG_NOSIGNAL) != 13)
        abort();
    good &= heard(DONE, 3);
    ask(CLOSE, 2, "", 0);
    call(10, port, "/", 60000);
    call(11, port, "/", 60000);
    int others[2] = {answer_hook(listener, "HTTP/1.1 200 OK\r\n"), answer_hook(listener, "HTTP/1.1 200 OK\r\n")};
    good &= heard_within(ANSWER_LIMIT_MS) && host.frame.type == DONE && heard_within(ANSWER_LIMIT_MS) &&
            host.frame.type == DONE;
    CHECK(leave());
    for (size_t i = 0; i < HOOK_LIMIT; i++)
        close(fds[i]);
    close(others[0]);
    close(others[1]);
    close(listener);
    CHECK(good);
    return true;
}

static bool the_first_line_of_an_answer_is_read_and_nothing_else(void)
{
    CHECK(http_status("HTTP/1.1 200 OK\r\n", 17) == 200);
    CHECK(http_status("HTTP/1.0 404\n", 13) == 404);
    CHECK(http_status("HTTP/1.1 20", 11) == 0);
    CHECK(http_status("HT", 2) == 0 && http_status("", 0) == 0);
    CHECK(http_status("HTTP/1.1 20\r\n", 13) < 0);
    CHECK(http_status("HTTP/1.1\n", 9) < 0);
    CHECK(http_status("HTTP/1.1 000 \n", 14) < 0);
    CHECK(http_status("http/1.1 200 OK\r\n", 17) < 0);
    return true;
}

static bool an_attachment_is_a_file_of_the_program(void)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "%s/attach.json", run_directory);
    start_greeted();
    ASK(ATTACH, 1, "job_id=old");
    bool good = heard(DONE, 1);
    ASK(ATTACH, 2, "job_id=job-1\0tenant=acme\0env=A=1\0env=Q=\"quo\\te\"\n\x01\0env=U=gr\xc3\xbc\xc3\x9f \xff\xed\xa0\x80\0env=A=2\0env=E=");
    good &= heard(DONE, 2) && host.frame.length == 0;
    ASK(ATTACH, 3, "env=x");
    good &= heard_failure(3, "bad_request ");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = read(file, text, sizeof text - 1);
    text[count > 0 ? count : 0] = '\0';
    close(file);
    unlink(path);
    CHECK(leave());
    CHECK(good);
    CHECK(strcmp(text, "{\"job_id\":\"job-1\",\"tenant\":\"acme\",\"env\":{\"Q\":\"\\\"quo\\\\te\\\"\\u000a\\u0001\","
                       "\"U\":\"gr\xc3\xbc\xc3\x9f \\ufffd\\ufffd\\ufffd\\ufffd\",\"A\":\"2\",\"E\":\"\"}}\n") == 0);
    return true;
}

static bool the_clock_is_set_and_the_kernel_surprised(void)
{
    unsigned char payload[40] = {8, 7, 6, 5, 4, 3, 2, 1, [39] = 'x'};
    start_greeted();
    ask(CLOCK, 1, payload, sizeof payload);
    bool good = heard(DONE, 1);
    payload[0] = 9;
    ask(CLOCK, 2, payload, sizeof payload);
    good &= heard_failure(2, "io the guest cannot set its clock: it is another time");
    ask(CLOCK, 3, payload, 7);
    good &= heard_failure(3, "bad_request ");
    ASK(METRICS, 4, "");
    good &= heard(MEASURED, 4) && strcmp((char *)host.payload, "load_1=0.5") == 0;
    CHECK(leave());
    CHECK(good);
    return true;
}

static bool a_stop_is_passed_on_to_the_first_process(void)
{
    int status = 0;
    start_greeted();
    ASK(STOP, 1, "");
    bool good = heard(DONE, 1);
    pid_t ended = waitpid(host.init, &status, 0);
    bool told = ended == host.init && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
    host.init = fork();
    if (host.init == 0)
        _exit(0);
    CHECK(leave());
    CHECK(good && told);
    return true;
}

/* Frames cut, damaged and joined. What is run is only what the configuration says, or what is not there. */
static void make_noise(void)
{
    static const unsigned char TYPES[] = {HELLO, EXEC, STDIN, RESIZE, CLOSE, CREDIT, HOOK, ATTACH, METRICS, 0x55};
    static const char *const PAYLOADS[] = {"", "arg=/no/such/program", "port=1", "env=A=b", "tty=1", "x", "=", "\x10\x10"};
    unsigned char frame[256] = {TYPES[(size_t)rand() % sizeof TYPES], 0, (unsigned char)(rand() % 4)};
    const char *payload = PAYLOADS[(size_t)rand() % (sizeof PAYLOADS / sizeof *PAYLOADS)];
    size_t count = strlen(payload) + (size_t)(rand() % 2);
    frame[4] = (unsigned char)count;
    memcpy(frame + FRAME_HEADER_BYTES, payload, strlen(payload));
    size_t whole = FRAME_HEADER_BYTES + count;
    if (rand() % 8 == 0)
        frame[4 + rand() % 4] ^= (unsigned char)(1 << rand() % 8);
    put(frame, rand() % 8 == 0 ? 1 + (size_t)rand() % whole : whole);
}

static void skip_answers(void)
{
    char answers[65536];
    while (recv(host.fd, answers, sizeof answers, MSG_DONTWAIT) > 0)
        continue;
}

static bool noise_does_no_harm(void)
{
    srand(5);
    for (int round = 0; round < 8; round++) {
        char nonce[32];
        start_greeted();
        for (int i = 0; i < 1500; i++) {
            make_noise();
            skip_answers();
            if (rand() % 300 == 0)
                say_hello("0123456789abcdef", "web-1");
        }
        snprintf(nonce, sizeof nonce, "nonce-%09dx", round % 1000);
        bool answered = finds_welcome(nonce);
        CHECK(leave());
        CHECK(answered);
    }
    return true;
}

/* The agent does not take more while what it has answered is not taken. */
static bool a_host_that_only_asks_fills_nothing_but_its_own_pipe(void)
{
    start_greeted();
    fcntl(host.fd, F_SETFL, O_NONBLOCK);
    static const unsigned char metrics[] = {METRICS, 0, 1, 0, 0, 0, 0, 0};
    size_t asked = 0, answered = 0, part = 0;
    for (int quiet = 0; quiet < 5;) {
        ssize_t sent = send(host.fd, metrics + part, sizeof metrics - part, MSG_NOSIGNAL);
        if (sent < 0) {
            quiet++;
            poll(NULL, 0, 20);
            continue;
        }
        part = (part + (size_t)sent) % sizeof metrics;
        asked += part == 0;
        quiet = 0;
    }
    fcntl(host.fd, F_SETFL, 0);
    while (answered < asked && heard(MEASURED, 1))
        answered++;
    CHECK(leave());
    CHECK(asked > 1000 && answered == asked);
    return true;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (mkdtemp(run_directory) == NULL)
        return 1;
    RUN(a_greeting_is_answered);
    RUN(what_comes_before_a_greeting_is_not_heard);
    RUN(a_frame_that_was_cut_off_hides_no_greeting);
    RUN(who_means_another_vm_is_told_so);
    RUN(a_program_has_three_streams_and_an_end);
    RUN(without_arguments_it_is_the_vms_own_program);
    RUN(a_program_killed_by_a_signal_ends_with_it);
    RUN(what_cannot_be_run_is_told_with_the_reason);
    RUN(a_terminal_has_a_size_that_changes);
    RUN(the_end_of_input_ends_one_who_reads_lines_of_a_terminal);
    RUN(nothing_is_said_without_credit);
    RUN(input_that_is_not_read_is_kept_up_to_a_limit);
    RUN(input_for_one_who_does_not_listen_is_dropped);
    RUN(one_who_does_not_hang_up_is_killed);
    RUN(what_is_left_running_does_not_hold_up_the_end);
    RUN(so_many_run_side_by_side);
    RUN(a_greeting_ends_what_ran_before);
    RUN(a_hook_is_a_post_whose_status_is_told);
    RUN(a_hook_that_fails_is_told_with_the_reason);
    RUN(so_many_hooks_are_called_at_a_time);
    RUN(the_first_line_of_an_answer_is_read_and_nothing_else);
    RUN(an_attachment_is_a_file_of_the_program);
    RUN(the_clock_is_set_and_the_kernel_surprised);
    RUN(a_stop_is_passed_on_to_the_first_process);
    RUN(noise_does_no_harm);
    RUN(a_host_that_only_asks_fills_nothing_but_its_own_pipe);
    rmdir(run_directory);
    return told();
}
