/*
 * The first process of a vmplane guest. It brings the machine up from an initramfs, runs the one program named on the
 * configuration disk, and ends the VM with it. It never returns: whatever goes wrong ends the VM with a line that says why.
 *
 * Every line on the console says whose it is. What the program and the kernel print begins with the time in milliseconds
 * since 1970; upper case means that the line goes on in the next one of its stream, because it is longer than 4096 bytes or
 * its end is not there yet:
 *
 *     <ms> o <text>    the program's standard output, or O
 *     <ms> e <text>    its standard error, or E
 *     <ms> k <text>    a warning of the kernel, or worse
 *
 * What is this program's own begins with its name:
 *
 *     vmplane-guest: started pid=<n> uptime_ms=<n>   before any output of the program; pid 0: it waits for a terminal
 *     vmplane-guest: cannot <verb>: <reason>
 *     vmplane-guest: exit status=<n>                 the last line; or exit signal=<n>
 *
 * Lines before these, and a last one when the kernel panics, are written by the kernel itself. A VM that ends without an
 * exit line either never got as far as its program, and then its last line is a `cannot`, or was ended by the kernel or by
 * the program itself, which has every right in its machine if it is root there.
 */
#define _GNU_SOURCE
#include "init.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const char ROOT_DISK[] = "/dev/vda";
static const char CONFIG_DISK[] = "/dev/vdb";

static long uptime_ms(void)
{
    struct timespec since_boot;
    clock_gettime(CLOCK_BOOTTIME, &since_boot);
    return since_boot.tv_sec * 1000 + since_boot.tv_nsec / 1000000;
}

static void read_config(struct config *config)
{
    if (!config_read(CONFIG_DISK, config))
        give_up("read configuration: %s", config->fault);
    end_with(config->end);
    for (size_t i = 0; i < config->unknown_keys.count; i++)
        say("cannot use key %.64s: it is unknown", config->unknown_keys.items[i]);
}

/* So that no descriptor of ours has the number of one that a program's streams become. */
static void fill_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    close(fd);
}

static struct outcome run(const struct config *config, const struct stop_sources *sources)
{
    struct program program = {.outputs = {-1, -1}};
    struct outcome outcome;
    if (!config->interactive && !program_start(config, &program, &outcome))
        return outcome;
    say("started pid=%d uptime_ms=%ld", (int)program.pid, uptime_ms());
    return supervise(config, &program, sources);
}

int main(void)
{
    if (getpid() != 1) {
        fputs("vmplane-guest is the first process of a VM and would end this machine: not started\n", stderr);
        return 1;
    }
    sigset_t held;
    struct stop_sources sources;
    struct config config;

    stop_requests_hold(&held);
    mount_kernel_filesystems();
    fill_standard_streams();
    console_open();
    kernel_log_open();
    load_modules("/modules");
    wait_for_device(ROOT_DISK);
    wait_for_device(CONFIG_DISK);
    read_config(&config);
    enter_root(ROOT_DISK, config.overlay);
    mount_volumes(&config.volumes);
    network_up(&config);
    stop_requests_open(&held, &sources);

    struct outcome outcome = run(&config, &sources);
    kernel_log_pass();
    say("exit %s=%d", outcome.signalled ? "signal" : "status", outcome.number);
    end_vm();
}
