/*
 * Who a program is to be, as the files of its own root say. They belong to the image, so they may be missing, damaged or no
 * files at all; the C library's own search would also ask for plug-ins that a static program does not have.
 */
#ifndef VMPLANE_GUEST_USER_H
#define VMPLANE_GUEST_USER_H

#include <stddef.h>
#include <sys/types.h>

enum { IDENTITY_GROUP_LIMIT = 256, IDENTITY_HOME_LIMIT = 1024 };

struct identity {
    uid_t uid;
    gid_t gid;
    gid_t groups[IDENTITY_GROUP_LIMIT]; /* those it is also in */
    size_t group_count;
    char home[IDENTITY_HOME_LIMIT];
};

/*
 * Finds USER, UID, USER:GROUP or UID:GID; NULL is root. A number needs no entry. Without a group it is the user's own, and the
 * user is in all groups that name it; with one it is in no other. `root` is put before the names of the files. Answers NULL,
 * or why there is no such identity.
 */
const char *identity_find(const char *user, const char *root, struct identity *identity);

#endif
