/*
 * What can be asked of the launcher. `id` is the client's; a request without an answer needs none.
 *
 *     id hello                                                    id ok <version> <pid>
 *     id start <directory> <output> <path> <n> n cgroups, command    id ok <pid> <start ticks>
 *                                                                 id failed <step> <error>
 *     id kill <pid> <start ticks> <directory> <jail>              id sent | gone | stranger | failed <error>
 *     id watch <pid> <start ticks> files...                       0 ended <pid> <start ticks> status|signal|unknown <n>
 *                                                                 0 unwatched <pid> <start ticks>
 *     id quit                                                     the connection ends
 */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PID_LIMIT = 1 << 30 };

static void answer(int connection, const char *const *fields)
{
    connections_tell(connection, fields);
}

static bool read_process(char *const *fields, pid_t *pid, uint64_t *start_ticks)
{
    uint64_t number;
    if (!number_parse(fields[0], PID_LIMIT, &number) || number == 0)
        return false;
    *pid = (pid_t)number;
    return number_parse(fields[1], UINT64_MAX, start_ticks);
}

static bool serve_hello(int connection, const struct fields *fields)
{
    struct number pid = number_text((uint64_t)getpid());
    answer(connection, (const char *const[]){fields->items[0], "ok", launcher_version, pid.text, NULL});
    return true;
}

static bool serve_start(int connection, const struct fields *fields)
{
    char *const *items = fields->items;
    uint64_t cgroups;
    if (!number_parse(items[5], fields->count, &cgroups) || fields->count < 6 + cgroups + 1)
        return false;
    struct order order = {
        .directory = items[2],
        .output = items[3],
        .path = items[4],
        .cgroups = items + 6,
        .cgroup_count = cgroups,
        .command = items + 6 + cgroups,
    };
    struct started started = start(&order);
    if (started.step != NULL) {
        const char *error = strerror(started.error);
        answer(connection, (const char *const[]){items[0], "failed", started.step, error, NULL});
        return true;
    }
    struct number pid = number_text((uint64_t)started.pid), ticks = number_text(started.start_ticks);
    answer(connection, (const char *const[]){items[0], "ok", pid.text, ticks.text, NULL});
    return true;
}

static bool serve_kill(int connection, const struct fields *fields)
{
    static const char *const WORDS[] = {
        [KILL_SENT] = "sent", [KILL_GONE] = "gone", [KILL_STRANGER] = "stranger", [KILL_REFUSED] = "failed"};
    char *const *items = fields->items;
    pid_t pid;
    uint64_t start_ticks;
    if (!read_process(items + 2, &pid, &start_ticks))
        return false;
    enum killed killed = processes_kill(pid, start_ticks, items[4], items[5]);
    const char *error = killed == KILL_REFUSED ? strerror(errno) : NULL;
    answer(connection, (const char *const[]){items[0], WORDS[killed], error, NULL});
    return true;
}

static bool serve_watch(int connection, const struct fields *fields)
{
    pid_t pid;
    uint64_t start_ticks;
    if (!read_process(fields->items + 2, &pid, &start_ticks))
        return false;
    processes_watch(pid, start_ticks, fields->items + 4, connection);
    return true;
}

static bool serve_quit(int connection, const struct fields *fields)
{
    (void)connection;
    (void)fields;
    step_down();
}

bool request_serve(int connection, const struct fields *fields)
{
    static const struct {
        const char *name;
        size_t least, most; /* fields, id and verb among them */
        bool (*serve)(int connection, const struct fields *fields);
    } VERBS[] = {
        {"hello", 2, 2, serve_hello},           {"start", 7, FIELD_LIMIT, serve_start},
        {"kill", 6, 6, serve_kill},             {"watch", 4, 8, serve_watch},
        {"quit", 2, 2, serve_quit},
    };
    for (size_t i = 0; fields->count >= 2 && i < sizeof VERBS / sizeof *VERBS; i++) {
        if (strcmp(fields->items[1], VERBS[i].name) == 0 && fields->count >= VERBS[i].least &&
            fields->count <= VERBS[i].most)
            return VERBS[i].serve(connection, fields);
    }
    return false;
}
