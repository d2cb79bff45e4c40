#define _GNU_SOURCE
#include "link.h"
#include "clock.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char PORT_NAME[] = "vmplane.agent\n";

enum { VSOCK_PORT = 1024, SEARCH_LIMIT_MS = 10000, SEARCH_STEP_MS = 20 };

/* One reader of a port at a time: whoever holds it makes this fail. */
static int open_port(const char *name)
{
    char path[300], found[sizeof PORT_NAME] = "";
    snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = file < 0 ? -1 : read(file, found, sizeof found);
    if (file >= 0)
        close(file);
    if (count != sizeof PORT_NAME - 1 || memcmp(found, PORT_NAME, (size_t)count) != 0)
        return -1;
    snprintf(path, sizeof path, "/dev/%s", name);
    return open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static int find_port(void)
{
    int port = -1;
    DIR *ports = opendir("/sys/class/virtio-ports");
    for (struct dirent *entry; ports != NULL && port < 0 && (entry = readdir(ports)) != NULL;) {
        if (entry->d_name[0] != '.')
            port = open_port(entry->d_name);
    }
    if (ports != NULL)
        closedir(ports);
    return port;
}

/*
 * A port at which nobody is reads as ended and polls as hung up, again and again. What wakes up only when that changes is an
 * edge, which poll does not know; an epoll that is itself polled does.
 */
static int watch_turns(int port)
{
    int turns = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event edge = {.events = EPOLLIN | EPOLLET};
    if (turns >= 0 && epoll_ctl(turns, EPOLL_CTL_ADD, port, &edge) != 0) {
        close(turns);
        return -1;
    }
    return turns;
}

/* Sockets can be had without a device; only with one has the guest a number of its own. */
static bool has_vsock(void)
{
    unsigned cid = VMADDR_CID_ANY;
    int device = open("/dev/vsock", O_RDONLY | O_CLOEXEC);
    bool known = device >= 0 && ioctl(device, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid) == 0;
    if (device >= 0)
        close(device);
    return known && cid != VMADDR_CID_ANY && cid > VMADDR_CID_HOST;
}

static int listen_on_vsock(void)
{
    const struct sockaddr_vm here = {.svm_family = AF_VSOCK, .svm_port = VSOCK_PORT, .svm_cid = VMADDR_CID_ANY};
    struct sockaddr any;
    memcpy(&any, &here, sizeof any);
    int listener = has_vsock() ? socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
    if (listener >= 0 && (bind(listener, &any, sizeof any) != 0 || listen(listener, 4) != 0)) {
        close(listener);
        listener = -1;
    }
    return listener;
}

bool link_open(struct link *link)
{
    const struct timespec step = {.tv_nsec = SEARCH_STEP_MS * 1000000L};
    for (long until_ms = now_ms() + SEARCH_LIMIT_MS; now_ms() < until_ms; nanosleep(&step, NULL)) {
        *link = (struct link){.fd = -1, .listener = -1, .turns = -1};
        if ((link->fd = find_port()) >= 0) {
            link->turns = watch_turns(link->fd);
            link->attended = true; /* perhaps; the first read tells */
            return link->turns >= 0;
        }
        if ((link->listener = listen_on_vsock()) >= 0)
            return true;
    }
    return false;
}

struct link link_over(int fd)
{
    return (struct link){.fd = fd, .listener = -1, .turns = -1};
}

static bool is_port(const struct link *link)
{
    return link->turns >= 0;
}

bool link_outlives_agent(const struct link *link)
{
    return is_port(link);
}

bool link_is_dead(const struct link *link)
{
    return link->fd < 0 && link->listener < 0;
}

void link_interests(const struct link *link, bool read, bool write, struct pollfd ready[LINK_INTERESTS])
{
    bool there = !is_port(link) || link->attended;
    short events = (short)((read ? POLLIN : 0) | (write ? POLLOUT : 0));
    ready[0] = (struct pollfd){.fd = there && events != 0 ? link->fd : -1, .events = events};
    ready[1] = (struct pollfd){.fd = is_port(link) ? (there ? -1 : link->turns) : link->listener, .events = POLLIN};
}

/* Only the host may connect; a program of the guest has no business here. */
static int take_connection(int listener)
{
    struct sockaddr any = {0};
    struct sockaddr_vm peer;
    socklen_t length = sizeof any;
    static_assert(sizeof any == sizeof peer, "the kernel's two views of one address");
    int fd = accept4(listener, &any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    memcpy(&peer, &any, sizeof peer);
    if (fd >= 0 && (length < sizeof peer || peer.svm_cid != VMADDR_CID_HOST)) {
        close(fd);
        return -1;
    }
    return fd;
}

bool link_turned(struct link *link, const struct pollfd ready[LINK_INTERESTS])
{
    /* Where somebody is read from, the reading tells when he leaves. */
    if (is_port(link) && (ready[0].revents & POLLHUP) != 0 && (ready[0].events & POLLIN) == 0) {
        link_hang_up(link);
        return true;
    }
    if (ready[1].revents == 0)
        return false;
    if (is_port(link)) {
        struct epoll_event edge;
        epoll_wait(link->turns, &edge, 1, 0);
        link->attended = true; /* perhaps again */
        return false;
    }
    int newer = take_connection(link->listener);
    if (newer < 0)
        return false;
    if (link->fd >= 0)
        close(link->fd);
    link->fd = newer;
    return true;
}

static ssize_t left(struct link *link)
{
    link_hang_up(link);
    return -1;
}

ssize_t link_read(struct link *link, void *bytes, size_t count)
{
    ssize_t got = read(link->fd, bytes, count);
    if (got > 0)
        return got;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : left(link);
}

ssize_t link_write(struct link *link, const void *bytes, size_t count)
{
    ssize_t put = is_port(link) ? write(link->fd, bytes, count) : send(link->fd, bytes, count, MSG_NOSIGNAL);
    if (put >= 0)
        return put;
    return errno == EAGAIN || errno == EINTR ? 0 : left(link);
}

void link_hang_up(struct link *link)
{
    if (is_port(link)) {
        link->attended = false;
        return;
    }
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
}
