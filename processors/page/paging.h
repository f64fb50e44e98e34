/*
 * paging: who is paged for what, and how: targets, teams with shifts, routes. Read from one YAML
 * file (setting page.file; deploy/venues/PAGING.md explains its keys), checked against the venue,
 * immutable once loaded.
 *
 *     struct paging *paging;
 *     if (!paging_load(path, &paging, &problems)) …     line, column and reason of each problem
 *     if (!paging_fit(paging, venue, &problems)) …      unknown zones and rules, and holes; it can be
                                                       paged by all the same
 *     event = paging_event_of(&alert);
 *     local_min = paging_local_min(&time_zone, at_ms);
 *     targets = paging_reach(paging, venue, &event, local_min);          bit i: paging_target(i)
 *     paging_free(paging);
 *
 * Which targets an event reaches depends on nothing but these arguments, so each target's own
 * cursor can decide by itself whether a page is its own.
 *
 * Exercise. A target takes either Actual or Exercise, and says which. paging_reach ends by leaving
 * out the targets of the other status, whatever routes and teams say.
 */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGING_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGING_H

#include "schemas/base/problems.h"
#include "schemas/base/str.h"
#include "schemas/base/time_zone.h"
#include "schemas/result/result.h"
#include "schemas/venue/venue.h"

enum {
    PAGING_BYTES_MAX = 1024 * 1024, /* of the file */
    PAGING_TARGETS_MAX = 64,        /* a set of them is a uint64_t */
    PAGING_TEAMS_MAX = 64,
    PAGING_SHIFTS_MAX = 64, /* of one team */
    PAGING_ROUTES_MAX = 256,
    PAGING_ESCALATIONS_MAX = VENUE_ESCALATIONS_MAX,
    PAGING_RECIPIENTS_MAX = 32, /* of one e-mail target */
    PAGING_NAMES_MAX = 64,      /* zones, rules, venues that one route names */
    PAGING_TEXT_BYTES_MAX = 4000,
    PAGING_WEEK_MIN = 7 * 24 * 60,
};

/* What only the pager says: no rule of a venue has these ids. Red, without escalation. */
#define PAGING_RULE_BLIND                                                                          \
    "venue-blind" /* zone: the venue. Nothing is known of any of its zones                         \
                   */

/* K(name, word, schemes, default address, address is a secret, secret's key, secret is needed,
   user) default address "": url or url_file has to be given. An address that is a secret is only
   taken from url_file. secret's key "": none. user: may have username and password_file; its secret
   is the password then. */
/* clang-format off */
#define PAGING_KINDS(K)                                                                            \
    K(ALERTMANAGER, "alertmanager", "http|https", "", false, "password_file", false, true)         \
    K(PAGERDUTY, "pagerduty", "http|https", "https://events.pagerduty.com/v2/enqueue", false, "routing_key_file", true, false) \
    K(WEBHOOK, "webhook", "http|https", "", false, "secret_file", false, false)  /* CloudEvents, HMAC */ \
    K(WECOM, "wecom", "http|https", "", true, "", false, false)                                    \
    K(DINGTALK, "dingtalk", "http|https", "", true, "secret_file", false, false)                   \
    K(FEISHU, "feishu", "http|https", "", true, "secret_file", false, false)                       \
    K(EMAIL, "email", "smtp|smtps", "", false, "password_file", false, true)
/* clang-format on */
enum paging_kind {
#define PAGING_KIND_ENUM(name, ...) PAGING_##name,
    PAGING_KINDS(PAGING_KIND_ENUM)
#undef PAGING_KIND_ENUM
        PAGING_KIND_COUNT
};
const char *paging_kind_text(enum paging_kind kind);

enum paging_language { PAGING_ZH, PAGING_EN, PAGING_BOTH };
const char *paging_language_text(enum paging_language language);

/* Texts are NUL-terminated, "" where there is none; all of it the paging's. */
struct paging_target {
    struct str id;
    enum paging_kind kind;
    enum paging_language language;
    bool exercise;   /* takes Exercise only; else Actual only. Test goes to either */
    const char *url; /* of an Alertmanager its base address; of a mail server smtp(s)://host:port */
    const char *secret; /* what the kind's secret file holds: routing key, HMAC key, password … */
    const char *username;  /* alertmanager, email */
    const char *from;      /* email */
    const char *const *to; /* email */
    uint32_t to_count;
    const char *ca_file; /* PEM file of trusted authorities; "" the system's */
    uint32_t line;
};

