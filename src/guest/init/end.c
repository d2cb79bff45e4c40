/* Ends the VM. This is the only way out of the first process; returning from it would be a kernel panic. */
#define _GNU_SOURCE
#include "init.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <unistd.h>

static enum ending how = END_POWEROFF;

void end_with(enum ending ending)
{
    how = ending;
}

void end_vm(void)
{
    console_drain();
    kernel_console(SILENT); /* it announces the end as an emergency; our line is to be the last */
    unmount_all();
    sync();
    reboot(how == END_REBOOT ? RB_AUTOBOOT : RB_POWER_OFF);
    /* The kernel refused or could not; what remains is a halt the host's own time limit has to notice. */
    for (;;)
        pause();
}

void give_up(const char *format, ...)
{
    char reason[256];
    va_list values;
    va_start(values, format);
    vsnprintf(reason, sizeof reason, format, values);
    va_end(values);
    kernel_log_pass(); /* it may have said why */
    say("cannot %s", reason);
    end_vm();
}
