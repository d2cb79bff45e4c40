/*
 * The configuration disk: what the host asks this guest to run, and who the guest is on the network.
 *
 * Layout: 8 bytes "VMPLANE1", the payload's length as an unsigned 32-bit little-endian number, then the payload, which is
 * a sequence of NUL-terminated `key=value` strings. Values may hold any byte but NUL. What follows the payload is padding.
 *
 * The disk is written by the host but may be stale, cut short or not ours at all, so every byte is checked before it is used.
 */
#ifndef VMPLANE_GUEST_CONFIG_H
#define VMPLANE_GUEST_CONFIG_H

#include "words.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    CONFIG_HEADER_BYTES = 12,
    CONFIG_PAYLOAD_LIMIT_BYTES = 1 << 20,
    CONFIG_STOP_GRACE_LIMIT_S = 3600,
};

/* How the VM is ended: Cloud Hypervisor and QEMU leave on power-off, Firecracker only on a reboot. */
enum ending { END_POWEROFF, END_REBOOT };

struct config {
    struct words arguments;    /* at least one */
    struct words environment;  /* NAME=VALUE each, NAME not empty */
    struct words nameservers;  /* IPv4 or IPv6 addresses */
    struct words unknown_keys; /* for a warning; a newer host may know more than this guest */
    const char *hostname;      /* NULL when not given */
    bool has_address;
    struct in_addr address;
    unsigned prefix_bits;
    bool has_gateway;
    struct in_addr gateway;
    const char *overlay;       /* the disk for changes to the root; NULL: they are kept in memory */
    struct words volumes;      /* DEVICE:DIRECTORY each, in the order in which to mount them */
    const char *vm_id;         /* NULL when not given */
    const char *user;          /* USER or USER:GROUP, names or numbers; NULL: root */
    const char *workdir;
    bool interactive;          /* no program is started: the agent starts it in a terminal, when somebody asks */
    int stop_signal;
    unsigned stop_grace_s;
    enum ending end;

    char fault[128]; /* why the disk was refused, for people */
    char *payload;   /* owns the bytes every string above points into */
};

/* Fills `config` from the bytes of a disk. False: the disk is refused and `fault` says why. */
bool config_parse(const unsigned char *disk, size_t bytes, struct config *config);

/* Reads the device at `path`, no further than the largest payload, and parses it. */
bool config_read(const char *path, struct config *config);

/* Whether no address of the guest's own network is its gateway's, so that a route must say where the gateway is. */
bool config_gateway_is_beyond(const struct config *config);

void config_free(struct config *config);

#endif
