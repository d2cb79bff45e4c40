/* What the program is told of the job that its VM now works for: a file that only the program may read. */
#ifndef VMPLANE_GUEST_ATTACH_H
#define VMPLANE_GUEST_ATTACH_H

#include "words.h"

#include <stdio.h>
#include <sys/types.h>

struct attachment {
    const char *job_id, *tenant; /* NULL: none */
    struct words environment;    /* NAME=VALUE each */
};

/* As a JSON object. Bytes that are no UTF-8 are replaced; of variables of one name the last counts. */
void attachment_print(const struct attachment *attachment, FILE *to);

/* Writes `attach.json` in `directory`, which is made: whole or not at all. False: errno says why. */
bool attachment_write(const struct attachment *attachment, const char *directory, uid_t uid, gid_t gid);

#endif
