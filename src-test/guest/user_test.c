/* Facts about who a program becomes. The files are written for each fact, into a root of their own. */
#define _GNU_SOURCE
#include "../facts.h"
#include "user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/vmplane-user-XXXXXX";

static void write_file(const char *name, const char *text, size_t count)
{
    char path[256];
    snprintf(path, sizeof path, "%s%s", root, name);
    unlink(path);
    FILE *file = text == NULL ? NULL : fopen(path, "w");
    if (file != NULL) {
        fwrite(text, 1, count, file);
        fclose(file);
    }
}

static void files(const char *passwd, const char *group)
{
    write_file("/etc/passwd", passwd, passwd == NULL ? 0 : strlen(passwd));
    write_file("/etc/group", group, group == NULL ? 0 : strlen(group));
}

static void usual_files(void)
{
    files("root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1001:Web:/srv/web:/bin/sh\n7:x:70:70::/seven:\nbad:x:y:z::/:\n"
          "lost:x:2000:2000::home:\n",
          "root:x:0:\nadm:x:4:root,web\nweb:x:1001:\nlogs:x:1002:other,web\nnot:x:1003:webs\n8:x:80:\n");
}

/* Whether `user` is found as `told`: UID:GID:GROUPS:HOME, or why it is not. */
static bool is(const char *user, const char *told)
{
    static struct identity identity;
    char found[2048];
    const char *fault = identity_find(user, root, &identity);
    int length = snprintf(found, sizeof found, "%u:%u:", identity.uid, identity.gid);
    for (size_t i = 0; i < identity.group_count; i++)
        length += snprintf(found + length, sizeof found - (size_t)length, i == 0 ? "%u" : ",%u", identity.groups[i]);
    snprintf(found + length, sizeof found - (size_t)length, ":%s", identity.home);
    bool same = strcmp(fault == NULL ? found : fault, told) == 0;
    if (!same)
        printf("  %s is %s\n", user, fault == NULL ? found : fault);
    return same;
}

static bool users_and_groups_have_names_and_numbers(void)
{
    usual_files();
    CHECK(is("web", "1000:1001:4,1002:/srv/web"));
    CHECK(is("1000", "1000:1001:4,1002:/srv/web"));
    CHECK(is("web:logs", "1000:1002::/srv/web"));
    CHECK(is("web:33", "1000:33::/srv/web"));
    CHECK(is("1000:1001", "1000:1001::/srv/web"));
    CHECK(is("0", "0:0:4:/root"));
    CHECK(is(NULL, "0:0:4:/root"));
    return true;
}

static bool a_number_needs_no_entry(void)
{
    usual_files();
    CHECK(is("1234", "1234:0::/"));
    CHECK(is("1234:5678", "1234:5678::/"));
    CHECK(is("1234:logs", "1234:1002::/"));
    return true;
}

static bool a_name_goes_before_a_number(void)
{
    usual_files();
    CHECK(is("7", "70:70::/seven"));
    CHECK(is("web:8", "1000:80::/srv/web"));
    return true;
}

static bool who_is_not_there_is_not_found(void)
{
    usual_files();
    CHECK(is("nobody", "there is no such user"));
    CHECK(is("web:nobody", "there is no such group"));
    CHECK(is("bad", "there is no such user"));
    CHECK(is("99999999999", "there is no such user"));
    CHECK(is("-1", "there is no such user"));
    CHECK(is("we", "there is no such user"));
    CHECK(is("", "there is no such user"));
    return true;
}

static bool a_home_is_an_absolute_path(void)
{
    usual_files();
    CHECK(is("lost", "2000:2000::/"));
    return true;
}

static bool without_files_there_are_numbers(void)
{
    files(NULL, NULL);
    CHECK(is(NULL, "0:0::/"));
    CHECK(is("1:2", "1:2::/"));
    CHECK(is("root", "there is no such user"));
    return true;
}

static bool what_is_no_file_is_not_waited_for(void)
{
    char path[256];
    files(NULL, NULL);
    snprintf(path, sizeof path, "%s/etc/passwd", root);
    CHECK(mkfifo(path, 0600) == 0);
    CHECK(is("1:2", "1:2::/"));
    unlink(path);
    CHECK(mkdir(path, 0700) == 0);
    CHECK(is("web", "there is no such user"));
    rmdir(path);
    return true;
}

static bool damaged_files_do_no_harm(void)
{
    files("\n:\n::::\nweb\nweb:x\nweb:x:1:\nweb:x:5:6", ":x:1:web\nlogs:x:9:,,web,\n");
    CHECK(is("web", "5:6:9:/"));
    srand(3);
    for (int round = 0; round < 300; round++) {
        char noise[4096];
        static const char LETTERS[] = "web:,\n019\0x";
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = LETTERS[(size_t)rand() % (sizeof LETTERS - 1)];
        write_file("/etc/passwd", noise, sizeof noise);
        write_file("/etc/group", noise, sizeof noise);
        static struct identity identity;
        identity_find("web:web", root, &identity);
        identity_find("web", root, &identity);
        CHECK(identity.group_count <= IDENTITY_GROUP_LIMIT);
    }
    return true;
}

static bool too_much_of_anything_is_left_out(void)
{
    size_t count = 0, size = 2 << 20;
    char *groups = malloc(size + 64), long_name[400];
    while (count < size)
        count += (size_t)sprintf(groups + count, "g%zu:x:%zu:web\n", count, count);
    write_file("/etc/passwd", "web:x:1:2::/:\n", 14);
    write_file("/etc/group", groups, count);
    free(groups);
    static struct identity identity;
    CHECK(identity_find("web", root, &identity) == NULL);
    CHECK(identity.group_count == IDENTITY_GROUP_LIMIT);
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    CHECK(is(long_name, "its name is too long"));
    return true;
}

int main(void)
{
    char etc[64];
    if (mkdtemp(root) == NULL)
        return 1;
    snprintf(etc, sizeof etc, "%s/etc", root);
    mkdir(etc, 0700);
    RUN(users_and_groups_have_names_and_numbers);
    RUN(a_number_needs_no_entry);
    RUN(a_name_goes_before_a_number);
    RUN(who_is_not_there_is_not_found);
    RUN(a_home_is_an_absolute_path);
    RUN(without_files_there_are_numbers);
    RUN(what_is_no_file_is_not_waited_for);
    RUN(damaged_files_do_no_harm);
    RUN(too_much_of_anything_is_left_out);
    files(NULL, NULL);
    rmdir(etc);
    rmdir(root);
    return told();
}
