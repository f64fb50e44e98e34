/*
 * mqtt_subscriptions: which topic filters the session at the broker has, should have and should
 * give up, and what the broker has answered of each. Facts only: mqtt_client locks and sends.
 *
 *     mqtt_subscriptions_want(&all, &filters, owner, &err);      at start and at every change
 *     n = mqtt_subscriptions_plan(&all, act);                    act[i] for all.at[i]
 *     …SUBSCRIBE what is to be taken, UNSUBSCRIBE what is given up; answers into at[i]->code
 *     mqtt_subscriptions_answer(&all)                            ready, refused, or not yet known
 *
 * A subscription, once made, stays where it is until mqtt_subscriptions_free: the library holds
 * pointers to it. So the number of different filters over a client's life is limited.
 */
#ifndef CROWDTIDE_INGEST_MQTT_SUBSCRIPTIONS_H
#define CROWDTIDE_INGEST_MQTT_SUBSCRIPTIONS_H

#include "ingest/mqtt_filters.h"

enum {
    MQTT_SUBSCRIPTIONS_MAX = 2 * MQTT_FILTERS_MAX, /* different ones over the client's life */
    MQTT_SUBSCRIPTION_QOS = 1,
    MQTT_UNANSWERED = -1,
};

struct mqtt_subscription {
    void *owner;  /* for callbacks that get only this */
    char *filter; /* never changes */
    enum { MQTT_WANTED, MQTT_GONE, MQTT_ENDED } want; /* GONE: the broker is still to be told */
    bool optional;
    int code; /* MQTT_UNANSWERED or the SUBACK code */
};

struct mqtt_subscriptions { /* zeroed: none */
    struct mqtt_subscription *at[MQTT_SUBSCRIPTIONS_MAX];
    uint32_t count;
};

/* Exactly these are wanted from here; of those that were and are not among them the broker is to be
   told. TOO_LARGE over MQTT_SUBSCRIPTIONS_MAX, NO_MEMORY: what was wanted before still is. */
bool mqtt_subscriptions_want(struct mqtt_subscriptions *all, const struct mqtt_filters *filters,
                             void *owner, struct error *err);

/* What the session may still have of an earlier run; those that are wanted stay. NULL: none. */
bool mqtt_subscriptions_gone(struct mqtt_subscriptions *all, const struct mqtt_filters *gone,
                             void *owner, struct error *err);

/* A new connection: nothing is answered. */
void mqtt_subscriptions_ask_again(struct mqtt_subscriptions *all);

enum mqtt_subscription_act { MQTT_LEAVE, MQTT_TAKE, MQTT_GIVE_UP };

/* What is to be sent now, for each; those to be taken count as unanswered from here. Returns how
   many there are. */
uint32_t mqtt_subscriptions_plan(struct mqtt_subscriptions *all,
                                 enum mqtt_subscription_act act[MQTT_SUBSCRIPTIONS_MAX]);

enum mqtt_subscriptions_answer { MQTT_ANSWER_OPEN, MQTT_ANSWER_GRANTED, MQTT_ANSWER_REFUSED };

/* Of all that must be granted: open while one is unanswered. */
enum mqtt_subscriptions_answer mqtt_subscriptions_answer(const struct mqtt_subscriptions *all);

void mqtt_subscriptions_free(struct mqtt_subscriptions *all);

#endif
