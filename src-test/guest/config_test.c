/* Facts about the configuration disk's parser. Every disk is an exact-size heap block, so a read past its end is caught. */
#define _GNU_SOURCE
#include "../facts.h"
#include "config.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A disk with this payload and header, and `padding` zeros behind it. */
struct disk {
    unsigned char *bytes;
    size_t count;
};

static struct disk disk_claiming(size_t claimed, const char *payload, size_t count, size_t padding)
{
    struct disk disk = {.count = CONFIG_HEADER_BYTES + count + padding};
    disk.bytes = calloc(1, disk.count);
    memcpy(disk.bytes, "VMPLANE1", 8);
    for (int i = 0; i < 4; i++)
        disk.bytes[8 + i] = (unsigned char)(claimed >> (8 * i));
    memcpy(disk.bytes + CONFIG_HEADER_BYTES, payload, count);
    return disk;
}

/* A literal holds its entries with a NUL after each; the compiler adds the last one. */
#define DISK(literal) disk_claiming(sizeof(literal), literal, sizeof(literal), 0)

static bool parsed(struct disk disk, struct config *config)
{
    bool good = config_parse(disk.bytes, disk.count, config);
    free(disk.bytes);
    return good;
}

/* Whether the disk is refused, with a reason that names what is wrong. */
static bool refused(struct disk disk, const char *reason)
{
    struct config config;
    bool good = parsed(disk, &config);
    bool named = strcmp(config.fault, reason) == 0;
    if (good || !named)
        printf("  expected \"%s\", got %s\"%s\"\n", reason, good ? "acceptance " : "", config.fault);
    config_free(&config);
    return !good && named;
}

static bool a_full_configuration_is_understood(void)
{
    struct config config;
    struct in_addr address, gateway;
    inet_pton(AF_INET, "10.0.2.15", &address);
    inet_pton(AF_INET, "10.0.2.2", &gateway);

    bool good = parsed(DISK("arg=/app/bin/server\0arg=-v\0env=PORT=4000\0env=EMPTY=\0hostname=web-1\0ip=10.0.2.15/24\0"
                            "gateway=10.0.2.2\0dns=10.0.2.3\0dns=fd00::1\0workdir=/srv\0stop_grace_s=3\0end=reboot\0"
                            "overlay=/dev/vdc\0volume=/dev/vdd:/data\0volume=/dev/vde:/data/b\0user=web:www\0stop_signal=SIGQUIT\0"
                            "interactive=1\0vm_id=web-1"),
                       &config);

    CHECK(good);
    CHECK(config.arguments.count == 2);
    CHECK(strcmp(config.arguments.items[0], "/app/bin/server") == 0);
    CHECK(strcmp(config.arguments.items[1], "-v") == 0);
    CHECK(config.arguments.items[2] == NULL);
    CHECK(config.environment.count == 2);
    CHECK(strcmp(config.environment.items[1], "EMPTY=") == 0);
    CHECK(config.nameservers.count == 2);
    CHECK(strcmp(config.hostname, "web-1") == 0);
    CHECK(config.has_address && config.address.s_addr == address.s_addr && config.prefix_bits == 24);
    CHECK(config.has_gateway && config.gateway.s_addr == gateway.s_addr);
    CHECK(strcmp(config.workdir, "/srv") == 0);
    CHECK(config.stop_grace_s == 3);
    CHECK(config.end == END_REBOOT);
    CHECK(strcmp(config.overlay, "/dev/vdc") == 0);
    CHECK(config.volumes.count == 2);
    CHECK(strcmp(config.volumes.items[0], "/dev/vdd:/data") == 0);
    CHECK(strcmp(config.volumes.items[1], "/dev/vde:/data/b") == 0);
    CHECK(strcmp(config.user, "web:www") == 0);
    CHECK(config.stop_signal == SIGQUIT);
    CHECK(config.interactive);
    CHECK(strcmp(config.vm_id, "web-1") == 0);
    config_free(&config);
    return true;
}

static bool what_is_not_given_has_its_default(void)
{
    struct config config;

    bool good = parsed(DISK("arg=true"), &config);

    CHECK(good);
    CHECK(config.environment.count == 0 && config.nameservers.count == 0 && config.unknown_keys.count == 0);
    CHECK(config.overlay == NULL && config.volumes.count == 0);
    CHECK(config.hostname == NULL && !config.has_address && !config.has_gateway);
    CHECK(strcmp(config.workdir, "/") == 0);
    CHECK(config.user == NULL && config.vm_id == NULL && !config.interactive);
    CHECK(config.stop_signal == SIGTERM);
    CHECK(config.stop_grace_s == 10);
    CHECK(config.end == END_POWEROFF);
    config_free(&config);
    return true;
}

