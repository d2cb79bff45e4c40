/*
 * Facts about what the launcher reads: frames from its socket and lines from /proc, and about the files it bounds. Every
 * input is an exact-size heap block, so a read past its end is caught.
 */
#define _GNU_SOURCE
#include "../facts.h"
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MIB = 1024 * 1024, ROUNDS = 200000 };

void say(const char *format, ...)
{
    (void)format;
}

static char *heap(const char *bytes, size_t count)
{
    char *copy = malloc(count == 0 ? 1 : count);
    memcpy(copy, bytes, count);
    return copy;
}

static enum frame parse(const char *bytes, size_t count, struct fields *fields, size_t *length)
{
    char *copy = heap(bytes, count);
    enum frame frame = frame_parse(copy, count, fields, length);
    free(copy);
    return frame;
}

/* A literal ends with the NUL that the compiler adds. */
#define FRAME(literal) parse(literal, sizeof(literal), &fields, &length)
#define CUT(literal) parse(literal, sizeof(literal) - 1, &fields, &length)

static bool what_is_packed_is_understood(void)
{
    struct outbox outbox = {0};
    struct fields fields;
    size_t length;

    bool added = outbox_add(&outbox, (const char *const[]){"7", "start", "", "a b", NULL});
    enum frame frame = frame_parse(outbox.bytes, outbox.count, &fields, &length);

    CHECK(added && frame == FRAME_WHOLE && length == outbox.count && fields.count == 4);
    CHECK(strcmp(fields.items[0], "7") == 0 && strcmp(fields.items[1], "start") == 0);
    CHECK(*fields.items[2] == '\0' && strcmp(fields.items[3], "a b") == 0 && fields.items[4] == NULL);
    outbox_free(&outbox);
    return true;
}

static bool a_frame_that_has_not_come_whole_is_waited_for(void)
{
    struct fields fields;
    size_t length;
    static const char whole[] = "\0\0\0\4ab\0c";
    for (size_t count = 0; count < sizeof whole; count++)
        CHECK(parse(whole, count, &fields, &length) == (count < 8 ? FRAME_UNFINISHED : FRAME_BROKEN));
    CHECK(FRAME("\0\0\0\5ab\0c") == FRAME_WHOLE && length == 9);
    return true;
}

static bool a_frame_of_another_form_is_refused(void)
{
    struct fields fields;
    size_t length;
    CHECK(FRAME("\0\0\0\0") == FRAME_BROKEN);
    CHECK(CUT("\0\0\0\2ab") == FRAME_BROKEN);
    CHECK(CUT("\0\1\0\1") == FRAME_BROKEN);
    CHECK(CUT("\377\377\377\377") == FRAME_BROKEN);
    CHECK(CUT("GET / HTTP/1.1\r\n") == FRAME_BROKEN);
    return true;
}

static bool a_frame_has_so_many_fields_and_no_more(void)
{
    struct fields fields;
    size_t length;
    for (int count = FIELD_LIMIT; count <= FIELD_LIMIT + 1; count++) {
        char bytes[FRAME_HEADER_BYTES + FIELD_LIMIT + 1] = {0, 0, (char)(count >> 8), (char)count};
        enum frame frame = parse(bytes, FRAME_HEADER_BYTES + (size_t)count, &fields, &length);
        CHECK(frame == (count == FIELD_LIMIT ? FRAME_WHOLE : FRAME_BROKEN));
    }
    return true;
}

/* Damaged frames and pure noise: nothing is read outside of them, and what is taken is what its length says. */
static bool no_damage_leads_outside_the_frame(void)
{
    static const char good[] = "\0\0\0\20\0001\0start\0/r/v\0000";
    int outcomes[3] = {0};
    srand(7);
    for (int round = 0; round < ROUNDS; round++) {
        char bytes[64];
        size_t count = (size_t)rand() % sizeof bytes, length = 0;
        struct fields fields;
        for (size_t i = 0; i < count; i++)
            bytes[i] = i < sizeof good && rand() % 8 != 0 ? good[i] : (char)(rand() % 4 == 0 ? rand() : 0);
        char *copy = heap(bytes, count);
        enum frame frame = frame_parse(copy, count, &fields, &length);
        outcomes[frame]++;
        if (frame == FRAME_WHOLE) {
            CHECK(length <= count && fields.count >= 1 && fields.count <= FIELD_LIMIT);
            for (size_t i = 0; i < fields.count; i++)
                CHECK(fields.items[i] + strlen(fields.items[i]) < copy + length);
        }
        free(copy);
    }
    CHECK(outcomes[FRAME_UNFINISHED] > 0 && outcomes[FRAME_WHOLE] > 0 && outcomes[FRAME_BROKEN] > 0);
    return true;
}

static bool an_outbox_takes_so_much_and_no_more(void)
{
    struct outbox outbox = {0};
    char *large = malloc(FRAME_LIMIT_BYTES);
    memset(large, 'x', FRAME_LIMIT_BYTES - 1);
    large[FRAME_LIMIT_BYTES - 1] = '\0';
    const char *const fields[] = {large, NULL};
    int added = 0;
    while (outbox_add(&outbox, fields))
        added++;
    CHECK(added == OUTBOX_LIMIT_BYTES / (FRAME_LIMIT_BYTES + FRAME_HEADER_BYTES));
    CHECK(outbox.count <= OUTBOX_LIMIT_BYTES);
    outbox_drop(&outbox, outbox.count - 1);
    CHECK(outbox.count == 1 && outbox.bytes[0] == '\0');
    outbox_drop(&outbox, 1);
    CHECK(outbox.bytes == NULL);
    free(large);
    return true;
}

