/*
 * Owns the mount tree. The root disk is never written: the program sees it through an overlay whose upper layer lies on a
 * disk, or in memory, that ends with the VM; so one image can serve any number of guests at a time. Volumes are mounted
 * inside it: they are what outlives the VM.
 */
#define _GNU_SOURCE
#include "init.h"
#include "paths.h"

#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DEVICE_LIMIT_MS = 10000, DEVICE_STEP_MS = 5, MOUNT_LIMIT = 256 };

struct filesystem {
    const char *type, *target, *options;
    unsigned long flags;
};

static const struct filesystem KERNEL_FILESYSTEMS[] = {
    {"proc", "/proc", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV},
    {"sysfs", "/sys", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV},
    {"devtmpfs", "/dev", "mode=755", MS_NOSUID},
};

static const struct filesystem PROGRAM_FILESYSTEMS[] = {
    {"devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666", MS_NOSUID | MS_NOEXEC},
    {"tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV},
    {"tmpfs", "/run", "mode=755", MS_NOSUID | MS_NODEV},
    {"tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void mount_at(const char *source, const struct filesystem *filesystem)
{
    mkdir(filesystem->target, 0755);
    if (mount(source, filesystem->target, filesystem->type, filesystem->flags, filesystem->options) != 0)
        give_up("mount %s on %s: %s", source, filesystem->target, strerror(errno));
}

static void mount_each(const struct filesystem *filesystems, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mount_at(filesystems[i].type, &filesystems[i]);
}

void mount_kernel_filesystems(void)
{
    mount_each(KERNEL_FILESYSTEMS, COUNT(KERNEL_FILESYSTEMS));
}

void wait_for_device(const char *path)
{
    const struct timespec step = {.tv_nsec = DEVICE_STEP_MS * 1000000L};
    for (int waited_ms = 0; access(path, F_OK) != 0; waited_ms += DEVICE_STEP_MS) {
        if (waited_ms >= DEVICE_LIMIT_MS)
            give_up("find %s: it did not appear within %d s", path, DEVICE_LIMIT_MS / 1000);
        nanosleep(&step, NULL);
    }
}

/* Moves a mount into the root under /root, where the program will find it under its old name. */
static void carry_over(const char *mounted)
{
    char target[32];
    snprintf(target, sizeof target, "/root%s", mounted);
    mkdir(target, 0755);
    if (mount(mounted, target, NULL, MS_MOVE, NULL) != 0)
        give_up("move %s: %s", mounted, strerror(errno));
}

static void link_stream(const char *name, const char *descriptor)
{
    if (symlink(descriptor, name) != 0 && errno != EEXIST)
        say("cannot link %s: %s", name, strerror(errno));
}

/* The kernel's device file system has no such names, and shells and servers write to them. */
static void link_standard_streams(void)
{
    link_stream("/dev/fd", "/proc/self/fd");
    link_stream("/dev/stdin", "/proc/self/fd/0");
    link_stream("/dev/stdout", "/proc/self/fd/1");
    link_stream("/dev/stderr", "/proc/self/fd/2");
}

/* The disks of the host come formatted and full of zeros, so there are no tables for the kernel to fill with zeros, which
 * would make a sparse file grow for nothing. */
#define DISK_OPTIONS "noinit_itable,errors=remount-ro"

static void mount_changes(const char *device)
{
    static const struct filesystem memory = {"tmpfs", "/changes", "mode=755", MS_NODEV};
    static const struct filesystem disk = {"ext4", "/changes", DISK_OPTIONS, MS_NOATIME | MS_NODEV};
    if (device == NULL) {
        mount_at("tmpfs", &memory);
    } else {
        wait_for_device(device);
        mount_at(device, &disk);
    }
    mkdir("/changes/upper", 0755);
    mkdir("/changes/work", 0755);
}

/* What devices there are, /dev holds. An image may bring nodes of its own, made by somebody else for another machine. */
void enter_root(const char *device, const char *changes)
{
    static const struct filesystem image = {"ext4", "/image", NULL, MS_RDONLY | MS_NODEV};
    static const struct filesystem overlay = {
        "overlay", "/root", "lowerdir=/image,upperdir=/changes/upper,workdir=/changes/work", MS_NODEV};
    mount_at(device, &image);
    mount_changes(changes);
    mount_at("overlay", &overlay);

    for (size_t i = 0; i < COUNT(KERNEL_FILESYSTEMS); i++)
        carry_over(KERNEL_FILESYSTEMS[i].target);
    unlink("/init"); /* files of an initramfs occupy guest memory for good */
    if (chdir("/root") != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0)
        give_up("enter the root: %s", strerror(errno));

    link_standard_streams();
    mount_each(PROGRAM_FILESYSTEMS, COUNT(PROGRAM_FILESYSTEMS));
}

/* A volume holds data: like other places for data it brings no programs with rights of their own and no devices. What a
 * crash left half-written in it, its journal mends while it is mounted. */
void mount_volumes(const struct words *volumes)
{
    for (size_t i = 0; i < volumes->count; i++) {
        char *device = volumes->items[i];
        char *target = strchr(device, ':');
        *target++ = '\0';
        wait_for_device(device);
        make_directories(target);
        mount_at(device, &(struct filesystem){"ext4", target, DISK_OPTIONS, MS_NOSUID | MS_NODEV});
    }
}

/* Newest first, so that what the program mounted itself is written back too. What is busy (the root) stays. */
void unmount_all(void)
{
    char *targets[MOUNT_LIMIT];
    size_t count = 0;
    FILE *mounts = setmntent("/proc/self/mounts", "r");
    if (mounts == NULL)
        return;
    for (struct mntent *entry; count < MOUNT_LIMIT && (entry = getmntent(mounts)) != NULL;) {
        if ((targets[count] = strdup(entry->mnt_dir)) != NULL)
            count++;
    }
    endmntent(mounts);
    while (count > 0)
        umount2(targets[--count], UMOUNT_NOFOLLOW);
}
