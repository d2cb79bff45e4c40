/*
 * What is said on the launcher's socket: frames of a length and text fields. Touches neither the socket nor anything else.
 *
 *     4 bytes   how many bytes follow, most significant first; 1 to FRAME_LIMIT_BYTES
 *     fields    each ended by a NUL, FIELD_LIMIT at most
 *
 * The first field of a request is a number of the client's choice that comes back with the answer, the second is a verb.
 */
#ifndef VMPLANE_LAUNCHER_FRAME_H
#define VMPLANE_LAUNCHER_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { FRAME_HEADER_BYTES = 4, FRAME_LIMIT_BYTES = 64 * 1024, FIELD_LIMIT = 512 };

/* The fields of a frame, in the bytes they came in. Behind the last one is a null pointer. */
struct fields {
    size_t count;
    char *items[FIELD_LIMIT + 1];
};

enum frame { FRAME_UNFINISHED, FRAME_WHOLE, FRAME_BROKEN };

/* Takes the frame that begins at `bytes`. A whole one has `length` bytes, its header included. */
enum frame frame_parse(char *bytes, size_t count, struct fields *fields, size_t *length);

/* A decimal number, without sign or anything around it. */
bool number_parse(const char *text, uint64_t limit, uint64_t *number);

struct number {
    char text[21];
};

struct number number_text(uint64_t number);

/* Frames on their way out. Grows as far as OUTBOX_LIMIT_BYTES. */
enum { OUTBOX_LIMIT_BYTES = 2 * 1024 * 1024 };

struct outbox {
    char *bytes;
    size_t count, capacity;
};

/* Adds a frame of `fields`, the last of which is a null pointer. False: there is no room, nothing was added. */
bool outbox_add(struct outbox *outbox, const char *const *fields);
void outbox_drop(struct outbox *outbox, size_t count);
void outbox_free(struct outbox *outbox);

#endif