struct paging; /* opaque */

/* Reads the file and the secrets it names (relative to it; ~/ is the home directory). False, with
   *ret_paging untouched, when there is a problem that is not a warning; problems name the file
   where it could not be read at all. A secret that everybody may read is a warning. */
bool paging_load(const char *path, struct paging **ret_paging, struct problems *problems);
/* The same of a text at hand. path: where it would be, for relative paths. */
bool paging_parse(struct str source, const char *path, struct paging **ret_paging,
                  struct problems *problems);
void paging_free(struct paging *paging); /* NULL is allowed */

uint32_t paging_target_count(const struct paging *paging);
const struct paging_target *paging_target(const struct paging *paging, uint32_t i);
/* Index or UINT32_MAX. */
uint32_t paging_target_find(const struct paging *paging, struct str id);
uint32_t paging_team_count(const struct paging *paging);
uint32_t paging_route_count(const struct paging *paging);
/* Those that take Exercise, or those that take Actual. */
uint64_t paging_targets_of(const struct paging *paging, bool exercise);

/* Whether everybody who has to be is reached at this venue: false when a route names a zone or rule
   that the venue has not, or when there is a hole: a zone, a rule that applies to it, a level from
   yellow to red (status Actual), a step of escalation that the rule has there, and a minute of the
   week at which nobody would be paged. The problem names them, and the first such times. Warnings:
   no target for exercises; rules that share a zone's page and go to different people; routes, teams
   and targets that are never used. */
bool paging_fit(const struct paging *paging, const struct venue *venue, struct problems *problems);

/* A word on an alert, as far as routing goes. */
struct paging_event {
    struct str venue, zone, rule;
    int level; /* the last known one when the zone is unknown; below yellow nobody is paged */
    enum paging_status { PAGING_ACTUAL, PAGING_EXERCISE, PAGING_TEST } status;
    uint32_t escalation; /* steps so far */
};
/* Borrows from the alert. A status that is none of the three is taken for Actual. */
struct paging_event paging_event_of(const struct result_alert *alert);

/* The minute of the local week (0: Monday 00:00) at a moment. Where clocks are set back, an hour's
   minutes come twice; where forward, they are left out. */
uint32_t paging_local_min(const struct time_zone *zone, int64_t unix_ms);

/* The targets that a page goes to: those on shift at the minute of the week, of the route's team
   and of the first `escalation` teams of its `escalate`, for each route that takes the event. Test
   goes where Actual does, and to what takes Exercise in the same teams.
   A hole, a step at which nobody who takes Actual is there (paging_fit refuses such files, but the
   pager starts with one all the same): the page goes to all of the step's teams, whoever is on
   shift, and where none is named, to all targets that take Actual: better all than none.
   O(routes). */
uint64_t paging_reach(const struct paging *paging, const struct venue *venue,
                      const struct paging_event *event, uint32_t local_min);

/* Pages that were kept quiet. The core lets one page speak for a zone's other alerts (announce.h), but
   does not know who is paged by which rule; so whoever was not told of that one has to hear of the
   others. */

/* The alert begins, rises or escalates here, asks for an answer, and does not page: another of its zone
   is said to speak for it. */
bool paging_quiet(const struct result_alert *alert);
/* Who was told of the one has heard enough of the other: both are of one page group and on one subject,
   and the one is as high and as far escalated. */
bool paging_speaks(const struct venue *venue, const struct result_alert *told,
                   const struct result_alert *alert);

/* In words, for `check`. A target: what it is; a team: who is on shift when; a route: what it
   takes, and who gets that. Targets of exercises are marked. */
void paging_target_explain(const struct paging *paging, uint32_t target, struct text *out);
void paging_team_explain(const struct paging *paging, uint32_t team, struct text *out);
void paging_route_explain(const struct paging *paging, uint32_t route, struct text *out);
struct str paging_team_id(const struct paging *paging, uint32_t team);
uint32_t paging_route_line(const struct paging *paging, uint32_t route); /* in the file */
/* The targets that a team has on shift at a minute of the week. */
uint64_t paging_team_on_shift(const struct paging *paging, uint32_t team, uint32_t local_min);
/* "a, b, x (Exercise)"; "nobody". */
void paging_targets_explain(const struct paging *paging, uint64_t targets, struct text *out);

#endif
