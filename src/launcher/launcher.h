/*
 * The parts of the launcher: the process that starts hypervisors, so that the control plane, which has thousands of
 * descriptors to copy and comes and goes, need not. It watches them, its own and those it is told of, and tells who asked
 * how they ended. It outlives the control plane, and no hypervisor ends because the launcher does.
 *
 * One thread and one epoll; only a start waits for anything, and that not for long.
 */
#ifndef VMPLANE_LAUNCHER_H
#define VMPLANE_LAUNCHER_H

#include "frame.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* loop.c: what is waited for. */

/* First member of everything that has a descriptor to wait for. */
struct source {
    void (*ready)(struct source *source, uint32_t events);
};

void loop_open(void);
bool loop_add(int fd, uint32_t events, struct source *source);
void loop_change(int fd, uint32_t events, struct source *source);
/* Runs once for every batch of what was ready; never returns. */
_Noreturn void loop_run(void (*after)(void));

/* proc.c: looks into /proc. */

struct stat_line {
    uint64_t start_ticks; /* field 22 of /proc/<pid>/stat; with the pid it names a process once and for all */
    bool over;            /* only its entry is left, waiting for a parent to read it */
};

/* False: see errno; without such a process it is ENOENT or ESRCH. */
bool proc_stat(pid_t pid, struct stat_line *line);
/* Whether it is recognized as the VM's: its command line names something in `directory`, or its root is `jail`. */
bool proc_belongs(pid_t pid, const char *directory, const char *jail);

/* processes.c: everything that is watched. */

enum { CONNECTION_LIMIT = 16 };

struct process {
    struct source source;
    struct process *next;
    pid_t pid;
    int pidfd;
    uint64_t start_ticks;
    char **files;      /* what it prints to, or null: their size is bounded */
    uint16_t watchers; /* one bit for each connection that wants to know */
    bool own;          /* a child of this process, so its status can be read */
};

/* Takes a child of ours into the watch. NULL: the host refuses, see errno. */
struct process *processes_add_own(pid_t pid, uint64_t start_ticks);
/* Tells `connection` of its end, at once if that has been. Until then the size of `files` is bounded. */
void processes_watch(pid_t pid, uint64_t start_ticks, char *const *files, int connection);
/* Whoever gets this number next has asked for nothing. */
void processes_disconnect(int connection);
void processes_each(void (*look)(const struct process *process));

enum killed { KILL_SENT, KILL_GONE, KILL_STRANGER, KILL_REFUSED };

/* Signals that very process and no other; refused: see errno. */
enum killed processes_kill(pid_t pid, uint64_t start_ticks, const char *directory, const char *jail);

/* start.c */

struct order {
    const char *directory; /* where it runs */
    const char *output;    /* the file that what it prints is appended to */
    const char *path;      /* all of its environment */
    char *const *cgroups;  /* the files it writes itself into first */
    size_t cgroup_count;
    char *const *command;
};

struct started {
    pid_t pid;
    uint64_t start_ticks;
    const char *step; /* what failed, or NULL */
    int error;
};

struct started start(const struct order *order);

/* output.c: keeps what processes print from filling the disk. */

void output_bound(const struct process *process);

/* connections.c: who is talked with. */

void connections_open(int listener);
void connections_tell(int connection, const char *const *fields);
/* Closes those that broke the rules or went away, when nothing points to them any more. */
void connections_sweep(void);

/* requests.c: what each verb means. False: not understood, the connection is to end. */

bool request_serve(int connection, const struct fields *fields);

/* main.c */

extern const char *launcher_version;
/* Makes way for another launcher. Processes stay. */
_Noreturn void step_down(void);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
