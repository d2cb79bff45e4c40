#define _GNU_SOURCE
#include "lines.h"
#include "clock.h"

#include <stdlib.h>
#include <string.h>

enum {
    LATE_MS = 100, /* what is printed dot by dot makes ten records a second, not one a dot */
    WARNING = 4,
    LEVEL_BITS = 3,
    LEVEL_MASK = (1 << LEVEL_BITS) - 1,
    ALLOWED_AT_ONCE = 60,
    ALLOWED_A_SECOND = 30,
};

char *lines_room(struct lines *lines, size_t *count)
{
    *count = sizeof lines->text - lines->count;
    return lines->text + lines->count;
}

static char unfinished(const struct lines *lines)
{
    return lines->kind == 'o' ? 'O' : 'E';
}

static void drop(struct lines *lines, size_t count)
{
    memmove(lines->text, lines->text + count, lines->count - count);
    lines->count -= count;
}

/* The end of the last whole character, so that a line that is cut can be read on both sides of the cut. */
static size_t whole_characters(const char *text, size_t count)
{
    size_t at = count;
    while (at > 0 && count - at < 3 && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
        at--;
    if (at == 0)
        return count;
    unsigned char first = (unsigned char)text[at - 1];
    size_t wanted = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    bool cut = wanted > count - at + 1;
    return cut && at > 1 ? at - 1 : count;
}

static void tell_part(struct lines *lines, record_taker *record)
{
    size_t count = whole_characters(lines->text, lines->count);
    record(unfinished(lines), lines->text, count);
    drop(lines, count);
    lines->open = true;
}

void lines_add(struct lines *lines, size_t added, long now, record_taker *record)
{
    const char *line = lines->text, *end;
    size_t left = lines->count + added;
    if (lines->count == 0)
        lines->since_ms = now;
    while ((end = memchr(line, '\n', left)) != NULL) {
        record(lines->kind, line, (size_t)(end - line));
        left -= (size_t)(end - line) + 1;
        line = end + 1;
        lines->open = false;
        lines->since_ms = now;
    }
    lines->count = (size_t)(line - lines->text) + left;
    drop(lines, (size_t)(line - lines->text));
    if (lines->count == sizeof lines->text)
        tell_part(lines, record);
}

int lines_wait_ms(const struct lines *lines, long now)
{
    return lines->count == 0 ? FOREVER_MS : ms_until(lines->since_ms + LATE_MS, now);
}

void lines_tell_late(struct lines *lines, long now, record_taker *record)
{
    if (lines_wait_ms(lines, now) == 0) {
        tell_part(lines, record);
        lines->since_ms = now;
    }
}

void lines_end(struct lines *lines, record_taker *record)
{
    if (lines->count > 0 || lines->open)
        record(lines->kind, lines->text, lines->count);
    lines->count = 0;
    lines->open = false;
}

/* `priority,sequence,microseconds,flags;message`, then lines of details that nobody asked for. The priority's upper bits
 * name who speaks; only the kernel can be 0, for what others write there is marked. */
char *kernel_message(char *record, size_t count)
{
    record[count] = '\0';
    char *text = strchr(record, ';');
    char *comma;
    unsigned long priority = strtoul(record, &comma, 10);
    if (text == NULL || comma == record || *comma != ',' || priority >> LEVEL_BITS != 0 || (priority & LEVEL_MASK) > WARNING)
        return NULL;
    text++;
    text[strcspn(text, "\n")] = '\0';
    return text;
}

bool allowance_take(struct allowance *allowance, long now)
{
    long earned = (now - allowance->since_ms) * ALLOWED_A_SECOND / 1000;
    if (earned > 0) {
        allowance->left = allowance->left + earned > ALLOWED_AT_ONCE ? ALLOWED_AT_ONCE : allowance->left + earned;
        allowance->since_ms = now;
    }
    if (allowance->left == 0) {
        allowance->refused++;
        return false;
    }
    allowance->left--;
    return true;
}
