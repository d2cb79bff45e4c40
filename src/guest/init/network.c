/* Gives the guest its name and address with plain ioctls: an image need not hold a single network tool. */
#define _GNU_SOURCE
#include "init.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char INTERFACE[] = "eth0";

static struct sockaddr ipv4(struct in_addr address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = address};
    struct sockaddr any;
    memcpy(&any, &in, sizeof any);
    return any;
}

static struct in_addr mask(unsigned prefix_bits)
{
    return (struct in_addr){htonl(prefix_bits == 0 ? 0 : UINT32_MAX << (32 - prefix_bits))};
}

static void bring_up(int control, const char *interface)
{
    struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
    strcpy(request.ifr_name, interface);
    if (ioctl(control, SIOCSIFFLAGS, &request) != 0)
        give_up("bring up %s: %s", interface, strerror(errno));
}

static void set_address(int control, const struct config *config)
{
    struct ifreq request = {.ifr_addr = ipv4(config->address)};
    strcpy(request.ifr_name, INTERFACE);
    if (ioctl(control, SIOCSIFADDR, &request) != 0)
        give_up("set the address of %s: %s", INTERFACE, strerror(errno));
    request.ifr_netmask = ipv4(mask(config->prefix_bits));
    if (ioctl(control, SIOCSIFNETMASK, &request) != 0)
        give_up("set the netmask of %s: %s", INTERFACE, strerror(errno));
}

/*
 * An address with all of its bits in the prefix has no neighbours: everything, other guests too, is reached through the
 * gateway, and that the gateway itself is at the other end of the wire has to be said.
 */
static void add_route_to_gateway(int control, const struct config *config)
{
    const struct in_addr exactly = mask(32);
    char interface[sizeof INTERFACE];
    memcpy(interface, INTERFACE, sizeof INTERFACE);
    struct rtentry route = {
        .rt_dst = ipv4(config->gateway),
        .rt_genmask = ipv4(exactly),
        .rt_flags = RTF_UP | RTF_HOST,
        .rt_dev = interface,
    };
    if (ioctl(control, SIOCADDRT, &route) != 0)
        give_up("add the route to the gateway: %s", strerror(errno));
}

static void add_default_route(int control, const struct config *config)
{
    const struct in_addr anywhere = {INADDR_ANY};
    struct rtentry route = {
        .rt_dst = ipv4(anywhere),
        .rt_genmask = ipv4(anywhere),
        .rt_gateway = ipv4(config->gateway),
        .rt_flags = RTF_UP | RTF_GATEWAY,
    };
    if (ioctl(control, SIOCADDRT, &route) != 0)
        give_up("add the default route: %s", strerror(errno));
}

/* The image may hold the name already, as a file of its own or as a link that leads nowhere here: it is replaced. */
static FILE *replace(const char *path)
{
    mkdir("/etc", 0755);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL)
        give_up("write %s: %s", path, strerror(errno));
    return file;
}

static void write_hosts(const struct config *config)
{
    FILE *hosts = replace("/etc/hosts");
    fputs("127.0.0.1\tlocalhost\n::1\tlocalhost\n", hosts);
    if (config->hostname != NULL)
        fprintf(hosts, "%s\t%s\n", config->has_address ? inet_ntoa(config->address) : "127.0.1.1", config->hostname);
    fclose(hosts);
}

static void write_nameservers(const struct config *config)
{
    FILE *resolver = replace("/etc/resolv.conf");
    for (size_t i = 0; i < config->nameservers.count; i++)
        fprintf(resolver, "nameserver %s\n", config->nameservers.items[i]);
    fclose(resolver);
}

void network_up(const struct config *config)
{
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0)
        give_up("open a network socket: %s", strerror(errno));
    bring_up(control, "lo");
    if (config->has_address) {
        set_address(control, config);
        bring_up(control, INTERFACE);
    }
    if (config->has_gateway) {
        if (config_gateway_is_beyond(config))
            add_route_to_gateway(control, config);
        add_default_route(control, config);
    }
    close(control);

    if (config->hostname != NULL && sethostname(config->hostname, strlen(config->hostname)) != 0)
        give_up("set the host name: %s", strerror(errno));
    write_hosts(config);
    if (config->nameservers.count > 0)
        write_nameservers(config);
}
