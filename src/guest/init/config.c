#define _GNU_SOURCE
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char MAGIC[] = "VMPLANE1";
enum { MAGIC_BYTES = sizeof MAGIC - 1, DEFAULT_STOP_GRACE_S = 10 };

static const char *append(struct words *words, char *word)
{
    return words_add(words, word) ? NULL : "does not fit in memory";
}

/* Every taker stores one value and answers NULL, or answers what is wrong with it. */

static const char *take_argument(struct config *config, char *value)
{
    return append(&config->arguments, value);
}

static const char *take_variable(struct config *config, char *value)
{
    const char *equals = strchr(value, '=');
    if (equals == NULL || equals == value)
        return "is not NAME=VALUE";
    return append(&config->environment, value);
}

static const char *take_nameserver(struct config *config, char *value)
{
    struct in6_addr address;
    if (inet_pton(AF_INET, value, &address) != 1 && inet_pton(AF_INET6, value, &address) != 1)
        return "is not an IP address";
    return append(&config->nameservers, value);
}

static bool is_name(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    size_t length = strlen(text);
    return length > 0 && length <= HOST_NAME_MAX && strspn(text, allowed) == length;
}

static const char *take_hostname(struct config *config, char *value)
{
    if (!is_name(value))
        return "is not a host name";
    config->hostname = value;
    return NULL;
}

static const char *take_vm_id(struct config *config, char *value)
{
    if (!is_name(value))
        return "is not the name of a VM";
    config->vm_id = value;
    return NULL;
}

static const char *take_address(struct config *config, char *value)
{
    char *slash = strchr(value, '/');
    if (slash == NULL)
        return "is not a.b.c.d/length";
    *slash = '\0';
    if (inet_pton(AF_INET, value, &config->address) != 1 || !parse_number(slash + 1, 32, &config->prefix_bits))
        return "is not a.b.c.d/length";
    config->has_address = true;
    return NULL;
}

static const char *take_gateway(struct config *config, char *value)
{
    if (inet_pton(AF_INET, value, &config->gateway) != 1)
        return "is not an IPv4 address";
    config->has_gateway = true;
    return NULL;
}

static bool is_disk(const char *path)
{
    static const char disk[] = "/dev/vd";
    size_t stem = sizeof disk - 1;
    return strncmp(path, disk, stem) == 0 && path[stem] >= 'a' && path[stem] <= 'z' && path[stem + 1] == '\0';
}

static const char *take_overlay(struct config *config, char *value)
{
    if (!is_disk(value))
        return "is not a disk such as /dev/vdc";
    config->overlay = value;
    return NULL;
}

static const char *take_volume(struct config *config, char *value)
{
    char *colon = strchr(value, ':');
    if (colon == NULL || colon[1] != '/' || colon[2] == '\0')
        return "is not DEVICE:DIRECTORY";
    *colon = '\0';
    bool good = is_disk(value);
    *colon = ':';
    return good ? append(&config->volumes, value) : "is not on a disk such as /dev/vdd";
}

static const char *take_workdir(struct config *config, char *value)
{
    if (value[0] != '/')
        return "is not an absolute path";
    config->workdir = value;
    return NULL;
}

/* Whether there is such a user is known when there is a root to look in. */
static const char *take_user(struct config *config, char *value)
{
    const char *colon = strchr(value, ':');
    if (*value == '\0' || colon == value || (colon != NULL && (colon[1] == '\0' || strchr(colon + 1, ':') != NULL)))
        return "is neither USER nor USER:GROUP";
    config->user = value;
    return NULL;
}

static const char *take_stop_signal(struct config *config, char *value)
{
    config->stop_signal = parse_signal(value);
    return config->stop_signal != 0 ? NULL : "is not a signal";
}

static const char *take_interactive(struct config *config, char *value)
{
    if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
        return "is neither 0 nor 1";
    config->interactive = value[0] == '1';
    return NULL;
}

static const char *take_stop_grace(struct config *config, char *value)
{
    if (!parse_number(value, CONFIG_STOP_GRACE_LIMIT_S, &config->stop_grace_s))
        return "is not a number of seconds up to 3600";
    return NULL;
}

static const char *take_end(struct config *config, char *value)
{
    if (strcmp(value, "poweroff") == 0)
        config->end = END_POWEROFF;
    else if (strcmp(value, "reboot") == 0)
        config->end = END_REBOOT;
    else
        return "is neither poweroff nor reboot";
    return NULL;
}

