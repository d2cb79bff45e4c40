/*
 * The way to the host. Whichever there is: a virtio-serial port, which has one end that is always open here and at which
 * somebody is or is not; or connections over vsock, of which the newest counts.
 */
#ifndef VMPLANE_GUEST_LINK_H
#define VMPLANE_GUEST_LINK_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct link {
    int fd;       /* what is read and written; -1 while there is no connection */
    int listener; /* where connections come from, or -1 */
    int turns;    /* of a port: readable when somebody comes to its other end or leaves, or -1 */
    bool attended; /* of a port: somebody was there when last seen */
};

enum { LINK_INTERESTS = 2 };

/* Looks for the way for some seconds. False: there is none. */
bool link_open(struct link *link);

/* A connection that somebody else has made, and after which there is no other. */
struct link link_over(int fd);

/* Whether the other end of a former agent may still be held, by one who has not noticed. */
bool link_outlives_agent(const struct link *link);

/* Whether nobody will ever be there again. */
bool link_is_dead(const struct link *link);

void link_interests(const struct link *link, bool read, bool write, struct pollfd ready[LINK_INTERESTS]);

/* Takes in who has come. True: whatever was under way with the one before is over. */
bool link_turned(struct link *link, const struct pollfd ready[LINK_INTERESTS]);

/* Answers the number of bytes, 0 if there are none now, negative when whoever was there has left. */
ssize_t link_read(struct link *link, void *bytes, size_t count);
ssize_t link_write(struct link *link, const void *bytes, size_t count);

/* Lets go of whoever is there. */
void link_hang_up(struct link *link);

#endif
