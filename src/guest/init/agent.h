/*
 * The agent: a process beside the program through which the host runs other programs in the guest, calls the program's
 * hooks, and tells and asks what a guest cannot know or a host cannot see. The host connects to AF_VSOCK port 1024, or opens
 * the virtio-serial port `vmplane.agent`. Frames go both ways:
 *
 *     0  1  type
 *     1  1  0
 *     2  2  session, little endian as all numbers: chosen by the host, 1 to 65535; 0 for HELLO
 *     4  4  length of the payload, at most 16384
 *     8  n  payload; "entries" are NUL-terminated `key=value`, `*` marks those that may come more than once
 *
 * What the host says:
 *
 *     0x01 HELLO    "vmplane-agent/1\n", 16 bytes of its choice, the VM's id. Ends what a former connection had running
 *     0x10 EXEC     entries arg* env* user workdir tty=1 rows cols; no arg: the program of the VM. env is added to its own
 *     0x11 STDIN    bytes; none: the end of the input
 *     0x12 RESIZE   u16 rows, u16 columns
 *     0x13 CLOSE    hangs up: SIGHUP, and SIGKILL after 2 s
 *     0x14 CREDIT   u32, how many bytes of output more the host takes; none before the first
 *     0x20 HOOK     entries port path timeout_ms body
 *     0x21 ATTACH   entries job_id tenant env*, for /run/vmplane/attach.json
 *     0x22 STOP     end, as when the power button is pressed
 *     0x23 CLOCK    u64 nanoseconds since 1970, then bytes nobody can guess
 *     0x24 METRICS
 *
 * What the guest says:
 *
 *     0x81 HELLO    "vmplane-agent/1\n", the host's 16 bytes, entries uptime_ms pid (of the program; 0: there is none)
 *     0x90 STARTED  u32 pid
 *     0x91 STDOUT   bytes, 0x92 STDERR bytes: within the credit, both together
 *     0x93 EXITED   u8 0 for a status or 1 for a signal, u8 number; the last of its session
 *     0x94 TAKEN    u32, how many bytes of input have been consumed; 64 KiB may be on their way
 *     0x9f FAILED   "<code> <sentence>" to whatever cannot be done; the last of its session
 *     0xa0 DONE     entries, of a hook status; the last of its session
 *     0xa4 METRICS  entries mem_total_kb mem_available_kb load_1 load_5 load_15 disk_total_kb disk_free_kb processes
 *
 * FAILED of session 0 is for all: the agent has been started anew, or is another VM's.
 *
 * Codes: not_found, not_executable, bad_user, bad_directory, busy, bad_request, io, refused, not_me (the id is another VM's).
 *
 * A serial port keeps what was on its way when somebody let go of it. So whoever opens it says HELLO until the answer with
 * its own 16 bytes comes; and the guest, which may find the end of an old frame, or half of one, before the HELLO, looks for
 * the HELLO in whatever makes no sense.
 */
#ifndef VMPLANE_GUEST_AGENT_H
#define VMPLANE_GUEST_AGENT_H

#include "config.h"
#include "link.h"

#include <sys/types.h>

/* What the agent knows of the guest around it. */
struct guest {
    const struct config *config;
    pid_t program; /* 0: there is none */
    pid_t init;    /* who ends the guest when it gets SIGTERM */
    const char *run_directory;
};

/* Answers the host until the link is of no use any more, and then leaves nothing of its own running. */
void agent_serve(const struct guest *guest, struct link *link);

/* The agent as a process; negative: there is none. It ends with status 0 when nothing leads to the host, which will not change. */
pid_t agent_start(const struct config *config, pid_t program);

#endif
