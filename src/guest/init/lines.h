/*
 * What a program or the kernel prints, cut into the records of which the console's lines are made. It decides only; where
 * the records go is its caller's affair.
 */
#ifndef VMPLANE_GUEST_LINES_H
#define VMPLANE_GUEST_LINES_H

#include <stdbool.h>
#include <stddef.h>

enum { RECORD_TEXT_BYTES = 4096, KERNEL_RECORD_BYTES = 8192 };

/* Takes one record: 'o', 'e' or 'k', or 'O' or 'E' when its line goes on in the next one. No record holds a newline. */
typedef void record_taker(char kind, const char *text, size_t count);

/* One stream of a program: the line that has not ended yet. */
struct lines {
    char kind; /* 'o' or 'e' */
    bool open; /* records of this line have been told already */
    size_t count;
    long since_ms;
    char text[RECORD_TEXT_BYTES];
};

/* Where the next bytes are to be read to, and how many fit. There is always room. */
char *lines_room(struct lines *lines, size_t *count);
/* Tells the records in which `added` bytes more have resulted. */
void lines_add(struct lines *lines, size_t added, long now, record_taker *record);
/* When the line that has not ended is told nevertheless, for it may be a question; FOREVER_MS without one. */
int lines_wait_ms(const struct lines *lines, long now);
void lines_tell_late(struct lines *lines, long now, record_taker *record);
/* Nothing more will come. */
void lines_end(struct lines *lines, record_taker *record);

/* The message in a record of /dev/kmsg if it is the kernel's own and a warning or worse, or NULL. Ends it with NUL, for
 * which there must be room behind its last byte. */
char *kernel_message(char *record, size_t count);

/* How much the kernel may say: a handful at once, then some a second. */
struct allowance {
    long left, since_ms;
    long refused; /* since the last time somebody asked */
};
bool allowance_take(struct allowance *allowance, long now);

#endif
