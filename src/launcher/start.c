/*
 * Starts one process: its own session, nothing open but its output, nothing of our environment, in its cgroups before its
 * first instruction. What the child cannot do it says through a pipe that the exec itself closes.
 */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXEC_LIMIT_MS = 5000, VERDICT = 3, PATH_BYTES = 4096 };

/* A hypervisor opens some dozens. */
static const struct rlimit OPEN_FILES = {.rlim_cur = 4096, .rlim_max = 4096};
/* A core file would hold a tenant's memory. */
static const struct rlimit NO_CORE = {0, 0};

struct failure {
    const char *step; /* a literal, at the same address in parent and child */
    int error;
};

static bool failed(struct failure *failure, const char *step)
{
    *failure = (struct failure){step, errno};
    return false;
}

static void reset_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool connect_streams(const struct order *order, struct failure *failure)
{
    struct stat output;
    int nothing = open("/dev/null", O_RDONLY);
    int file = open(order->output, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (nothing < 0 || file < 0 || fstat(file, &output) != 0)
        return failed(failure, "output");
    if (!S_ISREG(output.st_mode)) {
        errno = EINVAL;
        return failed(failure, "output");
    }
    if (fcntl(file, F_SETFL, O_APPEND) < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(file, STDOUT_FILENO) < 0 ||
        dup2(file, STDERR_FILENO) < 0)
        return failed(failure, "output");
    return true;
}

static bool join(const char *cgroup)
{
    struct number pid = number_text((uint64_t)getpid());
    int file = open(cgroup, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    return file >= 0 && write(file, pid.text, strlen(pid.text)) > 0 && close(file) == 0;
}

static bool limit(void)
{
    struct rlimit files = OPEN_FILES, ours;
    if (getrlimit(RLIMIT_NOFILE, &ours) == 0 && ours.rlim_max < files.rlim_max)
        files.rlim_cur = files.rlim_max = ours.rlim_max;
    return setrlimit(RLIMIT_CORE, &NO_CORE) == 0 && setrlimit(RLIMIT_NOFILE, &files) == 0;
}

/* Returns only if the program could not be executed. Until that last moment the child dies if the launcher does: a client
 * that got no answer looks for the process, and must not find it come to life later. */
static struct failure become(const struct order *order, pid_t parent)
{
    struct failure failure;
    char path[PATH_BYTES + sizeof "PATH="];
    char *environment[] = {path, NULL};
    errno = 0;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || setsid() < 0)
        failed(&failure, "session");
    else if (chdir(order->directory) != 0)
        failed(&failure, "directory");
    else if (!limit())
        failed(&failure, "limits");
    else if (connect_streams(order, &failure)) {
        for (size_t i = 0; i < order->cgroup_count; i++) {
            if (!join(order->cgroups[i])) {
                failed(&failure, "cgroup");
                return failure;
            }
        }
        syscall(SYS_close_range, VERDICT + 1, ~0U, 0);
        snprintf(path, sizeof path, "PATH=%s", order->path);
        prctl(PR_SET_PDEATHSIG, 0);
        environ = environment;
        execvp(order->command[0], order->command);
        failed(&failure, "program");
    }
    return failure;
}

static _Noreturn void child(const struct order *order, pid_t parent, int verdict)
{
    reset_signals();
    umask(077);
    /* The lowest number behind the three streams, so that all others can be closed at once. */
    if (verdict != VERDICT)
        dup3(verdict, VERDICT, O_CLOEXEC);
    struct failure failure = become(order, parent);
    _exit(write(VERDICT, &failure, sizeof failure) < 0);
}

/* What the child said; nothing when it is the program now. */
static struct failure hear(int verdict)
{
    struct failure failure = {0};
    struct pollfd ready = {.fd = verdict, .events = POLLIN};
    if (poll(&ready, 1, EXEC_LIMIT_MS) == 0)
        return (struct failure){"program", ETIMEDOUT};
    if (read(verdict, &failure, sizeof failure) < 0)
        return (struct failure){"program", errno};
    return failure;
}

/* The child is not reaped before this returns, so its pid stands for nobody else. */
static struct started settle(pid_t pid, struct failure failure)
{
    struct stat_line line = {0};
    struct process *process = NULL;
    if (!proc_stat(pid, &line) || (process = processes_add_own(pid, line.start_ticks)) == NULL)
        failure = failure.step != NULL ? failure : (struct failure){"watch", errno};
    if (failure.step != NULL) {
        kill(pid, SIGKILL);
        if (process == NULL)
            waitpid(pid, NULL, 0);
    }
    return (struct started){pid, line.start_ticks, failure.step, failure.error};
}

struct started start(const struct order *order)
{
    int verdict[2];
    if (pipe2(verdict, O_CLOEXEC) != 0)
        return (struct started){.step = "fork", .error = errno};
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        child(order, parent, verdict[1]);
    struct started started = {.step = "fork", .error = errno};
    close(verdict[1]);
    if (pid > 0)
        started = settle(pid, hear(verdict[0]));
    close(verdict[0]);
    return started;
}
