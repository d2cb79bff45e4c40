/*
 * The pages that show what this guest can reach: `/reach?to=HOST:PORT` connects and tells the first line that comes,
 * `/ping?to=HOST` sends one echo request. A host is an IPv4 address or a name; names are asked for here and not in the C
 * library, which cannot do it in a program without shared libraries.
 */
#define _GNU_SOURCE
#include "pages.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 2000, DNS_PORT = 53, DNS_HEADER_BYTES = 12, DNS_MESSAGE_BYTES = 512, DNS_TYPE_A = 1, DNS_CLASS_IN = 1 };

static const char REACH[] = "/reach", PING[] = "/ping";

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether `fd` is ready for `events` before `deadline_ms`. */
static bool ready(int fd, short events, long deadline_ms)
{
    struct pollfd waited = {.fd = fd, .events = events};
    long left = deadline_ms - now_ms();
    if (left > 0 && poll(&waited, 1, (int)left) == 1)
        return true;
    errno = ETIMEDOUT;
    return false;
}

static bool first_nameserver(struct in_addr *server)
{
    char line[256], text[64];
    FILE *file = fopen("/etc/resolv.conf", "re");
    bool found = false;
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL)
        found = sscanf(line, "nameserver %63s", text) == 1 && inet_pton(AF_INET, text, server) == 1;
    if (file != NULL)
        fclose(file);
    return found;
}

/* The question for the address of `name`, see RFC 1035, section 4; answers its length, or 0 for what is no name. */
static size_t dns_question(const char *name, unsigned char message[DNS_MESSAGE_BYTES])
{
    static const unsigned char header[DNS_HEADER_BYTES] = {0x76, 0x6d, 1, 0, 0, 1};
    memcpy(message, header, sizeof header);
    size_t at = sizeof header;
    for (const char *label = name; *label != '\0';) {
        size_t length = strcspn(label, ".");
        if (length == 0 || length > 63 || at + length > 255)
            return 0;
        message[at++] = (unsigned char)length;
        memcpy(message + at, label, length);
        at += length;
        label += length + (label[length] == '.');
    }
    static const unsigned char tail[] = {0, 0, DNS_TYPE_A, 0, DNS_CLASS_IN};
    memcpy(message + at, tail, sizeof tail);
    return at + sizeof tail;
}

static size_t past_name(const unsigned char *message, size_t count, size_t at)
{
    while (at < count && message[at] != 0 && message[at] < 0xc0)
        at += message[at] + 1u;
    return at + (at < count && message[at] >= 0xc0 ? 2 : 1);
}

/* The first address in an answer to a question of `asked` bytes. */
static bool dns_address(const unsigned char *message, size_t count, size_t asked, struct in_addr *address)
{
    for (size_t at = asked; at < count;) {
        at = past_name(message, count, at);
        if (at + 10 > count)
            return false;
        size_t length = (size_t)message[at + 8] << 8 | message[at + 9];
        if (message[at + 1] == DNS_TYPE_A && length == sizeof *address && at + 10 + length <= count) {
            memcpy(address, message + at + 10, sizeof *address);
            return true;
        }
        at += 10 + length;
    }
    return false;
}

static bool resolve(const char *name, struct in_addr *address)
{
    if (inet_pton(AF_INET, name, address) == 1)
        return true;
    unsigned char message[DNS_MESSAGE_BYTES];
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(DNS_PORT)};
    size_t asked = dns_question(name, message);
    if (asked == 0 || !first_nameserver(&server.sin_addr))
        return false;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ssize_t got = -1;
    if (fd >= 0 && connect(fd, (struct sockaddr *)&server, sizeof server) == 0 &&
        send(fd, message, asked, 0) == (ssize_t)asked && ready(fd, POLLIN, now_ms() + WAIT_MS))
        got = recv(fd, message, sizeof message, 0);
    close(fd);
    return got > (ssize_t)asked && dns_address(message, (size_t)got, asked, address);
}

