#include "ingest/mqtt_subscriptions.h"

#include <stdlib.h>
#include <string.h>

static struct mqtt_subscription *find(struct mqtt_subscriptions *all, const char *filter)
{
    for (uint32_t i = 0; i < all->count; i++) {
        if (strcmp(all->at[i]->filter, filter) == 0)
            return all->at[i];
    }
    return NULL;
}

/* The filter's subscription, made when there is none. */
static struct mqtt_subscription *make(struct mqtt_subscriptions *all, const char *filter,
                                      void *owner, struct error *err)
{
    struct mqtt_subscription *s = find(all, filter);
    if (s)
        return s;
    if (all->count == MQTT_SUBSCRIPTIONS_MAX) {
        (void)error_set(err, ERROR_TOO_LARGE, 0,
                        "more than %d topic filters since ingest started: start it anew",
                        MQTT_SUBSCRIPTIONS_MAX);
        return NULL;
    }
    s = calloc(1, sizeof *s);
    if (s)
        s->filter = strdup(filter);
    if (!s || !s->filter) {
        free(s);
        (void)error_set(err, ERROR_NO_MEMORY, 0, "topic filters");
        return NULL;
    }
    s->owner = owner;
    s->want = MQTT_ENDED;
    s->code = MQTT_UNANSWERED;
    all->at[all->count++] = s;
    return s;
}

static const struct mqtt_filter *among(const struct mqtt_filters *filters, const char *text)
{
    for (uint32_t i = 0; i < filters->count; i++) {
        if (strcmp(filters->filter[i].text, text) == 0)
            return &filters->filter[i];
    }
    return NULL;
}

bool mqtt_subscriptions_want(struct mqtt_subscriptions *all, const struct mqtt_filters *filters,
                             void *owner, struct error *err)
{
    for (uint32_t i = 0; i < filters->count; i++) {
        if (!make(all, filters->filter[i].text, owner, err))
            return false;
    }
    for (uint32_t i = 0; i < all->count; i++) {
        struct mqtt_subscription *s = all->at[i];
        const struct mqtt_filter *filter = among(filters, s->filter);
        if (filter && s->want != MQTT_WANTED)
            s->code = MQTT_UNANSWERED;
        if (filter)
            s->optional = filter->optional;
        s->want = filter ? MQTT_WANTED : s->want == MQTT_WANTED ? MQTT_GONE : s->want;
    }
    return true;
}

bool mqtt_subscriptions_gone(struct mqtt_subscriptions *all, const struct mqtt_filters *gone,
                             void *owner, struct error *err)
{
    for (uint32_t i = 0; gone && i < gone->count; i++) {
        struct mqtt_subscription *s = make(all, gone->filter[i].text, owner, err);
        if (!s)
            return false;
        if (s->want == MQTT_ENDED)
            s->want = MQTT_GONE;
    }
    return true;
}

void mqtt_subscriptions_ask_again(struct mqtt_subscriptions *all)
{
    for (uint32_t i = 0; i < all->count; i++)
        all->at[i]->code = MQTT_UNANSWERED;
}

uint32_t mqtt_subscriptions_plan(struct mqtt_subscriptions *all,
                                 enum mqtt_subscription_act act[MQTT_SUBSCRIPTIONS_MAX])
{
    for (uint32_t i = 0; i < all->count; i++) {
        struct mqtt_subscription *s = all->at[i];
        bool take = s->want == MQTT_WANTED && s->code != MQTT_SUBSCRIPTION_QOS;
        act[i] = s->want == MQTT_GONE ? MQTT_GIVE_UP : take ? MQTT_TAKE : MQTT_LEAVE;
        if (take)
            s->code = MQTT_UNANSWERED;
    }
    return all->count;
}

enum mqtt_subscriptions_answer mqtt_subscriptions_answer(const struct mqtt_subscriptions *all)
{
    bool granted = true;
    for (uint32_t i = 0; i < all->count; i++) {
        const struct mqtt_subscription *s = all->at[i];
        if (s->want != MQTT_WANTED || s->optional)
            continue;
        if (s->code == MQTT_UNANSWERED)
            return MQTT_ANSWER_OPEN;
        granted &= s->code == MQTT_SUBSCRIPTION_QOS;
    }
    return granted ? MQTT_ANSWER_GRANTED : MQTT_ANSWER_REFUSED;
}

void mqtt_subscriptions_free(struct mqtt_subscriptions *all)
{
    for (uint32_t i = 0; i < all->count; i++) {
        free(all->at[i]->filter);
        free(all->at[i]);
    }
    all->count = 0;
}