static bool values_keep_every_byte_but_nul(void)
{
    static const char awkward[] = "line\nbreak \"quoted\" 'so' = \\ \t\x01\x7f\xff gr\xc3\xbc\xc3\x9f";
    char payload[256];
    size_t count = (size_t)sprintf(payload, "arg=%s", awkward) + 1;
    count += (size_t)sprintf(payload + count, "arg=") + 1;
    count += (size_t)sprintf(payload + count, "env=A=%s", awkward) + 1;
    struct config config;

    bool good = parsed(disk_claiming(count, payload, count, 0), &config);

    CHECK(good);
    CHECK(strcmp(config.arguments.items[0], awkward) == 0);
    CHECK(strcmp(config.arguments.items[1], "") == 0);
    CHECK(strcmp(config.environment.items[0] + 2, awkward) == 0);
    config_free(&config);
    return true;
}

static bool padding_after_the_payload_is_ignored(void)
{
    struct config config;

    bool good = parsed(disk_claiming(6, "arg=a\0arg=b", 12, 494), &config);

    CHECK(good);
    CHECK(config.arguments.count == 1);
    config_free(&config);
    return true;
}

static bool unknown_keys_are_kept_for_a_warning(void)
{
    struct config config;

    bool good = parsed(DISK("arg=a\0mtu=1500\0=x\0argument=b"), &config);

    CHECK(good);
    CHECK(config.arguments.count == 1);
    CHECK(config.unknown_keys.count == 3);
    CHECK(strcmp(config.unknown_keys.items[0], "mtu") == 0);
    CHECK(strcmp(config.unknown_keys.items[1], "") == 0);
    config_free(&config);
    return true;
}

static bool a_payload_of_the_largest_size_is_taken(void)
{
    char *payload = calloc(1, CONFIG_PAYLOAD_LIMIT_BYTES);
    for (size_t i = 0; i < CONFIG_PAYLOAD_LIMIT_BYTES; i += 8)
        memcpy(payload + i, "arg=abc", 8);
    struct config config;

    bool good = parsed(disk_claiming(CONFIG_PAYLOAD_LIMIT_BYTES, payload, CONFIG_PAYLOAD_LIMIT_BYTES, 0), &config);

    free(payload);
    CHECK(good);
    CHECK(config.arguments.count == CONFIG_PAYLOAD_LIMIT_BYTES / 8);
    CHECK(config.arguments.items[config.arguments.count] == NULL);
    config_free(&config);
    return true;
}

static bool a_damaged_header_is_refused(void)
{
    struct disk short_disk = DISK("arg=a"), foreign = DISK("arg=a"), empty = DISK("arg=a");
    short_disk.count = CONFIG_HEADER_BYTES - 1;
    foreign.bytes[7] = '2';
    empty.count = 0;

    CHECK(refused(short_disk, "the disk is shorter than its header"));
    CHECK(refused(empty, "the disk is shorter than its header"));
    CHECK(refused(foreign, "the disk does not begin with VMPLANE1"));
    return true;
}

static bool a_length_that_cannot_be_is_refused(void)
{
    CHECK(refused(disk_claiming(7, "arg=a", 6, 0), "the payload is longer than the disk"));
    CHECK(refused(disk_claiming(CONFIG_PAYLOAD_LIMIT_BYTES + 1, "arg=a", 6, CONFIG_PAYLOAD_LIMIT_BYTES),
                  "the payload is longer than 1 MiB"));
    CHECK(refused(disk_claiming(0xffffffff, "arg=a", 6, 0), "the payload is longer than 1 MiB"));
    return true;
}

static bool a_payload_cut_short_is_refused(void)
{
    CHECK(refused(disk_claiming(5, "arg=a", 6, 0), "the last entry does not end with NUL"));
    CHECK(refused(disk_claiming(9, "arg=a\0arg=b", 12, 0), "the last entry does not end with NUL"));
    return true;
}

static bool an_entry_without_a_key_is_refused(void)
{
    CHECK(refused(DISK("arg=a\0orphan"), "an entry is not key=value"));
    CHECK(refused(disk_claiming(7, "arg=a\0", 7, 0), "an entry is not key=value"));
    return true;
}

