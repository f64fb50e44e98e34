#include "deploy/cli/top_choice.h"

#include <string.h>

const char *top_page_text(enum top_page page)
{
    static const char *const texts[] = {
#define TOP_PAGE_TEXT(name, text) text,
        TOP_PAGES(TOP_PAGE_TEXT)
#undef TOP_PAGE_TEXT
    };
    return texts[page];
}

const char *top_sort_text(enum top_sort sort)
{
    static const char *const texts[] = {
#define TOP_SORT_TEXT(name, text) text,
        TOP_SORTS(TOP_SORT_TEXT)
#undef TOP_SORT_TEXT
    };
    return texts[sort];
}

/* Keys that terminals send as several bytes. */
enum key {
    KEY_UP = 0x100,
    KEY_DOWN,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_HOME,
    KEY_END,
    KEY_BACK_TAB,
    KEY_ESCAPE,
    KEY_NONE,
};

/* Reads one key; returns how many bytes it was. */
static size_t next_key(const char *bytes, size_t len, int *ret_key)
{
    static const struct {
        const char *bytes;
        enum key key;
    } sequences[] = {
        {"\033[A", KEY_UP},    {"\033OA", KEY_UP},       {"\033[B", KEY_DOWN},
        {"\033OB", KEY_DOWN},  {"\033[5~", KEY_PAGE_UP}, {"\033[6~", KEY_PAGE_DOWN},
        {"\033[H", KEY_HOME},  {"\033OH", KEY_HOME},     {"\033[1~", KEY_HOME},
        {"\033[7~", KEY_HOME}, {"\033[F", KEY_END},      {"\033OF", KEY_END},
        {"\033[4~", KEY_END},  {"\033[8~", KEY_END},     {"\033[Z", KEY_BACK_TAB},
    };
    if (bytes[0] != '\033') {
        *ret_key = (unsigned char)bytes[0];
        return 1;
    }
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        size_t n = strlen(sequences[i].bytes);
        if (len >= n && memcmp(bytes, sequences[i].bytes, n) == 0) {
            *ret_key = sequences[i].key;
            return n;
        }
    }
    if (len >= 2 && (bytes[1] == '[' || bytes[1] == 'O')) { /* one that means nothing here */
        size_t n = 2;
        while (n < len && !(bytes[n] >= 0x40 && bytes[n] <= 0x7e))
            n++;
        *ret_key = KEY_NONE;
        return n < len ? n + 1 : len;
    }
    *ret_key = KEY_ESCAPE;
    return 1;
}

static void filter_key(struct top_choice *c, int key)
{
    size_t len = strlen(c->filter);
    if (key == '\r' || key == '\n') {
        c->typing = false;
    } else if (key == KEY_ESCAPE || key == 0x15 /* ^U */) {
        c->typing = key != KEY_ESCAPE;
        c->filter[0] = '\0';
    } else if (key == 0x7f || key == '\b') {
        while (len && ((unsigned char)c->filter[--len] & 0xc0) == 0x80)
            ; /* a whole character */
        c->filter[len] = '\0';
    } else if (key >= 0x20 && key < 0x100 && len < TOP_FILTER_BYTES) {
        c->filter[len] = (char)key;
        c->filter[len + 1] = '\0';
    }
    c->scroll = 0;
}

static void scroll_by(struct top_choice *c, int64_t lines)
{
    int64_t at = (int64_t)c->scroll + lines;
    c->scroll = at < 0 ? 0 : at > UINT32_MAX ? UINT32_MAX : (uint32_t)at;
}

static void page_turn(struct top_choice *c, int page)
{
    c->page = (enum top_page)((page + TOP_PAGE_COUNT) % TOP_PAGE_COUNT);
    c->scroll = 0;
}

static void command_key(struct top_choice *c, int key)
{
    int64_t lines = c->page_lines > 1 ? c->page_lines - 1 : 1;
    if (key >= '1' && key < '1' + TOP_PAGE_COUNT)
        page_turn(c, key - '1');
    switch (key) {
    case 'q':
    case 'Q':
    case '\004': /* ^D */
        c->quit = true;
        return;
    case '\t':
        page_turn(c, (int)c->page + 1);
        return;
    case KEY_BACK_TAB:
        page_turn(c, (int)c->page - 1);
        return;
    case '/':
        c->typing = true;
        return;
    case KEY_ESCAPE:
        c->filter[0] = '\0';
        c->only_bad = false;
        c->scroll = 0;
        return;
    case 'n':
        c->only_bad = !c->only_bad;
        c->scroll = 0;
        return;
    case 's':
        c->sort = (enum top_sort)((c->sort + 1) % TOP_SORT_COUNT);
        c->scroll = 0;
        return;
    case 'j':
    case KEY_DOWN:
        scroll_by(c, 1);
        return;
    case 'k':
    case KEY_UP:
        scroll_by(c, -1);
        return;
    case ' ':
    case KEY_PAGE_DOWN:
        scroll_by(c, lines);
        return;
    case 'b':
    case KEY_PAGE_UP:
        scroll_by(c, -lines);
        return;
    case 'g':
    case KEY_HOME:
        c->scroll = 0;
        return;
    case 'G':
    case KEY_END:
        c->scroll = UINT32_MAX;
        return;
    default:
        return;
    }
}

void top_choice_key(struct top_choice *choice, const char *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        int key;
        at += next_key(bytes + at, len - at, &key);
        if (choice->typing)
            filter_key(choice, key);
        else if (choice->help && key != 'q' && key != 'Q' && key != '\004')
            choice->help = false; /* any key goes back */
        else if (key == 'h' || key == '?')
            choice->help = true;
        else
            command_key(choice, key);
    }
}
