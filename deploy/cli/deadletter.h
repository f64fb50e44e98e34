/*
 * deadletter: the dead letters of the alerts log beside the messages of the readings log they came
 * from; what each would become today, and sending it once more.
 *
 *     deadletters_read(state_dir, &filter, &letters, &err);
 *     deadletter_original(&letters, &letters.letter[i], &original, &err);     the message, as far
 * as it is kept deadletter_judge(shown, …)                                              and what
 * would become of it deadletters_free(&letters);
 *
 * Main thread.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_DEADLETTER_H
#define CROWDTIDE_DEPLOY_CLI_DEADLETTER_H

#include "deploy/cli/payload_shown.h"
#include "schemas/config/config.h"
#include "schemas/log/log.h"

enum {
    DEADLETTERS_MAX = 1000000, /* of more only the newest are looked at */
    DEADLETTER_WORD_BYTES = 64,
    DEADLETTER_DIR_BYTES = 4096,
};

struct deadletter_filter {
    uint64_t seq;       /* of the readings log; 0: all */
    const char *topic;  /* an MQTT filter; NULL: all */
    const char *reason; /* NULL: all */
};

struct deadletter { /* texts are owned by the list */
    uint64_t seq;   /* of the readings log: its name */
    int64_t at_ms;
    char reason[DEADLETTER_WORD_BYTES];
    char *detail, *topic;
    char hash[DEADLETTER_WORD_BYTES]; /* personal topics; "": none */
    int64_t payload_bytes;
    bool replayed; /* sent once more, as the journal says */
};

struct deadletters {
    struct deadletter *letter; /* rising by seq; one a message, the first of several */
    uint32_t count, cap;
    uint64_t passed; /* older ones, over DEADLETTERS_MAX */
    char state_dir[DEADLETTER_DIR_BYTES];
    struct log_reader *readings;
};

/* Also reads the journal of what was sent once more. NOT_FOUND: no logs yet. */
bool deadletters_read(const char *state_dir, const struct deadletter_filter *filter,
                      struct deadletters *ret, struct error *err);
void deadletters_free(struct deadletters *letters); /* safe on a zeroed struct */

/* ---- the original ---- */

/* Why a message can't be sent as it was. */
enum deadletter_kept {
    DEADLETTER_WHOLE,
    DEADLETTER_DELETED,  /* the readings log does not reach back so far */
    DEADLETTER_PERSONAL, /* only length and hash were ever kept, or what privacy rules left of it */
    DEADLETTER_CUT,      /* over max_message_bytes: only its beginning was kept */
    DEADLETTER_COMMAND,  /* no MQTT message */
};
struct deadletter_original { /* borrowed until the next call */
    enum deadletter_kept kept;
    struct str topic, payload; /* WHOLE; JSON_PADDING_BYTES readable behind the payload */
    int64_t received_ms;
    bool retained;
};
bool deadletter_original(struct deadletters *letters, const struct deadletter *letter,
                         struct deadletter_original *ret, struct error *err);

/* Whether other readings of the same message were counted: a walk through the bulk log that marks
 * partly[i] for letter i. */
bool deadletters_partly(const struct deadletters *letters, bool *partly, struct error *err);

/* ---- sending again ---- */

enum deadletter_verdict {
    DEADLETTER_SEND,
    DEADLETTER_GONE,     /* not kept whole */
    DEADLETTER_AGAIN,    /* would be a dead letter again */
    DEADLETTER_NOW,      /* has no time of its own: it would count as of now */
    DEADLETTER_PARTLY,   /* part of it was counted */
    DEADLETTER_REPEATED, /* was sent once more already */
    DEADLETTER_DRILL,    /* would begin or disturb a drill */
    DEADLETTER_POISON,   /* crashed process three times */
    DEADLETTER_RETAINED, /* state of then; it would count as live */
    DEADLETTER_VERDICTS
};
const char *deadletter_verdict_text(enum deadletter_verdict verdict);
/* --force overrules it. */
bool deadletter_can_force(enum deadletter_verdict verdict);

/* What would become of it: `lines` gets what payload_shown says. */
enum deadletter_verdict deadletter_judge(struct payload_shown *shown,
                                         const struct deadletter *letter,
                                         const struct deadletter_original *original, bool partly,
                                         struct text *lines);

/* Notes, durably and before it is sent, that a letter is sent once more: a crash then leaves it
 * unsent, never sent twice. */
bool deadletter_journal(const char *state_dir, const struct log_uuid *readings, uint64_t seq,
                        struct error *err);

#endif