static bool nothing_to_run_is_refused(void)
{
    CHECK(refused(disk_claiming(0, "", 0, 500), "arg is missing"));
    CHECK(refused(DISK("hostname=web-1"), "arg is missing"));
    return true;
}

static bool a_value_that_makes_no_sense_is_refused(void)
{
    CHECK(refused(DISK("arg=a\0env=NAME"), "env is not NAME=VALUE"));
    CHECK(refused(DISK("arg=a\0env==x"), "env is not NAME=VALUE"));
    CHECK(refused(DISK("arg=a\0hostname="), "hostname is not a host name"));
    CHECK(refused(DISK("arg=a\0hostname=a\nb"), "hostname is not a host name"));
    CHECK(refused(DISK("arg=a\0hostname=a234567890b234567890c234567890d234567890e234567890f234567890g2345"),
                  "hostname is not a host name"));
    CHECK(refused(DISK("arg=a\0ip=10.0.2.15"), "ip is not a.b.c.d/length"));
    CHECK(refused(DISK("arg=a\0ip=10.0.2.15/33"), "ip is not a.b.c.d/length"));
    CHECK(refused(DISK("arg=a\0ip=10.0.2.15/"), "ip is not a.b.c.d/length"));
    CHECK(refused(DISK("arg=a\0ip=10.0.2.15/99999999999"), "ip is not a.b.c.d/length"));
    CHECK(refused(DISK("arg=a\0ip=10.0.2/24"), "ip is not a.b.c.d/length"));
    CHECK(refused(DISK("arg=a\0ip=10.0.2.15/24\0gateway=fd00::1"), "gateway is not an IPv4 address"));
    CHECK(refused(DISK("arg=a\0dns=resolver.example"), "dns is not an IP address"));
    CHECK(refused(DISK("arg=a\0workdir=srv"), "workdir is not an absolute path"));
    CHECK(refused(DISK("arg=a\0stop_grace_s=-1"), "stop_grace_s is not a number of seconds up to 3600"));
    CHECK(refused(DISK("arg=a\0stop_grace_s=3601"), "stop_grace_s is not a number of seconds up to 3600"));
    CHECK(refused(DISK("arg=a\0vm_id=web/1"), "vm_id is not the name of a VM"));
    CHECK(refused(DISK("arg=a\0user="), "user is neither USER nor USER:GROUP"));
    CHECK(refused(DISK("arg=a\0user=:www"), "user is neither USER nor USER:GROUP"));
    CHECK(refused(DISK("arg=a\0user=web:"), "user is neither USER nor USER:GROUP"));
    CHECK(refused(DISK("arg=a\0user=a:b:c"), "user is neither USER nor USER:GROUP"));
    CHECK(refused(DISK("arg=a\0stop_signal=SIGNAL"), "stop_signal is not a signal"));
    CHECK(refused(DISK("arg=a\0interactive=yes"), "interactive is neither 0 nor 1"));
    CHECK(refused(DISK("arg=a\0end=halt"), "end is neither poweroff nor reboot"));
    CHECK(refused(DISK("arg=a\0overlay=/dev/sda"), "overlay is not a disk such as /dev/vdc"));
    CHECK(refused(DISK("arg=a\0overlay=/dev/vd"), "overlay is not a disk such as /dev/vdc"));
    CHECK(refused(DISK("arg=a\0volume=/dev/vdd"), "volume is not DEVICE:DIRECTORY"));
    CHECK(refused(DISK("arg=a\0volume=/dev/vdd:data"), "volume is not DEVICE:DIRECTORY"));
    CHECK(refused(DISK("arg=a\0volume=/dev/vdd:/"), "volume is not DEVICE:DIRECTORY"));
    CHECK(refused(DISK("arg=a\0volume=/dev/vdd1:/data"), "volume is not on a disk such as /dev/vdd"));
    return true;
}

static bool signals_have_names_and_numbers(void)
{
    CHECK(parse_signal("SIGTERM") == SIGTERM && parse_signal("TERM") == SIGTERM && parse_signal("15") == SIGTERM);
    CHECK(parse_signal("SIGWINCH") == SIGWINCH && parse_signal("USR1") == SIGUSR1);
    CHECK(parse_signal("SIGRTMIN+3") == SIGRTMIN + 3 && parse_signal("RTMAX-1") == SIGRTMAX - 1);
    CHECK(parse_signal("RTMIN") == SIGRTMIN && parse_signal("SIGRTMAX") == SIGRTMAX);
    CHECK(parse_signal("") == 0 && parse_signal("SIG") == 0 && parse_signal("0") == 0 && parse_signal("65") == 0);
    CHECK(parse_signal("SIGTERMINATE") == 0 && parse_signal("term") == 0 && parse_signal("RTMIN-1") == 0);
    CHECK(parse_signal("RTMIN+31") == 0 && parse_signal("RTMIN+") == 0 && parse_signal("RTMAX+1") == 0);
    return true;
}

