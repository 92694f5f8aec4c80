#include <stdio.h>
#define SIZE 64
#define NAME "config"
#define RUN system

typedef struct node {
    int value, list[SIZE];
    struct node *next;
} node_t;

enum color { RED, GREEN = 5, BLUE };

static char *global = "x" "y";

static int find(const node_t *n, char buf[10], void (*done)(int), ...)
{
    char a[SIZE] = "", *p = buf, **q, m[2][3];
    static int calls;
    calls++;
    unsigned long int count = 0x10UL;
    struct node s = { .value = 1, .next = NULL }, t = { 1, { 0 } };
    if (!n || !(p = malloc(sizeof(node_t) * count)))
        return -1;
    *p = 'c';
    *p++ = (*n).value + n->next->value;
    p[1] += (char)a[0], q = &p;
    for (int i = 0, j = 1; i < SIZE; i++, j--) {
        int count = i;
        if (count > 3) goto out;
    }
    do { count--; } while (count);
    switch (n->value) {
    case RED:
    case 2: printf("%d\n", n->value); break;
    default: done(1);
    }
#ifdef WIN
    count = 1;
#else
    count = 2;
#endif
#if 0
    nothing();
#endif
    RUN(NAME);
again:
    count ? p : q;
    goto again;
out:
    free(p);
    return sizeof a;
}
