#include "deploy/cli/top_order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct item {
    uint32_t at;
    bool exercise;
    double key; /* the greater, the higher */
    struct str name;
};

static bool contains(struct str text, const char *filter)
{
    size_t n = strlen(filter);
    for (size_t i = 0; i + n <= text.len; i++)
        if (strncasecmp(text.at + i, filter, n) == 0)
            return true;
    return false;
}

static int level_of(enum watch_kind kind, const union result_any *any, bool stale)
{
    int level = kind == WATCH_ALERTS ? any->alert.level : any->zone.level;
    bool known = kind == WATCH_ALERTS || any->zone.known > 0;
    return stale || !known || level == LEVEL_ABSENT ? LEVEL_UNKNOWN : level;
}

bool top_order_bad(enum watch_kind kind, const union result_any *any, bool stale)
{
    if (kind == WATCH_GATES)
        return stale || any->gate.known <= 0 || !str_is(any->gate.state, "open");
    return level_of(kind, any, stale) != LEVEL_NONE;
}

static bool fits(enum watch_kind kind, const union result_any *any, const struct top_choice *choice,
                 bool stale)
{
    if (!choice)
        return true;
    if (choice->only_bad && !top_order_bad(kind, any, stale))
        return false;
    if (!choice->filter[0])
        return true;
    const struct result_zone *z = &any->zone;
    const struct result_alert *a = &any->alert;
    const struct result_gate *g = &any->gate;
    switch (kind) {
    case WATCH_ZONES:
        return contains(z->zone, choice->filter) || contains(z->kind, choice->filter) ||
               contains(str_of(level_text(level_of(kind, any, stale))), choice->filter);
    case WATCH_ALERTS:
        return contains(a->zone, choice->filter) || contains(a->rule, choice->filter) ||
               contains(a->state, choice->filter) || contains(a->assigned, choice->filter) ||
               contains(str_of(level_text(level_of(kind, any, stale))), choice->filter);
    default:
        return contains(g->gate, choice->filter) || contains(g->state, choice->filter) ||
               contains(g->direction, choice->filter);
    }
}

/* Where there is no figure the item goes to the end. */
static double figure(double v)
{
    return isfinite(v) ? v : -INFINITY;
}

static double count(int64_t v)
{
    return v >= 0 ? (double)v : -INFINITY;
}

static struct item item_of(enum watch_kind kind, uint32_t at, const union result_any *any,
                           enum top_sort sort)
{
    const struct result_zone *z = &any->zone;
    struct item item = {.at = at, .key = -(double)at}; /* worst first, as it comes */
    if (kind != WATCH_ZONES)
        return item;
    item.exercise = z->status.len && !str_is(z->status, "Actual");
    item.name = z->zone;
    if (sort == TOP_SORT_PEOPLE)
        item.key = count(z->occupancy_upper >= 0 ? z->occupancy_upper : z->occupancy);
    else if (sort == TOP_SORT_CAPACITY)
        item.key = figure(isfinite(z->percent_capacity_upper) ? z->percent_capacity_upper
                                                              : z->percent_capacity);
    else if (sort == TOP_SORT_DENSITY)
        item.key = figure(z->density);
    else if (sort == TOP_SORT_AGE)
        item.key = z->data_at == RESULT_ABSENT ? INFINITY : -(double)z->data_at;
    else if (sort == TOP_SORT_NAME)
        item.key = 0; /* the names decide */
    return item;
}

/* hall-2 before hall-10. */
static int name_compare(struct str a, struct str b)
{
    char left[ID_BYTES_MAX + 1], right[ID_BYTES_MAX + 1];
    uint32_t n = a.len < ID_BYTES_MAX ? a.len : ID_BYTES_MAX,
             m = b.len < ID_BYTES_MAX ? b.len : ID_BYTES_MAX;
    memcpy(left, a.len ? a.at : "", n);
    memcpy(right, b.len ? b.at : "", m);
    left[n] = right[m] = '\0';
    return strverscmp(left, right);
}

static int item_compare(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    if (a->exercise != b->exercise)
        return a->exercise ? 1 : -1;
    if (a->key > b->key || a->key < b->key)
        return a->key > b->key ? -1 : 1;
    int names = name_compare(a->name, b->name);
    return names ? names : a->at < b->at ? -1 : a->at > b->at;
}

bool top_order_make(struct watch_state *state, enum watch_kind kind,
                    const struct top_choice *choice, bool stale, struct top_order *ret_order)
{
    uint32_t all = watch_state_count(state, kind);
    enum top_sort sort = choice ? choice->sort : TOP_SORT_WORST;
    struct top_order order = {.at = calloc(all + 1, sizeof *order.at)};
    struct item *items = calloc(all + 1, sizeof *items);
    if (!order.at || !items) {
        free(order.at);
        free(items);
        return false;
    }
    for (uint32_t i = 0; i < all; i++) {
        union result_any any;
        watch_state_get(state, kind, i, &any);
        if (fits(kind, &any, choice, stale))
            items[order.count++] = item_of(kind, i, &any, sort);
    }
    order.hidden = all - order.count;
    if (kind == WATCH_ZONES && sort != TOP_SORT_WORST)
        qsort(items, order.count, sizeof *items, item_compare);
    for (uint32_t i = 0; i < order.count; i++)
        order.at[i] = items[i].at;
    free(items);
    *ret_order = order;
    return true;
}

void top_order_free(struct top_order *order)
{
    free(order->at);
    *order = (struct top_order){0};
}
