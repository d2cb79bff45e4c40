/* The frames of agent.h: how they are found in what comes, and how they are kept until they can go. */
#ifndef VMPLANE_GUEST_FRAME_H
#define VMPLANE_GUEST_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAME_HEADER_BYTES = 8,
    FRAME_PAYLOAD_LIMIT = 16384,
    GREETING_BYTES = 16,
    NONCE_BYTES = 16,
    VM_ID_LIMIT = 64,
    INBOX_BYTES = FRAME_HEADER_BYTES + FRAME_PAYLOAD_LIMIT,
    OUTBOX_BYTES = 256 * 1024,
    OUTBOX_CROWDED_BYTES = 64 * 1024, /* no output of programs is added; the rest of the room is for answers */
    OUTBOX_FULL_BYTES = 128 * 1024,   /* nothing is added that somebody asks for */
    STALL_LIMIT_MS = 500,
};

enum request_type {
    HELLO = 0x01,
    EXEC = 0x10,
    STDIN = 0x11,
    RESIZE = 0x12,
    CLOSE = 0x13,
    CREDIT = 0x14,
    HOOK = 0x20,
    ATTACH = 0x21,
    STOP = 0x22,
    CLOCK = 0x23,
    METRICS = 0x24,
};

enum answer_type {
    WELCOME = 0x81,
    STARTED = 0x90,
    STDOUT = 0x91,
    STDERR = 0x92,
    EXITED = 0x93,
    TAKEN = 0x94,
    FAILED = 0x9f,
    DONE = 0xa0,
    MEASURED = 0xa4,
};

extern const char GREETING[GREETING_BYTES + 1];

/* One that has come; the payload lies in the inbox, may be written to, and is there until more is read. */
struct frame {
    uint8_t type;
    uint16_t session;
    uint32_t length;
    unsigned char *payload;
};

struct inbox {
    bool lost; /* nothing makes sense until the next HELLO */
    size_t start, end;
    long began_ms, heard_ms; /* the first byte of what is in here, and the last */
    unsigned char bytes[INBOX_BYTES];
};

/* Forgets everything, and waits for a HELLO. */
void inbox_reset(struct inbox *inbox);
/* Where to read to; there is room unless a whole frame waits. */
unsigned char *inbox_room(struct inbox *inbox, size_t *count);
void inbox_add(struct inbox *inbox, size_t count, long now);
/* Whether there is a whole frame; what makes no sense before it is dropped. */
bool inbox_next(struct inbox *inbox, struct frame *frame);
void inbox_drop(struct inbox *inbox, const struct frame *frame);
/* How long until an unfinished frame counts as stalled; FOREVER_MS without one. */
int inbox_wait_ms(const struct inbox *inbox, long now);
/* Looks again for a HELLO when an unfinished frame has stalled, or takes long and has one in it: whoever says HELLO again and
 * again keeps it from stalling. */
void inbox_lose_patience(struct inbox *inbox, long now);

struct outbox {
    bool overrun; /* something had no room: what is in here is not what should be */
    size_t start, end;
    unsigned char bytes[OUTBOX_BYTES];
};

void outbox_reset(struct outbox *outbox);
void outbox_put(struct outbox *outbox, enum answer_type type, uint16_t session, const void *payload, size_t length);
void outbox_put_number(struct outbox *outbox, enum answer_type type, uint16_t session, uint32_t number);
void outbox_put_text(struct outbox *outbox, enum answer_type type, uint16_t session, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
size_t outbox_count(const struct outbox *outbox);

uint32_t number_at(const unsigned char *bytes, size_t width);

#endif
