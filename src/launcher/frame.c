#define _GNU_SOURCE
#include "frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTBOX_FIRST_BYTES = 4096 };

static size_t length_of(const char *header)
{
    size_t length = 0;
    for (int i = 0; i < FRAME_HEADER_BYTES; i++)
        length = length << 8 | (unsigned char)header[i];
    return length;
}

enum frame frame_parse(char *bytes, size_t count, struct fields *fields, size_t *length)
{
    if (count < FRAME_HEADER_BYTES)
        return FRAME_UNFINISHED;
    size_t body = length_of(bytes);
    if (body == 0 || body > FRAME_LIMIT_BYTES)
        return FRAME_BROKEN;
    if (count - FRAME_HEADER_BYTES < body)
        return FRAME_UNFINISHED;
    char *field = bytes + FRAME_HEADER_BYTES, *end = field + body;
    if (end[-1] != '\0')
        return FRAME_BROKEN;
    for (fields->count = 0; field < end; field += strlen(field) + 1) {
        if (fields->count == FIELD_LIMIT)
            return FRAME_BROKEN;
        fields->items[fields->count++] = field;
    }
    fields->items[fields->count] = NULL;
    *length = FRAME_HEADER_BYTES + body;
    return FRAME_WHOLE;
}

bool number_parse(const char *text, uint64_t limit, uint64_t *number)
{
    uint64_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        unsigned digit = (unsigned)(*text - '0');
        if (digit > 9 || digit > limit || value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

struct number number_text(uint64_t number)
{
    struct number decimal;
    snprintf(decimal.text, sizeof decimal.text, "%llu", (unsigned long long)number);
    return decimal;
}

static bool reserve(struct outbox *outbox, size_t more)
{
    size_t wanted = outbox->count + more, capacity = outbox->capacity;
    if (wanted > OUTBOX_LIMIT_BYTES)
        return false;
    if (wanted <= capacity)
        return true;
    if (capacity == 0)
        capacity = OUTBOX_FIRST_BYTES;
    while (capacity < wanted)
        capacity *= 2;
    char *bytes = realloc(outbox->bytes, capacity);
    if (bytes == NULL)
        return false;
    outbox->bytes = bytes;
    outbox->capacity = capacity;
    return true;
}

bool outbox_add(struct outbox *outbox, const char *const *fields)
{
    size_t body = 0;
    for (size_t i = 0; fields[i] != NULL; i++)
        body += strlen(fields[i]) + 1;
    if (body == 0 || body > FRAME_LIMIT_BYTES || !reserve(outbox, FRAME_HEADER_BYTES + body))
        return false;
    char *end = outbox->bytes + outbox->count;
    for (int i = 0; i < FRAME_HEADER_BYTES; i++)
        *end++ = (char)(body >> (8 * (FRAME_HEADER_BYTES - 1 - i)));
    for (size_t i = 0; fields[i] != NULL; i++)
        end = stpcpy(end, fields[i]) + 1;
    outbox->count += FRAME_HEADER_BYTES + body;
    return true;
}

void outbox_drop(struct outbox *outbox, size_t count)
{
    outbox->count -= count;
    if (outbox->count == 0) {
        outbox_free(outbox);
        return;
    }
    memmove(outbox->bytes, outbox->bytes + count, outbox->count);
}

void outbox_free(struct outbox *outbox)
{
    free(outbox->bytes);
    *outbox = (struct outbox){0};
}
