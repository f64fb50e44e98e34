#include "schemas/payload/internal.h"

static bool refuse(const char *reason, const char **ret_reason)
{
    *ret_reason = reason;
    return false;
}

static bool name_valid(struct str name)
{
    for (uint32_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '_')
            return false;
    }
    return name.len > 0 && name.len <= ID_BYTES_MAX;
}

/* The place of a capture's name, which is added when the names are open; -1: it serves as +. */
static int32_t capture_place(struct arena *arena, struct payload_captures *captures, bool closed,
                             struct str name, const char **ret_reason)
{
    for (uint32_t i = 0; i < captures->count; i++)
        if (str_equal(captures->name[i], name))
            return (int32_t)i;
    if (closed)
        return -1;
    struct str copy = {0};
    if (captures->count == PAYLOAD_CAPTURES_MAX)
        *ret_reason = "the map captures more than 8 names";
    else if (!(copy = arena_copy(arena, name)).at)
        *ret_reason = "out of memory";
    if (!copy.at)
        return -1;
    captures->name[captures->count] = copy;
    return (int32_t)captures->count++;
}

struct parse {
    struct arena *arena;
    struct payload_captures *captures;
    bool closed;
    struct payload_filter *filter;
    const char **ret_reason;
};

static bool piece_add(struct parse *p, struct payload_level *level, struct str text,
                      int32_t capture)
{
    if (level->piece_count == PAYLOAD_LEVEL_PIECES_MAX)
        return refuse("a level has too many parts", p->ret_reason);
    level->piece[level->piece_count++] =
        (struct payload_level_piece){.text = text, .capture = capture};
    return true;
}

/* "vs-{device}" and the like. An unknown name of a closed list is a capture that nobody reads:
 * place PAYLOAD_CAPTURES_MAX. */
static bool pattern_parse(struct parse *p, struct str text, struct payload_level *level)
{
    level->piece = arena_alloc(p->arena, PAYLOAD_LEVEL_PIECES_MAX, sizeof *level->piece);
    if (!level->piece)
        return refuse("out of memory", p->ret_reason);
    for (uint32_t at = 0; at < text.len;) {
        uint32_t end = at;
        if (text.at[at] != '{') {
            while (end < text.len && text.at[end] != '{')
                end++;
            struct str literal = {text.at + at, end - at};
            if (memchr(literal.at, '}', literal.len))
                return refuse("a } without its {", p->ret_reason);
            if (!piece_add(p, level, literal, -1))
                return false;
            at = end;
            continue;
        }
        while (end < text.len && text.at[end] != '}')
            end++;
        struct str name = {text.at + at + 1, end - at - 1};
        if (end == text.len)
            return refuse("a { without its }", p->ret_reason);
        if (!name_valid(name))
            return refuse("a capture's name is letters, digits and _", p->ret_reason);
        if (level->piece_count && level->piece[level->piece_count - 1].capture >= 0)
            return refuse("two captures without text between them", p->ret_reason);
        *p->ret_reason = NULL;
        int32_t place = capture_place(p->arena, p->captures, p->closed, name, p->ret_reason);
        if (*p->ret_reason)
            return false;
        if (place >= 0 && p->filter->captures & 1u << place)
            return refuse("a name is captured twice", p->ret_reason);
        if (place >= 0)
            p->filter->captures |= 1u << place;
        if (!piece_add(p, level, name, place < 0 ? PAYLOAD_CAPTURES_MAX : place))
            return false;
        at = end + 1;
    }
    return true;
}

static bool level_parse_one(struct parse *p, struct str text, bool first,
                            struct payload_level *level)
{
    *level = (struct payload_level){.kind = LEVEL_LITERAL, .literal = text};
    if (str_is(text, "+")) {
        level->kind = LEVEL_PLUS;
        return true;
    }
    for (uint32_t i = 0; i < text.len; i++) {
        if (text.at[i] == '+' || text.at[i] == '#')
            return refuse("+ and # each fill a level of their own, # the last", p->ret_reason);
        if (text.at[i] == '\0')
            return refuse("a topic has no NUL", p->ret_reason);
    }
    if (!text.len || (!memchr(text.at, '{', text.len) && !memchr(text.at, '}', text.len)))
        return true;
    if (!pattern_parse(p, text, level))
        return false;
    level->kind = LEVEL_PATTERN;
    if (level->piece_count == 1 && level->piece[0].capture >= 0) {
        level->kind = LEVEL_CAPTURE;
        level->capture = (uint32_t)level->piece[0].capture;
    }
    if (first && text.at[0] == '$') /* it would have to be subscribed as +, which leaves out $ */
        return refuse("a first level that begins with $ is written out", p->ret_reason);
    return true;
}

