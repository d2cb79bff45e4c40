/*
 * Lists of strings, and the form in which the host hands strings over: a sequence of NUL-terminated `key=value`, on the
 * configuration disk as in what is asked of the agent.
 */
#ifndef VMPLANE_GUEST_WORDS_H
#define VMPLANE_GUEST_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* A NULL-terminated list, ready to be an argv. */
struct words {
    char **items;
    size_t count;
};

/* False: there is no memory for it. */
bool words_add(struct words *words, char *word);
void words_free(struct words *words);

/* Takes the next entry from the bytes between `*from` and `end`, the last of which is NUL. False: there is none left. An entry
 * without an equals sign has a NULL value. */
bool entry_next(char **from, char *end, char **key, char **value);

/* A decimal number and nothing else. */
bool parse_number(const char *text, unsigned limit, unsigned *number);

/* The number of a signal called SIGTERM, TERM, RTMIN+3 or 15; 0: there is none of that name. */
int parse_signal(const char *text);

#endif
