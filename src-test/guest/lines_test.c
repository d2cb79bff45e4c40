/* Facts about how output becomes the records of the console. */
#define _GNU_SOURCE
#include "../facts.h"
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What was told since the last look, each record as KIND|TEXT; a newline. */
static char told_text[400000];
static size_t told_count;
static bool sound; /* no record was too long or held a newline */

static void tell(char kind, const char *text, size_t count)
{
    sound &= count <= RECORD_TEXT_BYTES && memchr(text, '\n', count) == NULL;
    told_text[told_count++] = kind;
    told_text[told_count++] = '|';
    memcpy(told_text + told_count, text, count);
    told_count += count;
    told_text[told_count++] = '\n';
}

static bool have_told(const char *records)
{
    bool same = told_count == strlen(records) && memcmp(told_text, records, told_count) == 0;
    if (!same)
        printf("  told %.*s", (int)(told_count > 200 ? 200 : told_count), told_text);
    told_count = 0;
    return same && sound;
}

static struct lines *stream(char kind)
{
    struct lines *lines = calloc(1, sizeof *lines);
    lines->kind = kind;
    sound = true;
    told_count = 0;
    return lines;
}

static void print(struct lines *lines, const char *bytes, size_t count, long now)
{
    while (count > 0) {
        size_t room;
        char *to = lines_room(lines, &room);
        size_t step = count < room ? count : room;
        memcpy(to, bytes, step);
        lines_add(lines, step, now, tell);
        bytes += step;
        count -= step;
    }
}

static void print_text(struct lines *lines, const char *text, long now)
{
    print(lines, text, strlen(text), now);
}

static bool lines_are_told_as_they_end(void)
{
    struct lines *lines = stream('o');
    print_text(lines, "one\ntwo\n\nthr", 0);
    bool first = have_told("o|one\no|two\no|\n");
    print_text(lines, "ee\n", 0);
    bool second = have_told("o|three\n");
    free(lines);
    CHECK(first && second);
    return true;
}

static bool a_line_that_does_not_end_is_told_after_a_moment(void)
{
    struct lines *lines = stream('e');
    print_text(lines, "Name", 1000);
    int wait_ms = lines_wait_ms(lines, 1000);
    lines_tell_late(lines, 1000 + wait_ms - 1, tell);
    bool early = have_told("");
    lines_tell_late(lines, 1000 + wait_ms, tell);
    bool late = have_told("E|Name\n");
    int idle_ms = lines_wait_ms(lines, 2000);
    print_text(lines, ": \n", 3000);
    bool end = have_told("e|: \n");
    free(lines);
    CHECK(wait_ms > 0 && idle_ms == -1);
    CHECK(early && late && end);
    return true;
}

static bool the_moment_begins_with_the_line(void)
{
    struct lines *lines = stream('o');
    print_text(lines, "a", 0);
    print_text(lines, "b", 60);
    int rest_ms = lines_wait_ms(lines, 60);
    print_text(lines, "\nc", 90);
    int new_ms = lines_wait_ms(lines, 90);
    free(lines);
    CHECK(rest_ms == 40);
    CHECK(new_ms == 100);
    return true;
}

static bool a_long_line_goes_on_in_the_next_record(void)
{
    static char text[RECORD_TEXT_BYTES * 2 + 3];
    static char wanted[sizeof text + 16];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 2] = '\n';
    sprintf(wanted, "O|%.4096s\nO|%.4096s\no|x\n", text, text);
    struct lines *lines = stream('o');
    print_text(lines, text, 0);
    bool good = have_told(wanted);
    free(lines);
    CHECK(good);
    return true;
}

static bool a_line_of_exactly_one_record_has_an_end(void)
{
    static char text[RECORD_TEXT_BYTES + 2], wanted[sizeof text + 8];
    memset(text, 'x', RECORD_TEXT_BYTES);
    text[RECORD_TEXT_BYTES] = '\n';
    sprintf(wanted, "O|%.4096s\no|\n", text);
    struct lines *lines = stream('o');
    print_text(lines, text, 0);
    bool good = have_told(wanted);
    free(lines);
    CHECK(good);
    return true;
}

static bool characters_are_not_cut(void)
{
    static const char *const CHARACTERS[] = {"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x90\xa7"};
    for (size_t i = 0; i < sizeof CHARACTERS / sizeof *CHARACTERS; i++) {
        size_t width = strlen(CHARACTERS[i]);
        for (size_t before = 1; before < width; before++) {
            char text[RECORD_TEXT_BYTES + 8], wanted[RECORD_TEXT_BYTES + 16];
            size_t plain = RECORD_TEXT_BYTES - before;
            memset(text, 'x', plain);
            strcpy(text + plain, CHARACTERS[i]);
            sprintf(wanted, "O|%.*s\no|%s\n", (int)plain, text, CHARACTERS[i]);
            strcat(text, "\n");
            struct lines *lines = stream('o');
            print_text(lines, text, 0);
            bool good = have_told(wanted);
            free(lines);
            CHECK(good);
        }
    }
    return true;
}

