#define _GNU_SOURCE
#include "pages.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static const char PLAIN[] = "text/plain; charset=utf-8";
static const char JSON[] = "application/json";

void text_add(struct text *text, const char *bytes, size_t count)
{
    if (text->count + count > text->room) {
        text->room = (text->count + count) * 2;
        text->bytes = realloc(text->bytes, text->room);
        if (text->bytes == NULL) {
            fputs("server cannot answer: out of memory\n", stderr);
            exit(1);
        }
    }
    memcpy(text->bytes + text->count, bytes, count);
    text->count += count;
}

static void add(struct text *text, const char *literal)
{
    text_add(text, literal, strlen(literal));
}

/* The length of the well-formed UTF-8 sequence at `s`, or 0: no overlong forms, no surrogates, nothing past U+10FFFF. */
static size_t utf8_length(const unsigned char *s)
{
    size_t length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool surrogate = s[0] == 0xed && s[1] > 0x9f;
    bool too_large = s[0] == 0xf4 && s[1] > 0x8f;
    return overlong || surrogate || too_large ? 0 : length;
}

/* An environment may hold any byte but NUL, JSON only Unicode: a stray byte becomes U+FFFD. */
static void add_json_string(struct text *text, const char *string, size_t count)
{
    add(text, "\"");
    for (const char *s = string; s < string + count;) {
        size_t length = utf8_length((const unsigned char *)s);
        if (length == 0) {
            add(text, "\\ufffd");
            s++;
            continue;
        }
        if (*s == '"' || *s == '\\') {
            add(text, "\\");
            text_add(text, s, 1);
        } else if ((unsigned char)*s < ' ') {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)*s);
            add(text, escape);
        } else {
            text_add(text, s, length);
        }
        s += length;
    }
    add(text, "\"");
}

struct page text_page(int status, const char *format, ...)
{
    char line[256];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    struct page page = {.status = status, .type = PLAIN, .exit_status = NO_EXIT};
    add(&page.body, line);
    return page;
}

static struct page greeting(void)
{
    char hostname[65] = "";
    struct timespec since_boot;
    gethostname(hostname, sizeof hostname - 1);
    clock_gettime(CLOCK_BOOTTIME, &since_boot);
    return text_page(200, "Hello from microVM %s, up for %ld.%03ld s.\n", hostname, (long)since_boot.tv_sec,
                     since_boot.tv_nsec / 1000000);
}

static struct page environment(void)
{
    struct page page = {.status = 200, .type = JSON, .exit_status = NO_EXIT};
    add(&page.body, "{");
    for (char **variable = environ; *variable != NULL; variable++) {
        const char *equals = strchr(*variable, '=');
        if (equals == NULL)
            continue;
        if (page.body.count > 1)
            add(&page.body, ",");
        add_json_string(&page.body, *variable, (size_t)(equals - *variable));
        add(&page.body, ":");
        add_json_string(&page.body, equals + 1, strlen(equals + 1));
    }
    add(&page.body, "}\n");
    return page;
}

static struct page farewell(const char *status)
{
    char *end;
    unsigned long number = strtoul(status, &end, 10);
    if (*status < '0' || *status > '9' || *end != '\0' || number > 255)
        return text_page(404, "An exit status is a number from 0 to 255.\n");
    struct page page = text_page(200, "Ending with status %lu.\n", number);
    page.exit_status = (int)number;
    return page;
}

struct page page_at(const char *path)
{
    static const char exit_path[] = "/exit/";
    if (strcmp(path, "/") == 0)
        return greeting();
    if (strcmp(path, "/health") == 0)
        return text_page(200, "ok");
    if (strcmp(path, "/env") == 0)
        return environment();
    if (strncmp(path, exit_path, sizeof exit_path - 1) == 0)
        return farewell(path + sizeof exit_path - 1);
    return text_page(404, "There is nothing here.\n");
}
