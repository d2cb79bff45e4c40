#define _GNU_SOURCE
#include "words.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Grows by doubling, so that a payload full of tiny entries costs linear time. */
bool words_add(struct words *words, char *word)
{
    bool full = (words->count & (words->count + 1)) == 0;
    if (full) {
        char **larger = realloc(words->items, (words->count + 1) * 2 * sizeof *larger);
        if (larger == NULL)
            return false;
        words->items = larger;
    }
    words->items[words->count++] = word;
    words->items[words->count] = NULL;
    return true;
}

void words_free(struct words *words)
{
    free(words->items);
    *words = (struct words){0};
}

bool entry_next(char **from, char *end, char **key, char **value)
{
    if (*from >= end)
        return false;
    *key = *from;
    *from += strlen(*from) + 1;
    *value = strchr(*key, '=');
    if (*value != NULL)
        *(*value)++ = '\0';
    return true;
}

bool parse_number(const char *text, unsigned limit, unsigned *number)
{
    unsigned value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        unsigned digit = (unsigned)(*text - '0');
        if (digit > limit || value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

/* RTMIN, RTMIN+3, RTMAX-1: how images name the signals that have no names. */
static int real_time_signal(const char *name)
{
    int first = SIGRTMIN, last = SIGRTMAX;
    bool from_last = strncmp(name, "RTMAX", 5) == 0;
    if (!from_last && strncmp(name, "RTMIN", 5) != 0)
        return 0;
    const char *rest = name + 5;
    unsigned distance = 0;
    if (*rest != '\0' &&
        (*rest != (from_last ? '-' : '+') || !parse_number(rest + 1, (unsigned)(last - first), &distance)))
        return 0;
    return from_last ? last - (int)distance : first + (int)distance;
}

int parse_signal(const char *text)
{
    unsigned number;
    if (parse_number(text, (unsigned)SIGRTMAX, &number))
        return (int)number;
    const char *name = strncmp(text, "SIG", 3) == 0 ? text + 3 : text;
    for (int signal = 1; signal < SIGRTMIN; signal++) {
        const char *known = sigabbrev_np(signal);
        if (known != NULL && strcmp(name, known) == 0)
            return signal;
    }
    return real_time_signal(name);
}