/* Cuts the text where levels are no literals. */
static bool segments_make(struct parse *p)
{
    struct payload_filter *f = p->filter;
    struct payload_segment *segment =
        arena_alloc(p->arena, (size_t)f->level_count + 1, sizeof *segment);
    uint32_t from = 0, at = 0, count = 0;
    if (!segment)
        return refuse("out of memory", p->ret_reason);
    for (uint32_t i = 0; i < f->level_count; i++) {
        uint32_t end = at;
        while (end < f->text.len && f->text.at[end] != '/')
            end++;
        if (f->level[i].kind != LEVEL_LITERAL) {
            segment[count++] = (struct payload_segment){.text = {f->text.at + from, at - from},
                                                        .hole = &f->level[i]};
            from = end;
        }
        at = end + 1;
    }
    uint32_t end = f->text.len - (f->rest ? 1 + (f->level_count > 0) : 0);
    segment[count++] = (struct payload_segment){.text = {f->text.at + from, end - from}};
    f->segment = segment;
    f->segment_count = count;
    f->prefix = segment[0].text;
    if (count > 1 && !f->rest)
        f->suffix = segment[count - 1].text;
    f->single = count == 2 && !f->rest && segment[0].hole->kind == LEVEL_CAPTURE;
    return true;
}

static bool subscribe_text(struct parse *p)
{
    char buffer[PAYLOAD_FILTER_BYTES_MAX];
    struct text out = text_over(buffer, sizeof buffer);
    const struct payload_filter *f = p->filter;
    for (uint32_t i = 0; i < f->level_count; i++) {
        text_add(&out, i ? "/" : "");
        if (f->level[i].kind == LEVEL_LITERAL)
            text_add_str(&out, f->level[i].literal);
        else
            text_add_char(&out, '+');
    }
    if (f->rest)
        text_add(&out, f->level_count ? "/#" : "#");
    p->filter->subscribe = arena_copy(p->arena, (struct str){buffer, (uint32_t)out.len});
    return p->filter->subscribe.at || refuse("out of memory", p->ret_reason);
}

/* Such a filter would be subscribed, and no message of it ever read. */
static bool is_own(struct str filter)
{
    const struct str own[] = {STR_LIT("crowdtide/"), STR_LIT("drill/")};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (filter.len >= own[i].len && memcmp(filter.at, own[i].at, own[i].len) == 0)
            return true;
    return false;
}

bool payload_filter_parse(struct arena *arena, struct str text, struct payload_captures *captures,
                          bool closed, struct payload_filter *ret_filter, const char **ret_reason)
{
    struct payload_filter filter = {.status = PAYLOAD_FOR_READINGS};
    struct parse p = {arena, captures, closed, &filter, ret_reason};
    struct payload_level level[PAYLOAD_LEVELS_MAX];
    if (text.len == 0 || text.len > PAYLOAD_FILTER_BYTES_MAX)
        return refuse("it is empty, or longer than 512 bytes", ret_reason);
    if (is_own(text))
        return refuse("what is below crowdtide/ and drill/ never comes to a map", ret_reason);
    text = arena_copy(arena, text);
    if (!text.at)
        return refuse("out of memory", ret_reason);
    for (uint32_t at = 0; at <= text.len && !filter.rest;) {
        uint32_t end = at;
        while (end < text.len && text.at[end] != '/')
            end++;
        struct str part = {text.at + at, end - at};
        at = end + 1;
        if (str_is(part, "#") && end == text.len) {
            filter.rest = true;
        } else if (filter.level_count == PAYLOAD_LEVELS_MAX) {
            return refuse("it has more than 32 levels", ret_reason);
        } else {
            if (!level_parse_one(&p, part, filter.level_count == 0, &level[filter.level_count]))
                return false;
            filter.level_count++;
        }
    }
    struct payload_level *kept = arena_alloc(arena, filter.level_count, sizeof *kept);
    if (!kept)
        return refuse("out of memory", ret_reason);
    memcpy(kept, level, filter.level_count * sizeof *kept);
    filter.level = kept;
    filter.text = text;
    if (!segments_make(&p) || !subscribe_text(&p))
        return false;
    *ret_filter = filter;
    return true;
}

/* Where a text occurs first from `from` on; len + 1: nowhere. */
static uint32_t text_find(struct str in, uint32_t from, struct str what)
{
    for (uint32_t at = from; at + what.len <= in.len; at++)
        if (memcmp(in.at + at, what.at, what.len) == 0)
            return at;
    return in.len + 1;
}

static void capture_set(struct str *captures, int32_t place, struct str text)
{
    if (place < PAYLOAD_CAPTURES_MAX)
        captures[place] = text;
}

/* Each capture ends where the text behind it first occurs, the last where the level, less its last
 * text, ends. */
