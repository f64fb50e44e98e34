#include "deploy/cli/top_paint.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { PIECE_BYTES = 512 };

static const char *style_code(enum style style)
{
    static const char *const codes[] = {
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
    return codes[style];
}

/* Columns that a character takes; wide ones (CJK and beyond) take two. */
static uint32_t width_of(uint32_t code)
{
    return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
                   (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
                   (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
                   (code >= 0xffe0 && code <= 0xffe6) || code >= 0x1f300
               ? 2
               : 1;
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
    bool styled = style != PLAIN && s->view->colour;
    if (styled)
        text_add(s->out, style_code(style));
    for (const uint8_t *at = (const uint8_t *)piece; *at;) {
        uint32_t code, n = character(at, &code);
        bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
        uint32_t width = control ? 1 : width_of(code);
        if (s->column + width > s->view->columns)
            break;
        text_add_bytes(s->out, control ? (const void *)"?" : at, control ? 1 : n);
        s->column += width;
        at += n;
    }
    if (styled)
        text_add(s->out, "\033[0m");
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
    if (s->view->colour)
        text_add(s->out, "\033[K"); /* nothing of the picture before remains */
    text_add_char(s->out, '\n');
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
