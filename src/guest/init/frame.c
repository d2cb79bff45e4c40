#define _GNU_SOURCE
#include "frame.h"
#include "clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_LIMIT_BYTES = 512 };

const char GREETING[GREETING_BYTES + 1] = "vmplane-agent/1\n";

uint32_t number_at(const unsigned char *bytes, size_t width)
{
    uint32_t number = 0;
    for (size_t i = width; i > 0; i--)
        number = number << 8 | bytes[i - 1];
    return number;
}

void inbox_reset(struct inbox *inbox)
{
    inbox->lost = true;
    inbox->start = inbox->end = 0;
}

unsigned char *inbox_room(struct inbox *inbox, size_t *count)
{
    memmove(inbox->bytes, inbox->bytes + inbox->start, inbox->end - inbox->start);
    inbox->end -= inbox->start;
    inbox->start = 0;
    *count = sizeof inbox->bytes - inbox->end;
    return inbox->bytes + inbox->end;
}

void inbox_add(struct inbox *inbox, size_t count, long now)
{
    if (inbox->start == inbox->end)
        inbox->began_ms = now;
    inbox->end += count;
    inbox->heard_ms = now;
}

static bool is_request(uint8_t type)
{
    switch ((enum request_type)type) {
    case HELLO:
    case EXEC:
    case STDIN:
    case RESIZE:
    case CLOSE:
    case CREDIT:
    case HOOK:
    case ATTACH:
    case STOP:
    case CLOCK:
    case METRICS:
        return true;
    }
    return false;
}

static struct frame frame_at(unsigned char *header)
{
    return (struct frame){
        .type = header[0],
        .session = (uint16_t)number_at(header + 2, 2),
        .length = number_at(header + 4, 4),
        .payload = header + FRAME_HEADER_BYTES,
    };
}

static bool makes_sense(const unsigned char *header, const struct frame *frame)
{
    return is_request(frame->type) && header[1] == 0 && frame->length <= FRAME_PAYLOAD_LIMIT &&
           (frame->session == 0) == (frame->type == HELLO);
}

/* Whether these bytes are the beginning of a HELLO, as far as they go. */
static bool may_be_hello(unsigned char *bytes, size_t count)
{
    static const unsigned char start[4] = {HELLO, 0, 0, 0};
    if (memcmp(bytes, start, count < sizeof start ? count : sizeof start) != 0)
        return false;
    if (count < FRAME_HEADER_BYTES)
        return true;
    uint32_t length = frame_at(bytes).length;
    size_t there = count - FRAME_HEADER_BYTES;
    return length >= GREETING_BYTES + NONCE_BYTES && length <= GREETING_BYTES + NONCE_BYTES + VM_ID_LIMIT &&
           memcmp(bytes + FRAME_HEADER_BYTES, GREETING, there < GREETING_BYTES ? there : GREETING_BYTES) == 0;
}

static void look_for_hello(struct inbox *inbox)
{
    while (inbox->start < inbox->end && !may_be_hello(inbox->bytes + inbox->start, inbox->end - inbox->start))
        inbox->start++;
}

bool inbox_next(struct inbox *inbox, struct frame *frame)
{
    for (;;) {
        if (inbox->lost)
            look_for_hello(inbox);
        size_t there = inbox->end - inbox->start;
        if (there < FRAME_HEADER_BYTES)
            return false;
        unsigned char *header = inbox->bytes + inbox->start;
        *frame = frame_at(header);
        if (makes_sense(header, frame)) {
            bool whole = there - FRAME_HEADER_BYTES >= frame->length;
            inbox->lost = inbox->lost && !whole;
            return whole;
        }
        inbox->lost = true;
    }
}

void inbox_drop(struct inbox *inbox, const struct frame *frame)
{
    inbox->start += FRAME_HEADER_BYTES + frame->length;
    inbox->began_ms = inbox->heard_ms;
}

int inbox_wait_ms(const struct inbox *inbox, long now)
{
    return inbox->start == inbox->end ? FOREVER_MS : ms_until(inbox->heard_ms + STALL_LIMIT_MS, now);
}

static bool holds_hello(struct inbox *inbox)
{
    enum { ENOUGH_BYTES = FRAME_HEADER_BYTES + GREETING_BYTES };
    for (size_t at = inbox->start; at + ENOUGH_BYTES <= inbox->end; at++) {
        if (may_be_hello(inbox->bytes + at, ENOUGH_BYTES))
            return true;
    }
    return false;
}

/* Of a frame that was cut off, only the first byte is surely no part of the HELLO that may have come behind it. */
void inbox_lose_patience(struct inbox *inbox, long now)
{
    bool takes_long = !inbox->lost && now - inbox->began_ms >= STALL_LIMIT_MS;
    if (inbox_wait_ms(inbox, now) != 0 && !(takes_long && holds_hello(inbox)))
        return;
    inbox->lost = true;
    inbox->start++;
    look_for_hello(inbox);
    inbox->heard_ms = now;
}

void outbox_reset(struct outbox *outbox)
{
    outbox->overrun = false;
    outbox->start = outbox->end = 0;
}

size_t outbox_count(const struct outbox *outbox)
{
    return outbox->end - outbox->start;
}

void outbox_put(struct outbox *outbox, enum answer_type type, uint16_t session, const void *payload, size_t length)
{
    if (FRAME_HEADER_BYTES + length > sizeof outbox->bytes - outbox->end) {
        memmove(outbox->bytes, outbox->bytes + outbox->start, outbox_count(outbox));
        outbox->end -= outbox->start;
        outbox->start = 0;
    }
    if (length > FRAME_PAYLOAD_LIMIT || FRAME_HEADER_BYTES + length > sizeof outbox->bytes - outbox->end) {
        outbox->overrun = true;
        return;
    }
    unsigned char *header = outbox->bytes + outbox->end;
    memcpy(header,
           (const unsigned char[]){(unsigned char)type, 0, session & 0xff, session >> 8, length & 0xff,
                                   (unsigned char)(length >> 8), 0, 0},
           FRAME_HEADER_BYTES);
    if (length > 0)
        memcpy(header + FRAME_HEADER_BYTES, payload, length);
    outbox->end += FRAME_HEADER_BYTES + length;
}

void outbox_put_number(struct outbox *outbox, enum answer_type type, uint16_t session, uint32_t number)
{
    unsigned char bytes[4] = {number & 0xff, number >> 8 & 0xff, number >> 16 & 0xff, number >> 24};
    outbox_put(outbox, type, session, bytes, sizeof bytes);
}

void outbox_put_text(struct outbox *outbox, enum answer_type type, uint16_t session, const char *format, ...)
{
    char text[TEXT_LIMIT_BYTES];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(text, sizeof text, format, values);
    va_end(values);
    outbox_put(outbox, type, session, text, length < (int)sizeof text ? (size_t)length : sizeof text - 1);
}
