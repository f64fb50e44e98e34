/* Texts with holes: "{device}" (of the topic), "{/serial}" and "{./id}" (of the payload), "{bn}"
 * (carried), "{index}", "{key}" (of the element). */
#include "schemas/base/suggest.h"
#include "schemas/payload/internal.h"

static bool refuse(struct payload_reader *r, const struct tree_node *node, const char *name,
                   const char *reason)
{
    problems_add(r->problems, node->line, node->column, "%s: %s", name, reason);
    return false;
}

/* Says what names there are, with the nearest. */
static bool unknown_name(struct payload_reader *r, const struct tree_node *node, const char *name,
                         struct str hole)
{
    const struct payload_map *map = r->map;
    const char *words[PAYLOAD_CAPTURES_MAX + PAYLOAD_CARRIED_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < map->captures.count; i++)
        words[count++] = map->captures.name[i].at;
    for (uint32_t i = 0; i < map->carried_count; i++)
        words[count++] = map->carried[i].name.at;
    const char *near = suggest_word(hole, words, count);
    char list[PROBLEM_BYTES];
    struct text out = text_over(list, sizeof list);
    for (uint32_t i = 0; i < count; i++) {
        text_add(&out, i ? ", " : "");
        text_add(&out, words[i]);
    }
    problems_add(r->problems, node->line, node->column,
                 "%s: nothing is called {%.*s}%s%s%s; captured or carried: %.*s; pointers begin "
                 "with /, ./ or ../",
                 name, (int)(hole.len < 48 ? hole.len : 48), hole.at,
                 near ? "; did you mean {" : "", near ? near : "", near ? "}?" : "",
                 count ? (int)out.len : 7, count ? list : "nothing");
    return false;
}

static bool named_find(struct payload_reader *r, const struct tree_node *node, const char *name,
                       struct str hole, struct payload_piece *piece)
{
    const struct payload_map *map = r->map;
    bool index = str_is(hole, "index");
    if (index || str_is(hole, "key")) {
        if (!r->here)
            return refuse(r, node, name,
                          "{index} and {key} are of an element, and the entry has "
                          "no `each`");
        piece->kind = index ? PIECE_INDEX : PIECE_KEY;
        return true;
    }
    for (uint32_t i = 0; i < map->captures.count; i++)
        if (str_equal(map->captures.name[i], hole)) {
            *piece = (struct payload_piece){.kind = PIECE_CAPTURE, .place = i};
            r->captures |= 1u << i;
            return true;
        }
    for (uint32_t i = 0; i < map->carried_count; i++)
        if (str_equal(map->carried[i].name, hole)) {
            if (!r->here)
                return refuse(r, node, name,
                              "what is carried belongs to elements, and the entry has no `each`");
            *piece = (struct payload_piece){.kind = PIECE_CARRIED, .place = i};
            return true;
        }
    return unknown_name(r, node, name, hole);
}

/* One hole, without its braces. */
static bool hole_read(struct payload_reader *r, const struct tree_node *node, const char *name,
                      struct str hole, struct payload_piece *piece)
{
    if (hole.len && (hole.at[0] == '/' || hole.at[0] == '.')) {
        piece->kind = PIECE_STEP;
        return payload_pointer_text(r, node, hole, &piece->place);
    }
    return named_find(r, node, name, hole, piece);
}

bool payload_template(struct payload_reader *r, const struct tree_node *node, const char *name,
                      struct payload_template *ret)
{
    struct payload_piece piece[PAYLOAD_PIECES_MAX];
    uint32_t count = 0;
    struct str text;
    if (!payload_text(r, node, name, 0, READING_TEXT_BYTES_MAX, &text))
        return false;
    for (uint32_t at = 0; at < text.len;) {
        bool hole = text.at[at] == '{';
        char stop = hole ? '}' : '{';
        uint32_t end = at + hole;
        while (end < text.len && text.at[end] != stop)
            end++;
        struct str part = {text.at + at + hole, end - at - hole};
        if (hole && end == text.len)
            return refuse(r, node, name, "a { without its }");
        if (!hole && memchr(part.at, '}', part.len))
            return refuse(r, node, name, "a } without its {");
        if (count == PAYLOAD_PIECES_MAX)
            return refuse(r, node, name, "it has more than 16 parts");
        piece[count] = (struct payload_piece){.kind = PIECE_TEXT, .text = part};
        if (hole && !hole_read(r, node, name, part, &piece[count]))
            return false;
        count++;
        at = end + hole;
    }
    struct payload_piece *kept = payload_alloc(r, count, sizeof *kept);
    if (!kept)
        return false;
    memcpy(kept, piece, count * sizeof *kept);
    *ret = (struct payload_template){kept, count, text};
    return true;
}
