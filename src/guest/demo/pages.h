/* What the demo server answers, apart from how the bytes travel. */
#ifndef VMPLANE_DEMO_PAGES_H
#define VMPLANE_DEMO_PAGES_H

#include <stdbool.h>
#include <stddef.h>

/* Text that grows; running out of memory ends the server. */
struct text {
    char *bytes;
    size_t count, room;
};

void text_add(struct text *text, const char *bytes, size_t count);

enum { NO_EXIT = -1 };

struct page {
    int status;
    const char *type;
    struct text body;
    int exit_status; /* the server ends with it once the page is sent; NO_EXIT: it stays */
};

/* Fills a page with one line of text. */
struct page text_page(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct page page_at(const char *path);

/* disk.c: writes `what`, "<MiB>/<file>", and tells how far it came; reads "<file>" and tells its size and first line. */
struct page written_page(const char *what);
struct page read_page(const char *what);
/* Whether the page at this path waits for other hosts before it answers: up to some seconds. */
bool page_waits(const char *path);

/* The answer of such a page to `query`, the text behind the question mark. */
struct page page_that_waits(const char *path, const char *query);

#endif
