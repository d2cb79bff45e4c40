/* How facts about C code are told: a CHECK that does not hold says where, RUN says of each fact whether it holds. */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>
#include <stdio.h>

static int passed, failed;

#define CHECK(holds)                                                              \
    do {                                                                          \
        if (!(holds)) {                                                           \
            printf("  %s:%d does not hold: %s\n", __func__, __LINE__, #holds);    \
            return false;                                                         \
        }                                                                         \
    } while (0)

static void run(const char *fact, bool (*test)(void))
{
    bool holds = test();
    if (holds)
        passed++;
    else
        failed++;
    printf("%s %s\n", holds ? "ok  " : "FAIL", fact);
}

#define RUN(test) run(#test, test)

static int told(void)
{
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

#endif
