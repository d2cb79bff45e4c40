#define _GNU_SOURCE
#include "processes.h"
#include "words.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COUNT_LIMIT = 1 << 20 };

/* The pid of the next process, 0 after the last. */
static pid_t next_process(DIR *processes)
{
    unsigned pid;
    for (struct dirent *entry; (entry = readdir(processes)) != NULL;) {
        if (parse_number(entry->d_name, INT_MAX, &pid))
            return (pid_t)pid;
    }
    return 0;
}

/* The name, which may hold anything, is between the first parenthesis and the last. */
static pid_t session_of(pid_t pid)
{
    char path[32], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    text[count > 0 ? count : 0] = '\0';
    const char *name_end = strrchr(text, ')');
    int session = 0;
    return name_end != NULL && sscanf(name_end + 1, " %*c %*d %*d %d", &session) == 1 ? session : 0;
}

void kill_session(pid_t session)
{
    DIR *processes = opendir("/proc");
    kill(session, SIGKILL);
    for (pid_t pid; processes != NULL && (pid = next_process(processes)) != 0;) {
        if (session_of(pid) == session)
            kill(pid, SIGKILL);
    }
    if (processes != NULL)
        closedir(processes);
}

unsigned count_processes(void)
{
    unsigned count = 0;
    DIR *processes = opendir("/proc");
    while (processes != NULL && count < COUNT_LIMIT && next_process(processes) != 0)
        count++;
    if (processes != NULL)
        closedir(processes);
    return count;
}
