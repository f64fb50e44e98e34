#include "deploy/cli/deadletter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "schemas/base/clock.h"
#include "schemas/record/record.h"
#include "schemas/result/result.h"

enum { LETTERS_AT_START = 64, JOURNAL_LINE_BYTES = 128, PATH_BYTES = DEADLETTER_DIR_BYTES + 64 };

static bool reader_open(const char *state_dir, const char *name, struct log_reader **ret,
                        struct error *err)
{
    char dir[PATH_BYTES];
    (void)snprintf(dir, sizeof dir, "%s/%s", state_dir, name);
    const struct log_reader_options options = {.dir = dir,
                                               .ignore_published = !log_writer_present(dir)};
    return log_reader_open(&options, ret, err);
}

/* ---- the list ---- */

/* MQTT's rules for filters, '$' aside. */
static bool topic_fits(const char *filter, const char *topic)
{
    while (*filter) {
        if (*filter == '#')
            return true;
        if (*filter == '+') {
            while (*topic && *topic != '/')
                topic++;
            filter++;
            continue;
        }
        if (*filter != *topic)
            return *topic == '\0' && strcmp(filter, "/#") == 0;
        filter++;
        topic++;
    }
    return *topic == '\0';
}

static char *copy(struct str s)
{
    char *out = malloc((size_t)s.len + 1);
    if (out) {
        if (s.len)
            memcpy(out, s.at, s.len);
        out[s.len] = '\0';
    }
    return out;
}

static void word(char out[DEADLETTER_WORD_BYTES], struct str s)
{
    (void)snprintf(out, DEADLETTER_WORD_BYTES, STR_FMT, STR_ARG(s));
}

static void letter_free(struct deadletter *letter)
{
    free(letter->detail);
    free(letter->topic);
}

/* Room for one more; the oldest makes it when there are too many. */
static bool room(struct deadletters *l, struct error *err)
{
    if (l->count == DEADLETTERS_MAX) {
        uint32_t half = l->count / 2;
        for (uint32_t i = 0; i < half; i++)
            letter_free(&l->letter[i]);
        memmove(l->letter, l->letter + half, (l->count - half) * sizeof *l->letter);
        l->count -= half;
        l->passed += half;
    }
    if (l->count < l->cap)
        return true;
    uint32_t cap = l->cap ? l->cap * 2 : LETTERS_AT_START;
    struct deadletter *grown = realloc(l->letter, cap * sizeof *grown);
    if (!grown)
        return error_set(err, ERROR_NO_MEMORY, 0, "dead letters");
    l->letter = grown;
    l->cap = cap;
    return true;
}

static bool take(struct deadletters *l, const struct deadletter_filter *filter,
                 const struct result_deadletter *result, struct error *err)
{
    uint64_t seq = (uint64_t)result->input_seq;
    struct deadletter letter = {
        .seq = seq, .at_ms = result->at, .payload_bytes = result->payload_bytes};
    word(letter.reason, result->reason);
    word(letter.hash, result->payload_hash);
    letter.topic = copy(result->topic);
    letter.detail = copy(result->detail);
    bool ok = (letter.topic && letter.detail) || error_set(err, ERROR_NO_MEMORY, 0, "dead letters");
    bool wanted = ok && (!filter->seq || filter->seq == seq) &&
                  (!filter->reason || strcmp(filter->reason, letter.reason) == 0) &&
                  (!filter->topic || topic_fits(filter->topic, letter.topic)) &&
                  (l->count == 0 || l->letter[l->count - 1].seq != seq);
    ok = ok && (!wanted || room(l, err));
    if (ok && wanted)
        l->letter[l->count++] = letter;
    else
        letter_free(&letter);
    return ok;
}

static bool read_letters(struct deadletters *l, const struct deadletter_filter *filter,
                         struct error *err)
{
    struct log_reader *alerts = NULL;
    struct log_view view;
    enum log_read got = LOG_READ_CAUGHT_UP;
    bool ok = reader_open(l->state_dir, "alerts", &alerts, err);
    while (ok && (got = log_reader_next(alerts, &view, err)) == LOG_READ_RECORD) {
        struct result_origin origin;
        union result_any any;
        if (view.type == RECORD_DEADLETTER)
            ok = result_decode(view.type, view.body, view.body_len, &origin, &any, err) &&
                 take(l, filter, &any.deadletter, err);
    }
    log_reader_close(alerts);
    return ok && got == LOG_READ_CAUGHT_UP;
}

