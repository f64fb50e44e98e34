#include "deploy/cli/top_paint.h"

#include <string.h>

/* Goes on in the next line where it does not fit any more. */
static void part_draw(struct screen *s, const struct account_part *part, bool more)
{
    char text[SCREEN_NUMBER_BYTES];
    (void)screen_grouped(part->value, text);
    if (s->column + strlen(text) + strlen(part->name) + 4 > s->view->columns) {
        screen_end(s);
        screen_to(s, 26);
    }
    screen_put(s, part->bad && part->value ? YELLOW : PLAIN, "%s %s %s", more ? " +" : "", text,
               part->name);
}

void books_draw(struct screen *s)
{
    struct account account[ACCOUNTS_MAX];
    uint32_t n = watch_books(s->view->now, account);
    char text[SCREEN_NUMBER_BYTES];
    screen_put(s, BOLD, "BOOKS");
    screen_end(s);
    for (uint32_t i = 0; i < n; i++) {
        const struct account *a = &account[i];
        uint64_t sum = account_sum(a);
        screen_put(s, PLAIN, "%s", a->name);
        screen_to(s, 16);
        if (sum == a->total)
            screen_put(s, GOOD, "balanced  ");
        else
            screen_put(s, YELLOW, "off by %s%s  ", sum > a->total ? "+" : "-",
                       screen_grouped(sum > a->total ? sum - a->total : a->total - sum, text));
        screen_put(s, PLAIN, "%s %s =", screen_grouped(a->total, text), a->left);
        for (size_t p = 0; p < ACCOUNT_PARTS && a->part[p].name; p++)
            part_draw(s, &a->part[p], p > 0);
        screen_end(s);
    }
}

void books_draw_short(struct screen *s)
{
    struct account account[ACCOUNTS_MAX];
    uint32_t n = watch_books(s->view->now, account), off = 0;
    char text[SCREEN_NUMBER_BYTES];
    for (uint32_t i = 0; i < n; i++)
        off += account_sum(&account[i]) != account[i].total;
    screen_put(s, PLAIN, "books ");
    screen_put(s, off ? YELLOW : GOOD, off ? "%u of %u DO NOT BALANCE" : "balanced", off, n);
    for (uint32_t i = 0; i < n; i++)
        for (size_t p = 0; p < ACCOUNT_PARTS && account[i].part[p].name; p++)
            if (account[i].part[p].bad && account[i].part[p].value)
                screen_put(s, YELLOW, "  %s: %s %s", account[i].name,
                           screen_grouped(account[i].part[p].value, text), account[i].part[p].name);
    screen_end(s);
}
