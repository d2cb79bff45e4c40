#define _GNU_SOURCE
#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The length of the character at `text` if it is UTF-8 as it should be, else 0. */
static size_t character_at(const unsigned char *text)
{
    if (text[0] < 0x80)
        return 1;
    size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0; /* also where the text ends */
    }
    bool longer_than_needed = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90);
    bool surrogate = text[0] == 0xed && text[1] > 0x9f;
    bool beyond = text[0] == 0xf4 && text[1] > 0x8f;
    return longer_than_needed || surrogate || beyond ? 0 : length;
}

static void print_string(const char *text, size_t count, FILE *to)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + count;
    putc('"', to);
    while (at < end) {
        size_t length = character_at(at);
        if (length == 0 || length > (size_t)(end - at)) {
            fputs("\\ufffd", to);
            length = 1;
        } else if (*at < ' ' || *at == 0x7f) {
            fprintf(to, "\\u%04x", *at);
        } else {
            if (*at == '"' || *at == '\\')
                putc('\\', to);
            fwrite(at, 1, length, to);
        }
        at += length;
    }
    putc('"', to);
}

static void print_field(const char *name, const char *value, FILE *to)
{
    fprintf(to, "\"%s\":", name);
    if (value == NULL)
        fputs("null", to);
    else
        print_string(value, strlen(value), to);
    putc(',', to);
}

/* Whether a later variable has the same name. */
static bool is_replaced(const struct words *environment, size_t which)
{
    const char *variable = environment->items[which];
    size_t with_equals = strcspn(variable, "=") + 1;
    for (size_t i = which + 1; i < environment->count; i++) {
        if (strncmp(environment->items[i], variable, with_equals) == 0)
            return true;
    }
    return false;
}

void attachment_print(const struct attachment *attachment, FILE *to)
{
    putc('{', to);
    print_field("job_id", attachment->job_id, to);
    print_field("tenant", attachment->tenant, to);
    fputs("\"env\":{", to);
    const char *separator = "";
    for (size_t i = 0; i < attachment->environment.count; i++) {
        const char *variable = attachment->environment.items[i];
        size_t name = strcspn(variable, "=");
        if (is_replaced(&attachment->environment, i))
            continue;
        fputs(separator, to);
        print_string(variable, name, to);
        putc(':', to);
        print_string(variable + name + 1, strlen(variable + name + 1), to);
        separator = ",";
    }
    fputs("}}\n", to);
}

static bool fill(int fd, const struct attachment *attachment, uid_t uid, gid_t gid)
{
    bool is_root = geteuid() == 0; /* in a test it need not be */
    FILE *file = fdopen(fd, "w");
    if (file == NULL) {
        close(fd);
        return false;
    }
    attachment_print(attachment, file);
    bool good = (!is_root || fchown(fd, uid, gid) == 0) && fflush(file) == 0 && !ferror(file);
    int why = errno;
    good = fclose(file) == 0 && good;
    errno = why;
    return good;
}

bool attachment_write(const struct attachment *attachment, const char *directory, uid_t uid, gid_t gid)
{
    char draft[PATH_MAX], path[PATH_MAX];
    snprintf(draft, sizeof draft, "%s/.attach.json", directory);
    snprintf(path, sizeof path, "%s/attach.json", directory);
    mkdir(directory, 0755);
    unlink(draft);
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    if (fd < 0)
        return false;
    if (fill(fd, attachment, uid, gid) && rename(draft, path) == 0)
        return true;
    int why = errno;
    unlink(draft);
    errno = why;
    return false;
}