/* ---- the journal of what was sent once more: lines of "UUID sequence time" ---- */

static void journal_path(const char *state_dir, char out[PATH_BYTES])
{
    (void)snprintf(out, PATH_BYTES, "%s/deadletters.replayed", state_dir);
}

static struct deadletter *find(struct deadletters *l, uint64_t seq)
{
    uint32_t low = 0, high = l->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (l->letter[middle].seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low < l->count && l->letter[low].seq == seq ? &l->letter[low] : NULL;
}

static bool read_journal(struct deadletters *l, struct error *err)
{
    char path[PATH_BYTES], line[JOURNAL_LINE_BYTES], ours[LOG_UUID_TEXT_BYTES];
    journal_path(l->state_dir, path);
    log_uuid_text(log_reader_uuid(l->readings), ours);
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT || error_set(err, ERROR_IO, errno, "%s", path);
    while (fgets(line, sizeof line, file)) {
        size_t uuid_len = LOG_UUID_TEXT_BYTES - 1;
        struct deadletter *letter = strncmp(line, ours, uuid_len) == 0 && line[uuid_len] == ' '
                                        ? find(l, strtoull(line + uuid_len + 1, NULL, 10))
                                        : NULL;
        if (letter)
            letter->replayed = true;
    }
    (void)fclose(file);
    return true;
}

bool deadletter_journal(const char *state_dir, const struct log_uuid *readings, uint64_t seq,
                        struct error *err)
{
    char path[PATH_BYTES], line[JOURNAL_LINE_BYTES], uuid[LOG_UUID_TEXT_BYTES];
    struct text text = text_over(line, sizeof line);
    journal_path(state_dir, path);
    log_uuid_text(readings, uuid);
    text_add(&text, uuid);
    text_add_char(&text, ' ');
    text_add_u64(&text, seq);
    text_add_char(&text, ' ');
    text_add_time_ms(&text, clock_wall_ns() / 1000000);
    text_add_char(&text, '\n');
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    bool ok = fd >= 0 && write(fd, text.at, text.len) == (ssize_t)text.len && fdatasync(fd) == 0;
    if (!ok)
        (void)error_set(err, ERROR_IO, errno, "%s", path);
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

bool deadletters_read(const char *state_dir, const struct deadletter_filter *filter,
                      struct deadletters *ret, struct error *err)
{
    *ret = (struct deadletters){0};
    (void)snprintf(ret->state_dir, sizeof ret->state_dir, "%s", state_dir);
    if (reader_open(state_dir, "readings", &ret->readings, err) && read_letters(ret, filter, err) &&
        read_journal(ret, err))
        return true;
    deadletters_free(ret);
    return false;
}

void deadletters_free(struct deadletters *letters)
{
    for (uint32_t i = 0; i < letters->count; i++)
        letter_free(&letters->letter[i]);
    free(letters->letter);
    log_reader_close(letters->readings);
    *letters = (struct deadletters){0};
}

/* ---- the original ---- */

bool deadletter_original(struct deadletters *letters, const struct deadletter *letter,
                         struct deadletter_original *ret, struct error *err)
{
    struct log_view view;
    struct record_mqtt mqtt;
    struct error why = {0};
    *ret = (struct deadletter_original){.kept = DEADLETTER_DELETED};
    if (!log_reader_seek(letters->readings, letter->seq, &why) ||
        log_reader_next(letters->readings, &view, &why) != LOG_READ_RECORD) {
        if (why.code == ERROR_LOST || why.code == ERROR_NONE)
            return true;
        *err = why;
        return false;
    }
    if (view.seq != letter->seq)
        return true;
    ret->received_ms = view.log_ns / 1000000;
    ret->kept = view.type == RECORD_OVERSIZED  ? DEADLETTER_CUT
                : view.type == RECORD_WITHHELD ? DEADLETTER_PERSONAL
                                               : DEADLETTER_COMMAND;
    if (view.type != RECORD_MQTT)
        return true;
    if (!record_mqtt_decode(view.body, view.body_len, &mqtt, err))
        return false;
    ret->kept = mqtt.bits & RECORD_MQTT_PERSONAL ? DEADLETTER_PERSONAL : DEADLETTER_WHOLE;
    ret->topic = mqtt.topic;
    ret->payload = mqtt.payload;
    ret->retained = mqtt.bits & RECORD_MQTT_RETAIN;
    return true;
}

bool deadletters_partly(const struct deadletters *letters, bool *partly, struct error *err)
{
    struct log_reader *bulk = NULL;
    struct log_view view;
    enum log_read got = LOG_READ_CAUGHT_UP;
    uint32_t at = 0;
    bool ok = reader_open(letters->state_dir, "bulk", &bulk, err);
    /* Results and letters rise alike. */
    while (ok && at < letters->count &&
           (got = log_reader_next(bulk, &view, err)) == LOG_READ_RECORD) {
        if (view.type != RECORD_READING || view.body_len < RESULT_ORIGIN_BYTES)
            continue;
        uint64_t seq = result_origin_decode(view.body).input_seq;
        while (at < letters->count && letters->letter[at].seq < seq)
            at++;
        if (at < letters->count && letters->letter[at].seq == seq)
            partly[at] = true;
    }
    log_reader_close(bulk);
    return ok && got != LOG_READ_ERROR;
}

/* ---- what would become of it ---- */

static const struct {
    const char *text;
    bool can_force;
} verdicts[DEADLETTER_VERDICTS] = {
    [DEADLETTER_SEND] = {"would be counted", true},
    [DEADLETTER_GONE] = {"can't be sent: it is not kept whole", false},
    [DEADLETTER_AGAIN] = {"would be a dead letter again", false},
    [DEADLETTER_NOW] = {"has no time of its own: it would count as of now", true},
    [DEADLETTER_PARTLY] = {"part of it was counted, and would be counted twice", true},
    [DEADLETTER_REPEATED] = {"was sent once more already", true},
    [DEADLETTER_DRILL] = {"is of a drill, which it would begin or disturb", true},
    [DEADLETTER_POISON] = {"crashed process three times", true},
    [DEADLETTER_RETAINED] = {"was retained: state of then, which would count as live", true},
};

const char *deadletter_verdict_text(enum deadletter_verdict verdict)
{
    return verdicts[verdict].text;
}

bool deadletter_can_force(enum deadletter_verdict verdict)
{
    return verdicts[verdict].can_force;
}

/* Each reading line says " ts=" when its source gave a time. */
static bool all_timed(struct str lines)
{
    static const char reading[] = "  reading  ", stamp[] = " ts=";
    const char *at = lines.at, *end = lines.at + lines.len;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = stop ? (size_t)(stop - at) : (size_t)(end - at);
        if (len > sizeof reading && memcmp(at, reading, sizeof reading - 1) == 0 &&
            !memmem(at, len, stamp, sizeof stamp - 1))
            return false;
        at += len + 1;
    }
    return true;
}

enum deadletter_verdict deadletter_judge(struct payload_shown *shown,
                                         const struct deadletter *letter,
                                         const struct deadletter_original *original, bool partly,
                                         struct text *lines)
{
    if (original->kept != DEADLETTER_WHOLE)
        return DEADLETTER_GONE;
    /* Without a content type: it is not sent along. */
    const struct payload_message message = {.topic = original->topic,
                                            .payload = original->payload,
                                            .received_ms = original->received_ms,
                                            .utc_offset_s = RECORD_NO_UTC_OFFSET};
    size_t began = lines->len;
    if (payload_shown_message(shown, &message, lines) != SHOWN_COUNTS)
        return DEADLETTER_AGAIN;
    if (letter->replayed)
        return DEADLETTER_REPEATED;
    if (partly)
        return DEADLETTER_PARTLY;
    if (strcmp(letter->reason, "poison") == 0)
        return DEADLETTER_POISON;
    if (original->topic.len >= 6 && memcmp(original->topic.at, "drill/", 6) == 0)
        return DEADLETTER_DRILL;
    if (original->retained)
        return DEADLETTER_RETAINED;
    return all_timed((struct str){lines->at + began, (uint32_t)(lines->len - began)})
               ? DEADLETTER_SEND
               : DEADLETTER_NOW;
}