static bool pattern_match(const struct payload_level *level, struct str text, struct str *captures)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < level->piece_count; i++) {
        const struct payload_level_piece *piece = &level->piece[i];
        if (piece->capture < 0) {
            if (at + piece->text.len > text.len ||
                !payload_same(text.at + at, piece->text.at, piece->text.len))
                return false;
            at += piece->text.len;
            continue;
        }
        uint32_t end = text.len;
        if (i + 2 == level->piece_count) {
            uint32_t tail = level->piece[i + 1].text.len;
            end = text.len >= at + tail ? text.len - tail : at;
        } else if (i + 1 < level->piece_count) {
            end = text_find(text, at + 1, level->piece[i + 1].text);
        }
        if (end <= at || end > text.len)
            return false;
        capture_set(captures, piece->capture, (struct str){text.at + at, end - at});
        at = end;
    }
    return at == text.len;
}

bool payload_level_match(const struct payload_level *level, struct str text,
                         struct str ret_capture[PAYLOAD_CAPTURES_MAX])
{
    switch (level->kind) {
    case LEVEL_LITERAL:
        return level->literal.len == text.len && payload_same(level->literal.at, text.at, text.len);
    case LEVEL_PLUS:
        return true;
    case LEVEL_CAPTURE:
        if (text.len)
            capture_set(ret_capture, (int32_t)level->capture, text);
        return text.len > 0;
    case LEVEL_PATTERN:
        return pattern_match(level, text, ret_capture);
    }
    return false;
}

/* Where the level that begins at `at` ends: eight bytes at a time, the last eight of the topic with
 * what is before `at` shifted out. */
static inline uint32_t level_end(struct str topic, uint32_t at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    while (at < topic.len && topic.len >= 8) {
        uint32_t over = topic.len - at < 8 ? 8 - (topic.len - at) : 0;
        uint64_t eight;
        memcpy(&eight, topic.at + at - over, sizeof eight);
        eight =
            (eight >> (8 * over)) ^ (ones * '/'); /* 0 is a slash; what was shifted in is none */
        uint64_t slashes = (eight - ones) & ~eight & (ones << 7);
        if (slashes)
            return at + (uint32_t)__builtin_ctzll(slashes) / 8;
        at += 8 - over;
    }
    while (at < topic.len && topic.at[at] != '/')
        at++;
    return at;
}

/* Whether the topic has these ends, and what they leave is no first level that begins with $. */
static inline bool ends_match(const struct payload_filter *filter, struct str topic)
{
    const struct str *prefix = &filter->prefix, *suffix = &filter->suffix;
    return topic.len >= prefix->len + suffix->len &&
           payload_same(topic.at, prefix->at, prefix->len) &&
           payload_same(topic.at + topic.len - suffix->len, suffix->at, suffix->len) && topic.len &&
           (prefix->len || topic.at[0] != '$');
}

static inline bool single_match(const struct payload_filter *filter, struct str topic,
                                struct str *ret_capture)
{
    uint32_t at = filter->prefix.len, end = topic.len - filter->suffix.len;
    if (!ends_match(filter, topic) || at == end || level_end(topic, at) != end)
        return false;
    capture_set(ret_capture, (int32_t)filter->segment[0].hole->capture,
                (struct str){topic.at + at, end - at});
    return true;
}

__attribute__((noinline)) static bool segments_match(const struct payload_filter *filter,
                                                     struct str topic,
                                                     struct str ret_capture[PAYLOAD_CAPTURES_MAX])
{
    if (!ends_match(filter, topic))
        return false;
    uint32_t at = filter->prefix.len;
    for (uint32_t i = 1; i < filter->segment_count; i++) {
        const struct payload_level *hole = filter->segment[i - 1].hole;
        const struct str *text = &filter->segment[i].text;
        uint32_t end = level_end(topic, at);
        struct str level = {topic.at + at, end - at};
        if (hole->kind == LEVEL_CAPTURE && level.len)
            capture_set(ret_capture, (int32_t)hole->capture, level);
        else if (!payload_level_match(hole, level, ret_capture))
            return false;
        at = end + text->len;
        if (text->at != filter->suffix.at && /* which is known to be there */
            (at > topic.len || !payload_same(topic.at + end, text->at, text->len)))
            return false;
    }
    return at == topic.len || (filter->rest && (!filter->level_count || topic.at[at] == '/'));
}

static inline bool match(const struct payload_filter *filter, struct str topic,
                         struct str *ret_capture)
{
    return filter->single ? single_match(filter, topic, ret_capture)
                          : segments_match(filter, topic, ret_capture);
}

bool payload_filter_match(const struct payload_filter *filter, struct str topic,
                          struct str ret_capture[PAYLOAD_CAPTURES_MAX])
{
    return match(filter, topic, ret_capture);
}

const struct payload_filter *payload_filters_match(const struct payload_filter *filter,
                                                   uint32_t count, struct str topic,
                                                   struct str ret_capture[PAYLOAD_CAPTURES_MAX])
{
    for (uint32_t i = 0; i < count; i++)
        if (match(&filter[i], topic, ret_capture))
            return &filter[i];
    return NULL;
}
