/*
 * The watch. Every process has a descriptor of its own that becomes readable when it ends, whether it is our child or not.
 *
 * A child's end is read at once, so that nothing is left of it, and its status remembered: the control plane may be away
 * for hours. The oldest of ENDS_KEPT is dropped; what is not known of an end is then told as unknown.
 */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BUCKETS = 4096, ENDS_KEPT = 4096 };

/* Descriptors that are not for watching: without them nobody could be talked to any more, and nothing started. */
enum { RESERVED_DESCRIPTORS = 64 };

struct end {
    pid_t pid;
    uint64_t start_ticks;
    const char *kind; /* status, signal or unknown */
    int number;
};

static struct process *buckets[BUCKETS];
static struct end ends[ENDS_KEPT];
static size_t next_end;
static long watched;

/* The C library of some distributions knows these calls only by number. */
static int open_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

static bool kill_pidfd(int pidfd)
{
    return syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) == 0;
}

static struct process **place_of(pid_t pid, uint64_t start_ticks)
{
    struct process **place = &buckets[(unsigned)pid % BUCKETS];
    while (*place != NULL && ((*place)->pid != pid || (*place)->start_ticks != start_ticks))
        place = &(*place)->next;
    return place;
}

static const struct end *remembered(pid_t pid, uint64_t start_ticks)
{
    for (size_t i = 0; i < ENDS_KEPT; i++) {
        if (ends[i].pid == pid && ends[i].start_ticks == start_ticks)
            return &ends[i];
    }
    return NULL;
}

static void tell(int connection, const struct end *end)
{
    struct number pid = number_text((uint64_t)end->pid), ticks = number_text(end->start_ticks);
    struct number number = number_text((uint64_t)end->number);
    const char *const fields[] = {"0", "ended", pid.text, ticks.text, end->kind, number.text, NULL};
    connections_tell(connection, fields);
}

/* Reads how a child ended, after which nothing is left of it. */
static void reap(struct end *end)
{
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)end->pid, &info, WEXITED | WNOHANG) == 0 && info.si_pid == end->pid) {
        end->kind = info.si_code == CLD_EXITED ? "status" : "signal";
        end->number = info.si_status;
    }
    ends[next_end] = *end;
    next_end = (next_end + 1) % ENDS_KEPT;
}

static void ended(struct source *source, uint32_t events)
{
    (void)events;
    struct process *process = (struct process *)source;
    struct end end = {process->pid, process->start_ticks, "unknown", 0};
    if (process->own)
        reap(&end);
    *place_of(process->pid, process->start_ticks) = process->next;
    for (int i = 0; i < CONNECTION_LIMIT; i++) {
        if (process->watchers & 1u << i)
            tell(i, &end);
    }
    watched--;
    close(process->pidfd);
    free(process->files);
    free(process);
}

static struct process *add(pid_t pid, uint64_t start_ticks, int pidfd, bool own)
{
    struct process *process = watched < sysconf(_SC_OPEN_MAX) - RESERVED_DESCRIPTORS ? malloc(sizeof *process) : NULL;
    if (process == NULL) {
        errno = EMFILE;
        return NULL;
    }
    *process = (struct process){
        .source.ready = ended, .pid = pid, .pidfd = pidfd, .start_ticks = start_ticks, .own = own};
    if (!loop_add(pidfd, EPOLLIN, &process->source)) {
        free(process);
        return NULL;
    }
    watched++;
    struct process **bucket = &buckets[(unsigned)pid % BUCKETS];
    process->next = *bucket;
    *bucket = process;
    return process;
}

struct process *processes_add_own(pid_t pid, uint64_t start_ticks)
{
    int pidfd = open_pidfd(pid);
    if (pidfd < 0)
        return NULL;
    struct process *process = add(pid, start_ticks, pidfd, true);
    if (process == NULL)
        close(pidfd);
    return process;
}

/* The descriptor holds on to what has the pid now; only then is it asked who that is. -1: see errno, and gone(). */
static int open_the_very(pid_t pid, uint64_t start_ticks)
{
    struct stat_line line;
    int pidfd = open_pidfd(pid);
    if (pidfd < 0)
        return -1;
    bool read = proc_stat(pid, &line);
    if (read && line.start_ticks == start_ticks && !line.over)
        return pidfd;
    int error = read ? ESRCH : errno;
    close(pidfd);
    errno = error;
    return -1;
}

/* Whether a failure means that there is no such process; every other one means nothing of the kind. */
static bool gone(void)
{
    return errno == ESRCH || errno == ENOENT || errno == EINVAL;
}

static struct process *adopt(pid_t pid, uint64_t start_ticks)
{
    int pidfd = open_the_very(pid, start_ticks);
    if (pidfd < 0)
        return NULL;
    struct process *process = add(pid, start_ticks, pidfd, false);
    if (process == NULL) {
        close(pidfd);
        errno = EMFILE;
    }
    return process;
}

/* One block: the pointers, a null pointer, the texts. */
static char **copy(char *const *files)
{
    size_t count = 0, bytes = 0;
    for (; files[count] != NULL; count++)
        bytes += strlen(files[count]) + 1;
    char **copied = malloc((count + 1) * sizeof *copied + bytes);
    if (copied == NULL)
        return NULL;
    char *text = (char *)(copied + count + 1);
    for (size_t i = 0; i < count; i++) {
        copied[i] = text;
        text = stpcpy(text, files[i]) + 1;
    }
    copied[count] = NULL;
    return copied;
}

/* Alive as far as anybody knows, but no word of its end would come: the client must not believe that it is watched. */
static void refuse(pid_t pid, uint64_t start_ticks, int connection)
{
    say("process %d cannot be watched: %s", (int)pid, strerror(errno));
    struct number number = number_text((uint64_t)pid), ticks = number_text(start_ticks);
    const char *const fields[] = {"0", "unwatched", number.text, ticks.text, NULL};
    connections_tell(connection, fields);
}

void processes_watch(pid_t pid, uint64_t start_ticks, char *const *files, int connection)
{
    struct process *process = *place_of(pid, start_ticks);
    const struct end *end = process == NULL ? remembered(pid, start_ticks) : NULL;
    if (process == NULL && end == NULL)
        process = adopt(pid, start_ticks);
    if (process != NULL) {
        process->watchers |= (uint16_t)(1u << connection);
        free(process->files);
        process->files = copy(files);
    } else if (end != NULL) {
        tell(connection, end);
    } else if (gone()) {
        tell(connection, &(struct end){pid, start_ticks, "unknown", 0});
    } else {
        refuse(pid, start_ticks, connection);
    }
}

void processes_disconnect(int connection)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct process *process = buckets[i]; process != NULL; process = process->next)
            process->watchers &= (uint16_t)~(1u << connection);
    }
}

void processes_each(void (*look)(const struct process *process))
{
    for (size_t i = 0; i < BUCKETS; i++) {
        for (const struct process *process = buckets[i]; process != NULL; process = process->next)
            look(process);
    }
}

enum killed processes_kill(pid_t pid, uint64_t start_ticks, const char *directory, const char *jail)
{
    int pidfd = open_the_very(pid, start_ticks);
    if (pidfd < 0)
        return gone() ? KILL_GONE : KILL_REFUSED;
    enum killed killed = KILL_STRANGER;
    if (proc_belongs(pid, directory, jail))
        killed = kill_pidfd(pidfd) ? KILL_SENT : errno == ESRCH ? KILL_GONE : KILL_REFUSED;
    int error = errno;
    close(pidfd);
    errno = error;
    return killed;
}