static bool numbers_are_digits_up_to_a_limit(void)
{
    static const char *const NONE[] = {"", "-1", "+1", " 1", "1 ", "1x", "0x1", "101", "99999999999999999999"};
    uint64_t number = 0;
    CHECK(number_parse("0", 100, &number) && number == 0);
    CHECK(number_parse("100", 100, &number) && number == 100);
    CHECK(number_parse("18446744073709551615", UINT64_MAX, &number) && number == UINT64_MAX);
    CHECK(!number_parse("18446744073709551616", UINT64_MAX, &number));
    for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++)
        CHECK(!number_parse(NONE[i], 100, &number));
    CHECK(strcmp(number_text(UINT64_MAX).text, "18446744073709551615") == 0);
    return true;
}

/* A child that calls itself `name` and waits to be killed. */
static pid_t child_named(const char *name)
{
    int ready[2];
    char byte;
    if (pipe(ready) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_NAME, name);
        if (write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    if (read(ready[0], &byte, 1) != 1)
        pid = -1;
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static bool a_name_full_of_parentheses_hides_nothing(void)
{
    struct stat_line plain = {0}, odd = {0};
    pid_t pid = child_named(") Z 1 (( 2 ) X");
    bool read = proc_stat(getpid(), &plain) && proc_stat(pid, &odd);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    CHECK(read && !odd.over);
    CHECK(odd.start_ticks >= plain.start_ticks && odd.start_ticks < plain.start_ticks + 100000);
    return true;
}

static bool a_process_that_nobody_has_reaped_is_over(void)
{
    struct stat_line line = {0};
    siginfo_t info;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
    bool read = proc_stat(pid, &line);
    waitpid(pid, NULL, 0);
    CHECK(read && line.over);
    CHECK(!proc_stat(pid, &line) && (errno == ENOENT || errno == ESRCH));
    return true;
}

static bool a_process_belongs_to_what_it_names_or_is_rooted_in(void)
{
    pid_t pid = getpid();
    char directory[4096];
    ssize_t length = readlink("/proc/self/exe", directory, sizeof directory - 1);
    CHECK(length > 0);
    directory[length] = '\0';
    *strrchr(directory, '/') = '\0';
    CHECK(proc_belongs(pid, directory, ""));
    directory[strlen(directory) - 1] = '\0';
    CHECK(!proc_belongs(pid, directory, ""));
    CHECK(!proc_belongs(pid, "", "/tmp"));
    CHECK(proc_belongs(pid, "/no/such/directory", "/"));
    return true;
}

static bool a_file_that_grew_too_large_loses_its_beginning_and_keeps_its_end(void)
{
    char path[] = "/tmp/vmplane-output-XXXXXX";
    int file = mkstemp(path);
    static char block[MIB];
    struct stat before, after;
    for (int i = 0; i < 20; i++) {
        memset(block, 'a' + i, sizeof block);
        CHECK(write(file, block, sizeof block) == sizeof block);
    }
    char *files[] = {path, NULL};
    struct process process = {.files = files};

    fstat(file, &before);
    output_bound(&process);
    fstat(file, &after);
    char first, last;
    bool read = pread(file, &first, 1, 0) == 1 && pread(file, &last, 1, 20 * MIB - 1) == 1;
    char kept;
    read = read && pread(file, &kept, 1, 12 * MIB) == 1;
    close(file);
    unlink(path);

    CHECK(after.st_size == before.st_size && after.st_blocks * 512 <= 9 * MIB);
    CHECK(read && first == '\0' && last == 'a' + 19 && kept == 'a' + 12);
    return true;
}

static bool what_a_link_points_to_is_left_alone(void)
{
    char path[] = "/tmp/vmplane-output-XXXXXX", link[] = "/tmp/vmplane-output-link-XXXXXX";
    int file = mkstemp(path);
    CHECK(posix_fallocate(file, 0, 20 * MIB) == 0);
    close(mkstemp(link));
    unlink(link);
    CHECK(symlink(path, link) == 0);
    char *files[] = {link, "/no/such/file", NULL};
    struct process process = {.files = files};
    struct stat after;

    output_bound(&process);
    fstat(file, &after);
    close(file);
    unlink(path);
    unlink(link);

    CHECK(after.st_blocks * 512 >= 20 * MIB);
    return true;
}

int main(void)
{
    RUN(what_is_packed_is_understood);
    RUN(a_frame_that_has_not_come_whole_is_waited_for);
    RUN(a_frame_of_another_form_is_refused);
    RUN(a_frame_has_so_many_fields_and_no_more);
    RUN(no_damage_leads_outside_the_frame);
    RUN(an_outbox_takes_so_much_and_no_more);
    RUN(numbers_are_digits_up_to_a_limit);
    RUN(a_name_full_of_parentheses_hides_nothing);
    RUN(a_process_that_nobody_has_reaped_is_over);
    RUN(a_process_belongs_to_what_it_names_or_is_rooted_in);
    RUN(a_file_that_grew_too_large_loses_its_beginning_and_keeps_its_end);
    RUN(what_a_link_points_to_is_left_alone);
    return told();
}
