#include "processors/replay/script_words.h"

#include <stdio.h>
#include <string.h>

#include "schemas/json/json.h"

static const char ellipsis[] = "\xe2\x80\xa6"; /* … */

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct str trim(struct str s)
{
    while (s.len && blank(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len && blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

struct str script_line_strip(struct str line)
{
    bool quoted = false;
    for (uint32_t i = 0; i < line.len; i++) {
        if (line.at[i] == '"')
            quoted = !quoted;
        if (line.at[i] == '#' && !quoted && (i == 0 || blank(line.at[i - 1])))
            line.len = i;
    }
    return trim(line);
}

/* Length of the separator that stands at i between blanks; 0: none. */
static uint32_t separator_at(struct str s, uint32_t i)
{
    uint32_t len = s.at[i] == ';' ? 1 : 0;
    if (i + 3 <= s.len && memcmp(s.at + i, ellipsis, 3) == 0)
        len = 3;
    if (len == 0 || i == 0 || !blank(s.at[i - 1]) || (i + len < s.len && !blank(s.at[i + len])))
        return 0;
    return len;
}

bool script_part_next(struct str *rest, struct str *ret_part)
{
    bool quoted = false;
    *rest = trim(*rest);
    if (rest->len == 0)
        return false;
    struct str part = *rest, after = {rest->at + rest->len, 0};
    for (uint32_t i = 0; i < rest->len; i++) {
        if (rest->at[i] == '"')
            quoted = !quoted;
        uint32_t len = quoted ? 0 : separator_at(*rest, i);
        if (len) {
            part.len = i;
            after = (struct str){rest->at + i + len, rest->len - i - len};
            break;
        }
    }
    *ret_part = trim(part);
    *rest = after;
    return true;
}

struct str script_word_first(struct str *rest)
{
    struct str s = trim(*rest), word = {s.at, 0};
    while (word.len < s.len && !blank(s.at[word.len]))
        word.len++;
    *rest = trim((struct str){s.at + word.len, s.len - word.len});
    return word;
}

bool script_words_split(struct str line, struct script_words *ret, const char **ret_why)
{
    ret->count = 0;
    for (struct str s = trim(line); s.len; s = trim(s)) {
        if (ret->count == SCRIPT_WORDS_MAX) {
            *ret_why = "too many words";
            return false;
        }
        struct script_word *word = &ret->word[ret->count++];
        *word = (struct script_word){.quoted = s.at[0] == '"'};
        if (!word->quoted) {
            word->text = script_word_first(&s);
            continue;
        }
        const char *end = memchr(s.at + 1, '"', s.len - 1);
        if (!end) {
            *ret_why = "a quote is not closed";
            return false;
        }
        word->text = (struct str){s.at + 1, (uint32_t)(end - s.at - 1)};
        s = (struct str){end + 1, s.len - word->text.len - 2};
    }
    return true;
}

/* `count` numbers of two digits with `:` between them at the begin of s; the characters used. */
static uint32_t clock_parts(struct str s, uint32_t count, int64_t *part)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (s.len < used + 2 + (i > 0) || (i > 0 && s.at[used++] != ':'))
            return 0;
        char a = s.at[used], b = s.at[used + 1];
        if (a < '0' || a > '9' || b < '0' || b > '9')
            return 0;
        part[i] = (a - '0') * 10 + (b - '0');
        used += 2;
    }
    return used;
}

bool script_time_of_day(struct str word, int64_t *ret_ms)
{
    int64_t part[3], ms = 0;
    uint32_t used = clock_parts(word, 3, part);
    if (used == 0 || part[1] > 59 || part[2] > 59)
        return false;
    if (used < word.len) {
        if (word.at[used] != '.' || word.len != used + 4)
            return false;
        for (uint32_t i = used + 1; i < word.len; i++) {
            if (word.at[i] < '0' || word.at[i] > '9')
                return false;
            ms = ms * 10 + (word.at[i] - '0');
        }
    }
    *ret_ms = ((part[0] * 60 + part[1]) * 60 + part[2]) * 1000 + ms;
    return true;
}

bool script_date(struct str word, int64_t *ret_ms)
{
    char text[32];
    if (word.len != 10 || memcmp(word.at, "1971", 4) < 0 || memcmp(word.at, "2199", 4) > 0)
        return false;
    (void)snprintf(text, sizeof text, STR_FMT "T00:00:00Z", STR_ARG(word));
    return time_parse_rfc3339(str_of(text), ret_ms);
}

bool script_offset(struct str word, int32_t *ret_s)
{
    int64_t part[2];
    if (word.len != 6 || (word.at[0] != '+' && word.at[0] != '-') ||
        !clock_parts((struct str){word.at + 1, 5}, 2, part) || part[0] > 14 || part[1] > 59)
        return false;
    int32_t s = (int32_t)(part[0] * 60 + part[1]) * 60;
    *ret_s = word.at[0] == '-' ? -s : s;
    return true;
}

bool script_word_bare(const struct script_word *word)
{
    double number;
    return !word->quoted && (json_number_parse(word->text, &number) || str_is(word->text, "true") ||
                             str_is(word->text, "false") || str_is(word->text, "null"));
}
