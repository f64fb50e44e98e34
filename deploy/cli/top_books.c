#include "deploy/cli/top_paint.h"

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
            screen_put(s, a->part[p].bad && a->part[p].value ? YELLOW : PLAIN, "%s %s %s",
                       p ? " +" : "", screen_grouped(a->part[p].value, text), a->part[p].name);
        screen_end(s);
    }
}
