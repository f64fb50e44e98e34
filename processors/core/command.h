/*
 * command: what operators ask for. Each command is applied at its place in the log, seen by every rerun
 * of it alike, and answered by one reply: done, or the reason why not.
 *
 *     command_take(core, &record)      parses, authorises, carries out, replies
 *
 * Who may. The kernel told ingest the peer's user id; the command names an operator of the venue file.
 * The two must belong together and one of the operator's roles must allow the command; root is no
 * exception. A venue file without operators has nobody to tell apart: then whoever ingest let through
 * (its own user and root) may do everything, under whatever id is given, but what it takes somebody
 * for: two people to start a drill, a supervisor whose count ends what is latched unknown.
 *
 * Once. A command is refused when its nonce was seen among the last COMMAND_NONCES, or when it was
 * issued longer than command_expiry_s before or after the log time it is read at. A nonce is forgotten
 * only once its command would have expired; more commands than that in so short a time are refused.
 *
 * Drills. "drill": true, or an alert's id that begins with drill/, goes to the shadow state. Starting a
 * drill takes two people within COMMAND_SECOND_MS: two operators with two user ids, as the kernel told
 * them. (Setting drill_two_accounts: no, for trials: two operators.)
 *
 * A count by hand in a zone without data: the alerts are judged by it when a supervisor gives it
 * (judge_vouch), and the latched unknown ends. The zone itself stays unknown, shows its sensors as
 * silent and raises nothing more on its own: a count is true of a moment.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_COMMAND_H
#define CROWDTIDE_PROCESSORS_CORE_COMMAND_H

#include "schemas/base/str.h"
#include "schemas/record/record.h"

struct core;

enum {
    COMMAND_NONCES = 256,
    COMMAND_NONCE_BYTES_MIN = 8,
    COMMAND_NONCE_BYTES_MAX = 64,
    COMMAND_TEXT_BYTES_MAX = 256, /* what the operator writes */
    COMMAND_SECOND_MS = 300000,   /* for so long a drill waits for its second person */
    COMMAND_ID_BYTES = ID_BYTES_MAX,
};

/* What must be remembered between commands. All zero at first. */
struct command_memory {
    uint64_t nonce[COMMAND_NONCES]; /* hashes; 0: free */
    int64_t until_ms[COMMAND_NONCES]; /* log time from which its command has expired anyway */
    uint32_t next;
    char waits[COMMAND_ID_BYTES]; /* the operator who asked for a drill; ends at the first 0 */
    uint32_t waits_uid;           /* and the user id that came with it */
    int64_t waits_until_ms;       /* 0: nobody waits */
};

void command_take(struct core *core, const struct record_command *command);
/* The reply to a command that is left out because process crashed on it: its bytes are not looked at,
 * so it names neither operator nor nonce. */
void command_poisoned(struct core *core);

#endif