static bool contradictions_are_refused(void)
{
    CHECK(refused(DISK("arg=a\0end=reboot\0end=reboot"), "end is given twice"));
    CHECK(refused(DISK("arg=a\0gateway=10.0.2.2"), "gateway is given without ip"));
    return true;
}

/* Cuts a good disk at every length and flips every byte of it: whatever comes out, nothing is read that is not there. */
static bool no_damage_leads_outside_the_disk(void)
{
    static const char payload[] = "arg=a\0env=A=b\0ip=10.0.2.15/24\0gateway=10.0.2.2\0dns=10.0.2.3\0stop_grace_s=3\0end=reboot";
    struct config config;
    for (size_t cut = 0; cut < CONFIG_HEADER_BYTES + sizeof payload; cut++) {
        struct disk whole = DISK(payload);
        struct disk part = {.bytes = malloc(cut), .count = cut};
        memcpy(part.bytes, whole.bytes, cut);
        free(whole.bytes);
        CHECK(!parsed(part, &config));
        config_free(&config);
    }
    int outcomes[2] = {0};
    for (size_t flipped = 0; flipped < CONFIG_HEADER_BYTES + sizeof payload; flipped++) {
        for (int bit = 0; bit < 8; bit++) {
            struct disk disk = DISK(payload);
            disk.bytes[flipped] ^= (unsigned char)(1 << bit);
            outcomes[parsed(disk, &config)]++;
            config_free(&config);
        }
    }
    CHECK(outcomes[false] > 0 && outcomes[true] > 0);
    return true;
}

static bool a_disk_is_read_from_its_device(void)
{
    char path[] = "/tmp/vmplane-config-XXXXXX";
    int file = mkstemp(path);
    struct disk disk = disk_claiming(6, "arg=a", 6, CONFIG_PAYLOAD_LIMIT_BYTES);
    bool stored = write(file, disk.bytes, disk.count) == (ssize_t)disk.count;
    free(disk.bytes);
    close(file);
    struct config config, missing;

    bool good = config_read(path, &config);
    unlink(path);
    bool found = config_read(path, &missing);

    CHECK(stored && good);
    CHECK(config.arguments.count == 1);
    CHECK(!found && strstr(missing.fault, "No such file or directory") != NULL);
    config_free(&config);
    config_free(&missing);
    return true;
}

static bool beyond(struct disk disk)
{
    struct config config;
    bool good = parsed(disk, &config);
    bool answer = config_gateway_is_beyond(&config);
    config_free(&config);
    return good && answer;
}

static bool a_gateway_outside_of_the_guests_network_is_noticed(void)
{
    CHECK(beyond(DISK("arg=a\0ip=10.88.0.2/32\0gateway=10.88.0.1")));
    CHECK(beyond(DISK("arg=a\0ip=10.88.0.2/24\0gateway=10.88.1.1")));
    CHECK(!beyond(DISK("arg=a\0ip=10.88.0.2/16\0gateway=10.88.1.1")));
    CHECK(!beyond(DISK("arg=a\0ip=10.88.0.2/0\0gateway=192.0.2.1")));
    return true;
}

int main(void)
{
    RUN(a_full_configuration_is_understood);
    RUN(what_is_not_given_has_its_default);
    RUN(values_keep_every_byte_but_nul);
    RUN(padding_after_the_payload_is_ignored);
    RUN(unknown_keys_are_kept_for_a_warning);
    RUN(a_payload_of_the_largest_size_is_taken);
    RUN(a_damaged_header_is_refused);
    RUN(a_length_that_cannot_be_is_refused);
    RUN(a_payload_cut_short_is_refused);
    RUN(an_entry_without_a_key_is_refused);
    RUN(nothing_to_run_is_refused);
    RUN(a_value_that_makes_no_sense_is_refused);
    RUN(signals_have_names_and_numbers);
    RUN(contradictions_are_refused);
    RUN(a_gateway_outside_of_the_guests_network_is_noticed);
    RUN(no_damage_leads_outside_the_disk);
    RUN(a_disk_is_read_from_its_device);
    return told();
}
