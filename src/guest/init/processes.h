/* All processes of the guest, as /proc lists them. */
#ifndef VMPLANE_GUEST_PROCESSES_H
#define VMPLANE_GUEST_PROCESSES_H

#include <sys/types.h>

/* Kills whoever is in the session, wherever in it. */
void kill_session(pid_t session);
unsigned count_processes(void);

#endif
