/*
 * Hears the host's wish to stop. Firecracker presses Ctrl-Alt-Del, which reaches the first process as SIGINT; Cloud
 * Hypervisor and QEMU press the ACPI power button, which is a key on an input device. SIGTERM is for programs inside.
 */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/input.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { INPUT_DEVICE_LIMIT = 32 };

void stop_requests_hold(sigset_t *held)
{
    sigemptyset(held);
    sigaddset(held, SIGINT);
    sigaddset(held, SIGTERM);
    sigaddset(held, SIGCHLD);
    sigprocmask(SIG_BLOCK, held, NULL);
    reboot(RB_DISABLE_CAD);
}

static bool has_power_key(int device)
{
    unsigned long keys[KEY_CNT / (sizeof(long) * CHAR_BIT) + 1] = {0};
    if (ioctl(device, EVIOCGBIT(EV_KEY, sizeof keys), keys) < 0)
        return false;
    size_t bits = sizeof keys[0] * CHAR_BIT;
    return keys[KEY_POWER / bits] >> (KEY_POWER % bits) & 1;
}

void stop_requests_open(const sigset_t *held, struct stop_sources *sources)
{
    sources->key_count = 0;
    sources->signals = signalfd(-1, held, SFD_CLOEXEC | SFD_NONBLOCK);
    if (sources->signals < 0)
        give_up("wait for signals: %s", strerror(errno));
    for (int i = 0; i < INPUT_DEVICE_LIMIT && sources->key_count < POWER_KEY_LIMIT; i++) {
        char path[32];
        snprintf(path, sizeof path, "/dev/input/event%d", i);
        int device = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (device < 0)
            continue;
        if (has_power_key(device))
            sources->keys[sources->key_count++] = device;
        else
            close(device);
    }
}

bool power_key_pressed(int key)
{
    struct input_event event;
    bool pressed = false;
    while (read(key, &event, sizeof event) == sizeof event)
        pressed |= event.type == EV_KEY && event.code == KEY_POWER && event.value == 1;
    return pressed;
}