static struct page refused(const char *verb, const char *host, const char *why)
{
    return text_page(502, "cannot %s %.100s: %s\n", verb, host, why);
}

/* Asks for a page, since an HTTP server says nothing first, and reads up to the end of the first line. */
static struct page first_line(int fd, const char *host, long deadline_ms)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    char line[200] = "";
    size_t count = 0;
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0)
        return refused("reach", host, strerror(errno));
    while (count < sizeof line - 1 && strpbrk(line, "\r\n") == NULL && ready(fd, POLLIN, deadline_ms)) {
        ssize_t got = recv(fd, line + count, sizeof line - 1 - count, 0);
        if (got <= 0)
            break;
        count += (size_t)got;
        line[count] = '\0';
    }
    line[strcspn(line, "\r\n")] = '\0';
    return text_page(200, "reached %.100s: %s\n", host, line);
}

static struct page reach(const char *host, unsigned short port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (!resolve(host, &to.sin_addr))
        return refused("reach", host, "there is no such name");
    long deadline_ms = now_ms() + WAIT_MS;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
        socklen_t length = sizeof error;
        if (!ready(fd, POLLOUT, deadline_ms))
            error = ETIMEDOUT;
        else
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    }
    struct page page = error == 0 ? first_line(fd, host, deadline_ms) : refused("reach", host, strerror(error));
    close(fd);
    return page;
}

static unsigned short checksum(const void *bytes, size_t count)
{
    unsigned sum = 0;
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < count; i++)
        sum += i % 2 == 0 ? (unsigned)byte[i] << 8 : byte[i];
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((unsigned short)~sum);
}

/* Waits for the echo, or for somebody on the way who says that there will be none. */
static struct page echo(int fd, const char *host, struct in_addr to, unsigned short id)
{
    long deadline_ms = now_ms() + WAIT_MS;
    while (ready(fd, POLLIN, deadline_ms)) {
        unsigned char packet[1500];
        ssize_t got = recv(fd, packet, sizeof packet, 0);
        const struct ip *ip = (const struct ip *)packet;
        size_t head = got < (ssize_t)sizeof *ip ? 0 : ip->ip_hl * 4u;
        if (head == 0 || (size_t)got < head + sizeof(struct icmphdr))
            continue;
        struct icmphdr icmp;
        memcpy(&icmp, packet + head, sizeof icmp);
        if (icmp.type == ICMP_ECHOREPLY && icmp.un.echo.id == id && ip->ip_src.s_addr == to.s_addr)
            return text_page(200, "%.100s answers\n", host);
        if (icmp.type == ICMP_DEST_UNREACH)
            return refused("ping", host, "the way there is closed");
    }
    return refused("ping", host, "no answer");
}

static struct page ping(const char *host)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    if (!resolve(host, &to.sin_addr))
        return refused("ping", host, "there is no such name");
    struct icmphdr request = {.type = ICMP_ECHO, .un.echo = {.id = htons((unsigned short)getpid())}};
    request.checksum = checksum(&request, sizeof request);
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
    struct page page = fd >= 0 && sendto(fd, &request, sizeof request, 0, (struct sockaddr *)&to, sizeof to) > 0
                           ? echo(fd, host, to.sin_addr, request.un.echo.id)
                           : refused("ping", host, strerror(errno));
    close(fd);
    return page;
}

bool page_waits(const char *path)
{
    return strcmp(path, REACH) == 0 || strcmp(path, PING) == 0;
}

struct page page_that_waits(const char *path, const char *query)
{
    char host[254];
    unsigned port = 0;
    int parts = sscanf(query, "to=%253[A-Za-z0-9.-]:%5u", host, &port);
    if (strcmp(path, PING) == 0 && parts == 1)
        return ping(host);
    if (strcmp(path, REACH) == 0 && parts == 2 && port > 0 && port < 65536)
        return reach(host, (unsigned short)port);
    return text_page(404, "Say /reach?to=HOST:PORT or /ping?to=HOST.\n");
}
