#include "processors/page/page_text.h"

#include <math.h>

#include "processors/page/page_plan.h"
#include "processors/page/page_say.h"

enum {
    NAME_BYTES_MAX = 90,   /* of a zone's or a person's name: 30 Chinese characters */
    WORDS_BYTES_MAX = 400, /* of an action, a step, a note */
    MINUTE_MS = 60 * 1000,
};

/* What is said of the alert. */
enum form {
    FORM_RAISED,
    FORM_ESCALATED, /* nobody has acknowledged it */
    FORM_UNKNOWN,   /* its data are lost */
    FORM_LOWERED,
    FORM_ACKED,
    FORM_SHELVED,
    FORM_SUPPRESSED, /* a red one speaks for it */
    FORM_RESOLVED,
};

struct writer {
    const struct page_about *about;
    const struct result_alert *alert;
    enum page_tongue tongue;
    enum form form;
    int level; /* the last known one when it is unknown */
    const struct page_own_words *own;
    bool last; /* no other language follows */
    struct text *out;
};

static enum form form_of(const struct result_alert *a)
{
    if (str_is(a->state, "resolved"))
        return FORM_RESOLVED;
    if (a->level == LEVEL_UNKNOWN || str_is(a->state, "unknown"))
        return FORM_UNKNOWN;
    if (str_is(a->state, "shelved"))
        return FORM_SHELVED;
    if (str_is(a->state, "suppressed"))
        return FORM_SUPPRESSED;
    if (a->level != LEVEL_ABSENT && a->from_level > a->level)
        return FORM_LOWERED;
    if (str_is(a->state, "active_acked"))
        return FORM_ACKED;
    return a->escalation != RESULT_ABSENT && a->escalation > 0 ? FORM_ESCALATED : FORM_RAISED;
}

/* ---- words ----------------------------------------------------------------------------------- */

static void say(struct writer *w, const char *zh, const char *en)
{
    text_add(w->out, w->tongue == PAGE_ZH ? zh : en);
}

static void say_time(struct writer *w, int64_t unix_ms)
{
    page_say_time(w->out, w->tongue, w->about->time_zone, unix_ms);
}

static void say_zone(struct writer *w)
{
    const struct venue *venue = w->about->venue;
    uint32_t zone = venue_zone_find(venue, w->alert->zone);
    struct str name = zone != VENUE_NO_ZONE                  ? venue->zones[zone].name
                      : str_equal(w->alert->zone, venue->id) ? venue->name
                                                             : w->alert->zone;
    page_say_text(w->out, name, NAME_BYTES_MAX);
}

/* ---- what ------------------------------------------------------------------------------------ */

