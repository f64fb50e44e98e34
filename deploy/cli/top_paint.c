#include "deploy/cli/top_paint.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { PIECE_BYTES = 512 };

static const char *style_code(enum top_paint paint, enum style style)
{
    static const char *const colours[] = {
        [PLAIN] = "",
        [BOLD] = "\033[1m",
        [DIM] = "\033[2m",
        [RED] = "\033[1;97;41m",
        [ORANGE] = "\033[1;30;48;5;208m",
        [YELLOW] = "\033[30;43m",
        [BLUE] = "\033[97;44m",
        [UNKNOWN] = "\033[1;97;45m",
        [GOOD] = "\033[32m",
    };
    static const char *const marks[] = {
        [PLAIN] = "",        [BOLD] = "\033[1m",      [DIM] = "",
        [RED] = "\033[1;7m", [ORANGE] = "\033[7m",    [YELLOW] = "\033[1m",
        [BLUE] = "",         [UNKNOWN] = "\033[1;7m", [GOOD] = "",
    };
    return paint == TOP_PAINT_COLOUR  ? colours[style]
           : paint == TOP_PAINT_MARKS ? marks[style]
                                      : "";
}

/* Columns that a character takes: wide ones (CJK and beyond, emoji) two, combining ones none. */
static uint32_t width_of(uint32_t code)
{
    static const struct {
        uint32_t first, last, width;
    } ranges[] = {
        {0x0300, 0x036f, 0},   {0x0483, 0x0489, 0},   {0x0591, 0x05bd, 0},   {0x0610, 0x061a, 0},
        {0x064b, 0x065f, 0},   {0x0e31, 0x0e31, 0},   {0x0e34, 0x0e3a, 0},   {0x0e47, 0x0e4e, 0},
        {0x1100, 0x115f, 2},   {0x1160, 0x11ff, 0},   {0x1ab0, 0x1aff, 0},   {0x1dc0, 0x1dff, 0},
        {0x20d0, 0x20ff, 0},   {0x231a, 0x231b, 2},   {0x23e9, 0x23f3, 2},   {0x25fd, 0x25fe, 2},
        {0x2614, 0x2615, 2},   {0x2648, 0x2653, 2},   {0x26a1, 0x26a1, 2},   {0x26d4, 0x26d4, 2},
        {0x2705, 0x2705, 2},   {0x274c, 0x274c, 2},   {0x2753, 0x2757, 2},   {0x2e80, 0x303e, 2},
        {0x3041, 0x3098, 2},   {0x3099, 0x309a, 0},   {0x309b, 0xa4cf, 2},   {0xa960, 0xa97c, 2},
        {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},   {0xfe00, 0xfe0f, 0},   {0xfe10, 0xfe19, 2},
        {0xfe20, 0xfe2f, 0},   {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},
        {0x1f300, 0x1faff, 2}, {0x20000, 0x3fffd, 2}, {0xe0100, 0xe01ef, 0},
    };
    for (size_t i = 0; code >= ranges[0].first && i < sizeof ranges / sizeof ranges[0]; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return ranges[i].width;
    return 1;
}

/* Turns the direction of others, or joins them: on a screen of columns it could only disturb. */
static bool invisible(uint32_t code)
{
    return (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || code == 0xad;
}

/* For terminals that can show ASCII only. */
static const char *stand_in(uint32_t code)
{
    static const struct {
        uint32_t code;
        const char *text;
    } known[] = {{0x2264, "<"}, {0x2026, "~"}, {0x2014, "-"}, {0x2013, "-"}, {0x00b2, "2"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].code == code)
            return known[i].text;
    return "?";
}

/* Decodes one character of valid UTF-8; other bytes count as one. Returns its length. */
static uint32_t character(const uint8_t *at, uint32_t *ret_code)
{
    uint32_t n = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc0 ? 2 : 1;
    uint32_t code = n == 1 ? at[0] : at[0] & (0xffU >> (n + 1));
    for (uint32_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            *ret_code = '?';
            return i;
        }
        code = code << 6 | (at[i] & 0x3f);
    }
    *ret_code = code;
    return n;
}

void screen_put(struct screen *s, enum style style, const char *format, ...)
{
    char piece[PIECE_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    const char *code_of_style = style_code(s->view->paint, style);
    text_add(s->out, code_of_style);
    for (const uint8_t *at = (const uint8_t *)piece; *at;) {
        uint32_t code, n = character(at, &code);
        const uint8_t *from = at;
        at += n;
        if (invisible(code))
            continue;
        uint32_t width = width_of(code);
        if (s->column + width > s->view->columns)
            break;
        if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            text_add_char(s->out, '?');
        } else if (code >= 0x80 && s->view->ascii) {
            for (uint32_t i = 0; i < width; i++)
                text_add(s->out, stand_in(code));
        } else {
            text_add_bytes(s->out, from, n);
        }
        s->column += width;
    }
    if (code_of_style[0])
        text_add(s->out, "\033[0m");
}

void screen_bar(struct screen *s, enum style style)
{
    const char *code = style_code(s->view->paint, style);
    text_add(s->out, code);
    screen_to(s, s->view->columns);
    if (code[0])
        text_add(s->out, "\033[0m");
}

uint32_t screen_left(const struct screen *s)
{
    if (!s->limit)
        return UINT32_MAX;
    return s->limit > s->rows ? s->limit - s->rows : 0;
}

void screen_to(struct screen *s, uint32_t column)
{
    while (s->column < column && s->column < s->view->columns) {
        text_add_char(s->out, ' ');
        s->column++;
    }
}

void screen_end(struct screen *s)
{
    if (screen_left(s) == 0) {
        s->out->len = s->line_at;
        s->column = 0;
        return;
    }
    if (s->view->paint != TOP_PAINT_TEXT)
        text_add(s->out, "\033[K"); /* nothing of the picture before remains */
    text_add_char(s->out, '\n');
    s->line_at = s->out->len;
    s->column = 0;
    s->rows++;
}

const char *screen_grouped(uint64_t v, char out[SCREEN_NUMBER_BYTES])
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, v), at = 0;
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

const char *screen_lasting(int64_t ms, char out[SCREEN_NUMBER_BYTES])
{
    int64_t s = ms / 1000;
    if (ms < 0)
        (void)snprintf(out, SCREEN_NUMBER_BYTES, "0 s");
    else if (ms < 10000)
        (void)snprintf(out, SCREEN_NUMBER_BYTES, "%.1f s", (double)ms / 1000);
    else if (s < 120)
        (void)snprintf(out, SCREEN_NUMBER_BYTES, "%" PRId64 " s", s);
    else if (s < 7200)
        (void)snprintf(out, SCREEN_NUMBER_BYTES, "%" PRId64 " min", s / 60);
    else if (s < 172800)
        (void)snprintf(out, SCREEN_NUMBER_BYTES, "%" PRId64 " h", s / 3600);
    else
        (void)snprintf(out, SCREEN_NUMBER_BYTES, "%" PRId64 " d", s / 86400);
    return out;
}