static bool what_is_no_text_goes_through_too(void)
{
    char bytes[RECORD_TEXT_BYTES];
    memset(bytes, 0x80, sizeof bytes);
    struct lines *lines = stream('o');
    print(lines, bytes, sizeof bytes, 0);
    bool full = told_count == RECORD_TEXT_BYTES + 3;
    told_count = 0;
    print(lines, "\xf0", 1, 0);
    lines_tell_late(lines, 1000, tell);
    bool lone = have_told("O|\xf0\n");
    free(lines);
    CHECK(full && lone);
    return true;
}

static bool the_end_ends_the_last_line(void)
{
    struct lines *lines = stream('o');
    print_text(lines, "bye", 0);
    lines_end(lines, tell);
    bool cut = have_told("o|bye\n");
    print_text(lines, "x", 0);
    lines_tell_late(lines, 1000, tell);
    lines_end(lines, tell);
    bool open = have_told("O|x\no|\n");
    lines_end(lines, tell);
    bool nothing = have_told("");
    free(lines);
    CHECK(cut && open && nothing);
    return true;
}

/* However it is cut and whatever it is, the parts make up the whole. */
static bool nothing_is_lost_or_added(void)
{
    srand(7);
    for (int round = 0; round < 200; round++) {
        size_t count = (size_t)(rand() % 20000);
        char *bytes = malloc(count + 1), *joined = malloc(count + 16);
        for (size_t i = 0; i < count; i++)
            bytes[i] = rand() % (1 + rand() % 100) == 0 ? '\n' : (char)rand();
        struct lines *lines = stream('o');
        size_t length = 0;
        for (size_t at = 0; at < count;) {
            size_t step = 1 + (size_t)(rand() % 5000);
            step = step > count - at ? count - at : step;
            print(lines, bytes + at, step, (long)at);
            lines_tell_late(lines, (long)at + rand() % 200, tell);
            at += step;
        }
        lines_end(lines, tell);
        for (char *record = told_text; record < told_text + told_count;) {
            char *end = memchr(record, '\n', (size_t)(told_text + told_count - record));
            memcpy(joined + length, record + 2, (size_t)(end - record) - 2);
            length += (size_t)(end - record) - 2;
            if (*record == 'o')
                joined[length++] = '\n';
            record = end + 1;
        }
        if (count > 0 && bytes[count - 1] != '\n')
            bytes[count++] = '\n';
        bool good = sound && length == count && memcmp(joined, bytes, count) == 0;
        free(bytes);
        free(joined);
        free(lines);
        CHECK(good);
    }
    return true;
}

static const char *message(const char *record)
{
    static char bytes[256];
    strcpy(bytes, record);
    const char *found = kernel_message(bytes, strlen(record));
    return found == NULL ? "(none)" : found;
}

static bool the_kernels_warnings_are_told_and_nothing_else(void)
{
    CHECK(strcmp(message("4,1,2,-;a warning\n SUBSYSTEM=x\n"), "a warning") == 0);
    CHECK(strcmp(message("0,1,2,-,caller=T1;panic; now\n"), "panic; now") == 0);
    CHECK(strcmp(message("6,1,2,-;chatter\n"), "(none)") == 0);
    CHECK(strcmp(message("12,1,2,-;a program's warning\n"), "(none)") == 0);
    CHECK(strcmp(message("3,1,2,-;no end"), "no end") == 0);
    CHECK(strcmp(message("3,1,2,-;"), "") == 0);
    CHECK(strcmp(message("nonsense"), "(none)") == 0);
    CHECK(strcmp(message(";x"), "(none)") == 0);
    CHECK(strcmp(message(""), "(none)") == 0);
    return true;
}

static bool a_kernel_that_floods_is_cut_short(void)
{
    struct allowance allowance = {0};
    long taken = 0;
    for (long now = 0; now < 10000; now++)
        taken += allowance_take(&allowance, 1000000 + now);
    CHECK(taken >= 300 && taken <= 300 + 60);
    CHECK(allowance.refused == 10000 - taken);
    return true;
}

int main(void)
{
    RUN(lines_are_told_as_they_end);
    RUN(a_line_that_does_not_end_is_told_after_a_moment);
    RUN(the_moment_begins_with_the_line);
    RUN(a_long_line_goes_on_in_the_next_record);
    RUN(a_line_of_exactly_one_record_has_an_end);
    RUN(characters_are_not_cut);
    RUN(what_is_no_text_goes_through_too);
    RUN(the_end_ends_the_last_line);
    RUN(nothing_is_lost_or_added);
    RUN(the_kernels_warnings_are_told_and_nothing_else);
    RUN(a_kernel_that_floods_is_cut_short);
    return told();
}
