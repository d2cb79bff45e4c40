#define _GNU_SOURCE
#include "user.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What lies behind this much of a file, nobody finds. */
enum { FILE_LIMIT_BYTES = 1 << 20, FIELD_LIMIT = 8 };

/* A line of either file, cut at its colons; fields it does not have are empty. */
struct entry {
    char *fields[FIELD_LIMIT];
};
enum { NAME = 0, NUMBER = 2, OWN_GROUP = 3, MEMBERS = 3, HOME = 5 };

/* The text of a file, NULL if there is none to be had. */
static char *text_of(const char *root, const char *name)
{
    char path[PATH_MAX];
    struct stat found;
    snprintf(path, sizeof path, "%s%s", root, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* whatever it is, nobody waits for it */
    if (fd < 0)
        return NULL;
    char *text = fstat(fd, &found) == 0 && S_ISREG(found.st_mode) ? malloc(FILE_LIMIT_BYTES + 1) : NULL;
    size_t count = 0;
    ssize_t step = 1;
    while (text != NULL && count < FILE_LIMIT_BYTES && (step > 0 || errno == EINTR)) {
        step = read(fd, text + count, FILE_LIMIT_BYTES - count);
        count += step > 0 ? (size_t)step : 0;
        if (step == 0)
            break;
    }
    close(fd);
    if (text != NULL)
        text[count] = '\0';
    return text;
}

/* What has no name is no entry. */
static bool next_entry(char **text, struct entry *entry)
{
    static char nothing[] = "";
    do {
        char *line = *text == NULL ? NULL : strsep(text, "\n");
        if (line == NULL)
            return false;
        for (size_t i = 0; i < FIELD_LIMIT; i++) {
            char *field = line == NULL ? NULL : strsep(&line, ":");
            entry->fields[i] = field == NULL ? nothing : field;
        }
    } while (entry->fields[NAME][0] == '\0');
    return true;
}

static bool parse_id(const char *text, unsigned *id)
{
    return parse_number(text, INT_MAX, id);
}

/* Whether the entry has this name or, when `wanted` is a number, this number. The name goes first: a name may be a number. */
static bool is(const struct entry *entry, const char *wanted, unsigned *number)
{
    unsigned id;
    if (!parse_id(entry->fields[NUMBER], number))
        return false;
    return strcmp(entry->fields[NAME], wanted) == 0 || (parse_id(wanted, &id) && id == *number);
}

static bool names(char *members, const char *name)
{
    char *member;
    while ((member = strsep(&members, ",")) != NULL) {
        if (strcmp(member, name) == 0)
            return true;
    }
    return false;
}

/* Leaves the user's name in `name`, empty if only its number is known. */
static bool find_user(const char *wanted, char *text, struct identity *identity, char *name, size_t size)
{
    struct entry entry;
    unsigned uid, gid;
    name[0] = '\0';
    while (next_entry(&text, &entry)) {
        if (!is(&entry, wanted, &uid) || !parse_id(entry.fields[OWN_GROUP], &gid))
            continue;
        identity->uid = uid;
        identity->gid = gid;
        snprintf(name, size, "%s", entry.fields[NAME]);
        if (entry.fields[HOME][0] == '/')
            snprintf(identity->home, sizeof identity->home, "%s", entry.fields[HOME]);
        return true;
    }
    if (!parse_id(wanted, &uid))
        return false;
    identity->uid = uid;
    return true;
}

static bool find_group(const char *wanted, char *text, struct identity *identity)
{
    struct entry entry;
    unsigned gid;
    while (next_entry(&text, &entry)) {
        if (is(&entry, wanted, &gid)) {
            identity->gid = gid;
            return true;
        }
    }
    if (!parse_id(wanted, &gid))
        return false;
    identity->gid = gid;
    return true;
}

static void find_memberships(const char *name, char *text, struct identity *identity)
{
    struct entry entry;
    unsigned gid;
    while (*name != '\0' && identity->group_count < IDENTITY_GROUP_LIMIT && next_entry(&text, &entry)) {
        if (parse_id(entry.fields[NUMBER], &gid) && names(entry.fields[MEMBERS], name))
            identity->groups[identity->group_count++] = gid;
    }
}

const char *identity_find(const char *user, const char *root, struct identity *identity)
{
    *identity = (struct identity){.home = "/"};
    char wanted[256], name[256];
    if (snprintf(wanted, sizeof wanted, "%s", user == NULL ? "0" : user) >= (int)sizeof wanted)
        return "its name is too long";
    char *group = strchr(wanted, ':');
    if (group != NULL)
        *group++ = '\0';

    char *users = text_of(root, "/etc/passwd"), *groups = text_of(root, "/etc/group");
    const char *fault = NULL;
    if (!find_user(wanted, users, identity, name, sizeof name))
        fault = "there is no such user";
    else if (group == NULL)
        find_memberships(name, groups, identity);
    else if (!find_group(group, groups, identity))
        fault = "there is no such group";
    free(users);
    free(groups);
    return fault;
}