static const struct key {
    const char *name;
    bool repeats;
    const char *(*take)(struct config *, char *value);
} KEYS[] = {
    {"arg", true, take_argument},         {"env", true, take_variable},
    {"dns", true, take_nameserver},       {"hostname", false, take_hostname},
    {"ip", false, take_address},          {"gateway", false, take_gateway},
    {"workdir", false, take_workdir},     {"stop_grace_s", false, take_stop_grace},
    {"end", false, take_end},             {"overlay", false, take_overlay},
    {"volume", true, take_volume},        {"user", false, take_user},
    {"stop_signal", false, take_stop_signal}, {"interactive", false, take_interactive},
    {"vm_id", false, take_vm_id},
};
enum { KEY_COUNT = sizeof KEYS / sizeof KEYS[0] };

static bool refuse(struct config *config, const char *what, const char *why)
{
    snprintf(config->fault, sizeof config->fault, "%s %s", what, why);
    return false;
}

static bool take_entry(struct config *config, bool seen[KEY_COUNT], char *key, char *value)
{
    if (value == NULL)
        return refuse(config, "an entry", "is not key=value");
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(key, KEYS[i].name) != 0)
            continue;
        if (seen[i] && !KEYS[i].repeats)
            return refuse(config, key, "is given twice");
        seen[i] = true;
        const char *fault = KEYS[i].take(config, value);
        return fault == NULL || refuse(config, key, fault);
    }
    const char *fault = append(&config->unknown_keys, key);
    return fault == NULL || refuse(config, "the list of unknown keys", fault);
}

/* Answers the payload's length, or a negative number after refusing the header. */
static long payload_bytes(const unsigned char *disk, size_t bytes, struct config *config)
{
    if (bytes < CONFIG_HEADER_BYTES) {
        refuse(config, "the disk", "is shorter than its header");
        return -1;
    }
    if (memcmp(disk, MAGIC, MAGIC_BYTES) != 0) {
        refuse(config, "the disk", "does not begin with VMPLANE1");
        return -1;
    }
    const unsigned char *field = disk + MAGIC_BYTES;
    unsigned long length = field[0] | field[1] << 8 | field[2] << 16 | (unsigned long)field[3] << 24;
    if (length > CONFIG_PAYLOAD_LIMIT_BYTES) {
        refuse(config, "the payload", "is longer than 1 MiB");
        return -1;
    }
    if (length > bytes - CONFIG_HEADER_BYTES) {
        refuse(config, "the payload", "is longer than the disk");
        return -1;
    }
    return (long)length;
}

bool config_parse(const unsigned char *disk, size_t bytes, struct config *config)
{
    *config = (struct config){
        .workdir = "/", .stop_signal = SIGTERM, .stop_grace_s = DEFAULT_STOP_GRACE_S, .end = END_POWEROFF};
    long length = payload_bytes(disk, bytes, config);
    if (length < 0)
        return false;
    const unsigned char *payload = disk + CONFIG_HEADER_BYTES;
    if (length > 0 && payload[length - 1] != '\0')
        return refuse(config, "the last entry", "does not end with NUL");
    config->payload = malloc((size_t)length + 1);
    if (config->payload == NULL)
        return refuse(config, "the payload", "does not fit in memory");
    memcpy(config->payload, payload, (size_t)length);

    bool seen[KEY_COUNT] = {false};
    char *key, *value;
    for (char *entry = config->payload, *end = entry + length; entry_next(&entry, end, &key, &value);) {
        if (!take_entry(config, seen, key, value))
            return false;
    }
    if (config->arguments.count == 0)
        return refuse(config, "arg", "is missing");
    if (config->has_gateway && !config->has_address)
        return refuse(config, "gateway", "is given without ip");
    return true;
}

bool config_read(const char *path, struct config *config)
{
    *config = (struct config){0};
    enum { LIMIT_BYTES = CONFIG_HEADER_BYTES + CONFIG_PAYLOAD_LIMIT_BYTES };
    unsigned char *disk = malloc(LIMIT_BYTES);
    int fd = disk == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        refuse(config, path, strerror(errno));
        free(disk);
        return false;
    }
    size_t bytes = 0;
    ssize_t step;
    do {
        step = read(fd, disk + bytes, LIMIT_BYTES - bytes);
        bytes += step > 0 ? (size_t)step : 0;
    } while (step > 0 || (step < 0 && errno == EINTR));
    bool good = step < 0 ? refuse(config, path, strerror(errno)) : config_parse(disk, bytes, config);
    close(fd);
    free(disk);
    return good;
}

bool config_gateway_is_beyond(const struct config *config)
{
    uint32_t differing = ntohl(config->address.s_addr ^ config->gateway.s_addr);
    uint32_t mask = config->prefix_bits == 0 ? 0 : UINT32_MAX << (32 - config->prefix_bits);
    return (differing & mask) != 0;
}

void config_free(struct config *config)
{
    words_free(&config->arguments);
    words_free(&config->environment);
    words_free(&config->nameservers);
    words_free(&config->unknown_keys);
    words_free(&config->volumes);
    free(config->payload);
}
