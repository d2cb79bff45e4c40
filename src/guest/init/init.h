/*
 * The parts of the guest's first process, in the order they are used. init.c strings them together.
 *
 * None of them returns a failure that nobody could mend here: it calls give_up, which says why on the console and ends the VM.
 */
#ifndef VMPLANE_GUEST_INIT_H
#define VMPLANE_GUEST_INIT_H

#include "config.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* console.c: the one place that writes to the console, in whole lines. */

void console_open(void);
int console_fd(void);
/* Whether everything has been handed to the kernel. Only then may more be added, with console_record. */
bool console_idle(void);
/* A line that begins with the time and its kind, see lines.h. */
void console_record(char kind, const char *text, size_t count);
/* Writes as much as the console takes now. */
void console_move(void);
/* Waits until the console is idle, or has taken nothing for a while. */
void console_flush(void);
/* A line of the guest's own. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Returns when everything has left the UART, or after a short limit. */
void console_drain(void);

/* kernel_log.c: what the kernel says. */

enum kernel_voice { EMERGENCIES_ONLY, SILENT };

/* What the kernel may write to the console itself. */
void kernel_console(enum kernel_voice voice);
void kernel_log_open(void);
/* Readable when there is something to pass on; -1: there is no log. */
int kernel_log_fd(void);
void kernel_log_pass(void);

/* mounts.c: the kernel's file systems, and the root the program sees. */

void mount_kernel_filesystems(void);
void wait_for_device(const char *path);
/* Makes the root: `device` under what the disk `changes` takes, or memory when that is NULL. */
void enter_root(const char *device, const char *changes);
void mount_volumes(const struct words *volumes);
void unmount_all(void);

/* modules.c */

void load_modules(const char *directory);

/* network.c: addresses, and the files that name them. */

void network_up(const struct config *config);

/* program.c: the one program this VM exists for. */

struct program {
    pid_t pid; /* 0: there is none, because the agent is to start it */
    int outputs[2]; /* read ends of its stdout and stderr, or -1 */
};

/* How a program ended, as waitpid tells it; a program that never ran ends as a shell would report it (126 or 127). */
struct outcome {
    bool signalled;
    int number;
};

/* True once the program runs. False: it could not be executed, and `outcome` holds the status to report. */
bool program_start(const struct config *config, struct program *program, struct outcome *outcome);

/* stop.c: the ways a host asks a guest to stop. */

enum { POWER_KEY_LIMIT = 4 };

struct stop_sources {
    int signals; /* SIGINT (Ctrl-Alt-Del), SIGTERM, and SIGCHLD for the supervisor */
    int keys[POWER_KEY_LIMIT];
    size_t key_count;
};

/* Blocks the signals this process waits for, so that a request made during boot is kept until somebody listens. */
void stop_requests_hold(sigset_t *held);
void stop_requests_open(const sigset_t *held, struct stop_sources *sources);
bool power_key_pressed(int key);

/* agent.h has what runs beside the program. */

/* supervise.c: from the first line of output to the last process of the guest. */

struct outcome supervise(const struct config *config, const struct program *program, const struct stop_sources *sources);

/* end.c */

/* How the VM is to be ended from here on; power-off until somebody says otherwise. */
void end_with(enum ending ending);
_Noreturn void end_vm(void);
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