static void say_mark(struct text *out, const struct result_alert *alert,
                     enum paging_language language)
{
    static const struct {
        const char *status;
        const char *in[3];
    } marks[] = {
        {"Exercise", {"【演练】", "[EXERCISE] ", "【演练 EXERCISE】"}},
        {"Test", {"【测试】", "[TEST] ", "【测试 TEST】"}},
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (str_is(alert->status, marks[i].status))
            text_add(out, marks[i].in[language]);
}

/* 【橙色预警·第1次升级】, ORANGE, escalation 1: … */
static void say_head(struct writer *w)
{
    const char *level = page_level_words(w->level, w->tongue);
    bool zh = w->tongue == PAGE_ZH;
    text_add(w->out, zh ? "【" : "");
    switch (w->form) {
    case FORM_UNKNOWN:
        say(w, "无数据", "NO DATA");
        break;
    case FORM_RESOLVED:
        say(w, "解除", "RESOLVED");
        break;
    case FORM_LOWERED:
        say(w, "降为", "LOWERED to ");
        text_add(w->out, level);
        break;
    default:
        text_add(w->out, level);
        say(w, "预警", "");
        break;
    }
    switch (w->form) {
    case FORM_ESCALATED:
        say(w, "·第", ", escalation ");
        text_add_i64(w->out, w->alert->escalation);
        say(w, "次升级", "");
        break;
    case FORM_ACKED:
        say(w, "·已确认", ", acknowledged");
        break;
    case FORM_SHELVED:
        say(w, "·已搁置", ", shelved");
        break;
    case FORM_SUPPRESSED:
        say(w, "·并入红色", ", part of the red one");
        break;
    default:
        break;
    }
    text_add(w->out, zh ? "】" : ": ");
}

static bool say_value(struct writer *w, double value)
{
    const struct page_metric *metric = page_metric_words(w->alert->metric);
    if (!isfinite(value))
        return false;
    if (metric) {
        text_add(w->out, metric->before.in[w->tongue]);
        page_say_number(w->out, value, metric->decimals);
        text_add(w->out, metric->after.in[w->tongue]);
        return true;
    }
    page_say_text(w->out, w->alert->metric.len ? w->alert->metric : w->alert->rule, NAME_BYTES_MAX);
    text_add_char(w->out, ' ');
    page_say_number(w->out, value, 2);
    text_add_char(w->out, ' ');
    page_say_text(w->out, str_is(w->alert->unit, "1") ? (struct str){0} : w->alert->unit,
                  NAME_BYTES_MAX);
    return true;
}

/* Zone and the one thing to know of it. */
static void say_gist(struct writer *w)
{
    say_zone(w);
    say(w, "：", ": ");
    if (w->own) {
        text_add(w->out, w->own->title.in[w->tongue]);
        return;
    }
    switch (w->form) {
    case FORM_UNKNOWN:
        say(w, "无数据", "no data");
        if (w->level > LEVEL_NONE) {
            say(w, "，此前为", ", was ");
            text_add(w->out, page_level_words(w->level, w->tongue));
        }
        return;
    case FORM_RESOLVED:
        say(w, "预警解除", "the alert is over");
        if (isfinite(w->alert->value)) {
            say(w, "，", "; ");
            (void)say_value(w, w->alert->value);
        }
        return;
    default:
        break;
    }
    if (!say_value(w, w->alert->value))
        page_say_text(w->out, w->alert->rule, NAME_BYTES_MAX);
}

/* ---- the lines of the body ------------------------------------------------------------------- */

static void line(struct writer *w)
{
    text_add_char(w->out, '\n');
}

/* Threshold and best estimate. */
static void say_measured(struct writer *w)
{
    const struct result_alert *a = w->alert;
    const struct page_metric *metric = page_metric_words(a->metric);
    if (w->own || w->form == FORM_RESOLVED || !isfinite(a->threshold))
        return;
    int decimals = metric ? metric->decimals : 2;
    line(w);
    say(w, "阈值 ", "threshold ");
    page_say_number(w->out, a->threshold, decimals);
    if (str_is(a->unit, "%"))
        say(w, "%", " %");
    if (a->capacity != RESULT_ABSENT) {
        say(w, "（核定承载量 ", " (of ");
        text_add_i64(w->out, a->capacity);
        say(w, " 人）", " people)");
    }
    if (isfinite(a->estimate) && isfinite(a->value) && a->estimate < a->value &&
        w->form != FORM_UNKNOWN) {
        say(w, "，最佳估计 ", ", best estimate ");
        page_say_number(w->out, a->estimate, decimals);
        say(w, "（按误差上限判定）", " (judged by the upper end of its error)");
    }
    if (w->form == FORM_UNKNOWN && isfinite(a->value)) {
        say(w, "，最后：", "; last: ");
        (void)say_value(w, a->value);
    }
}

static void say_minutes(struct writer *w, int64_t ms)
{
    text_add_i64(w->out, ms / MINUTE_MS);
    say(w, " 分钟", " min");
}

static void say_since(struct writer *w)
{
    const struct result_alert *a = w->alert;
    if (a->start == RESULT_ABSENT)
        return;
    line(w);
    say(w, "始于 ", "since ");
    say_time(w, a->start);
    if (a->at != RESULT_ABSENT && a->at - a->start >= MINUTE_MS) {
        say(w, w->form == FORM_RESOLVED ? "，历时 " : "，已 ",
            w->form == FORM_RESOLVED ? ", lasted " : ", for ");
        say_minutes(w, a->at - a->start);
    }
    if (w->form == FORM_UNKNOWN && a->at != RESULT_ABSENT && !w->own) {
        say(w, "；数据中断于 ", "; data lost at ");
        say_time(w, a->at);
    }
    if (w->form == FORM_SHELVED && a->until != RESULT_ABSENT) {
        say(w, "；搁置至 ", "; shelved until ");
        say_time(w, a->until);
    }
}

static void say_cause(struct writer *w)
{
    const struct result_alert *a = w->alert;
    if (a->cause.len) {
        line(w);
        say(w, "原因：", "why: ");
        page_say_text(w->out, page_cause_words(a->cause, w->tongue), WORDS_BYTES_MAX);
    }
    if (w->form == FORM_ESCALATED) {
        line(w);
        say(w, "尚无人确认，请立即确认并处置", "nobody has acknowledged it: do so, and act");
    }
}

static void say_action(struct writer *w)
{
    const struct result_alert *a = w->alert;
    const struct page_metric *metric = page_metric_words(a->metric);
    struct page_step step = {0};
    bool planned = page_plan_open(w->about->json, a->plan, &step);
    struct str words = planned ? step.text : a->action;
    if (w->form == FORM_RESOLVED || w->form == FORM_SHELVED)
        return;
    if (w->own && words.len == 0)
        words = str_of(w->own->action.in[w->tongue]);
    const char *measure =
        metric && metric->crowd && page_say_chinese(words) != (w->tongue == PAGE_ZH)
            ? page_measure_words(w->level, w->tongue)
            : NULL;
    if (words.len == 0 && !measure)
        return;
    line(w);
    say(w, "处置：", "do: ");
    if (measure) {
        text_add(w->out, measure);
        say(w, words.len ? "。" : "", words.len ? ". " : "");
    }
    page_say_text(w->out, words, WORDS_BYTES_MAX);
    if (planned) {
        say(w, "（预案第 ", " (step ");
        text_add_i64(w->out, step.number);
        say(w, " 步，共 ", " of ");
        text_add_i64(w->out, step.of);
        say(w, " 步）", " of the plan)");
    }
}

static void say_marks(struct writer *w)
{
    const struct result_alert *a = w->alert;
    if (a->late > 0) {
        line(w);
        say(w, "由迟到的数据判定", "found by data that came late");
    }
    if (a->at != RESULT_ABSENT && w->about->now_ms - a->at > PAGE_TEXT_LATE_MS) {
        line(w);
        say(w, "此消息迟到 ", "this message is late by ");
        say_minutes(w, w->about->now_ms - a->at);
    }
    if (a->chattering > 0) {
        line(w);
        say(w, "反复触发", "raised and cleared again and again");
    }
    if (a->operator.len || a->note.len) {
        line(w);
        say(w, "备注：", "note: ");
        page_say_text(w->out, a->note, WORDS_BYTES_MAX);
        if (a->operator.len) {
            say(w, "（", " (");
            page_say_text(w->out, a->operator, NAME_BYTES_MAX);
            say(w, "）", ")");
        }
    }
    if (a->assigned.len) {
        line(w);
        say(w, "负责人：", "assigned to: ");
        page_say_text(w->out, a->assigned, NAME_BYTES_MAX);
    }
    if (str_is(a->status, "Exercise")) {
        line(w);
        say(w, "这是演练，不是实际情况", "this is an exercise, not the real thing");
    }
    if (str_is(a->status, "Test")) {
        line(w);
        say(w, "这是测试，请勿处置", "this is a test: do nothing");
    }
}

/* Where everything is: the venue, and the alert's name for whoever acknowledges it. */
static void say_place(struct writer *w)
{
    line(w);
    page_say_text(w->out, w->about->venue->name, NAME_BYTES_MAX);
    say(w, "（当地时间 ", " (local time ");
    page_say_text(w->out, w->about->venue->time_zone, NAME_BYTES_MAX);
    say(w, "）", ")");
    if (!w->last || w->alert->id.len == 0)
        return;
    line(w);
    page_say_text(w->out, w->alert->id, WORDS_BYTES_MAX);
}

/* ---- in one language or both ----------------------------------------------------------------- */

static void subject_say(struct writer *w)
{
    say_head(w);
    say_gist(w);
}

static void body_say(struct writer *w)
{
    say_head(w);
    say_gist(w);
    say_measured(w);
    say_since(w);
    say_cause(w);
    say_action(w);
    say_marks(w);
    say_place(w);
}

/* One language, within bytes_max. */
static void part(const struct page_about *about, enum page_tongue tongue, bool last,
                 void (*write)(struct writer *), size_t bytes_max, struct text *out)
{
    char bytes[PAGE_TEXT_BODY_BYTES_MAX + 1];
    const struct result_alert *a = about->alert;
    struct text t = text_over(bytes, bytes_max);
    struct writer w = {about, a, tongue, form_of(a), a->level, page_own_words(a->rule), last, &t};
    if (a->level == LEVEL_UNKNOWN || a->level == LEVEL_ABSENT)
        w.level = (int)a->last_known_level;
    write(&w);
    struct str said = {bytes, (uint32_t)t.len};
    if (t.overflow) {
        /* The builder fills to the last byte; what it cut may be the middle of a character. */
        said = utf8_cut((struct str){bytes, (uint32_t)t.len}, (uint32_t)bytes_max - 4);
    }
    text_add_str(out, said);
    if (t.overflow)
        text_add(out, "…");
}

static void in_languages(const struct page_about *about, enum paging_language language,
                         void (*write)(struct writer *), const char *between, size_t bytes_max,
                         struct text *out)
{
    const size_t before = out->len;
    say_mark(out, about->alert, language);
    size_t left = bytes_max - (out->len - before);
    if (language != PAGING_BOTH) {
        part(about, language == PAGING_ZH ? PAGE_ZH : PAGE_EN, true, write, left, out);
        return;
    }
    left -= strlen(between);
    part(about, PAGE_ZH, false, write, left / 2, out);
    text_add(out, between);
    part(about, PAGE_EN, true, write, left / 2, out);
}

void page_text_subject(const struct page_about *about, enum paging_language language,
                       struct text *out)
{
    in_languages(about, language, subject_say, " / ", PAGE_TEXT_SUBJECT_BYTES_MAX, out);
}

void page_text_body(const struct page_about *about, enum paging_language language, struct text *out)
{
    in_languages(about, language, body_say, "\n\n", PAGE_TEXT_BODY_BYTES_MAX, out);
}
