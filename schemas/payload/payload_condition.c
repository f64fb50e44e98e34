/* Conditions of a map, and the constants that they compare with. */
#include "schemas/payload/internal.h"

struct payload_constant payload_constant(struct str text)
{
    struct payload_constant c = {.text = text};
    c.is_number = tree_parse_number(text, &c.number);
    c.is_bool = str_is(text, "true") || str_is(text, "false");
    c.boolean = c.is_bool && text.at[0] == 't';
    return c;
}

bool payload_constants(struct payload_reader *r, const struct tree_node *node, const char *name,
                       struct payload_constants *ret)
{
    uint32_t count = payload_list_count(node);
    if (!payload_list_fits(r, node, name, PAYLOAD_WORDS_MAX))
        return false;
    struct payload_constant *constant = payload_alloc(r, count, sizeof *constant);
    if (!constant)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct str text;
        if (!payload_text(r, payload_list_item(node, i), name, 0, READING_TEXT_BYTES_MAX, &text))
            return false;
        constant[i] = payload_constant(text);
    }
    *ret = (struct payload_constants){constant, count};
    return true;
}

enum { TESTS_MAX = 7, TYPES_MAX = 5 };
static const char *const tests[TESTS_MAX] = {"equals", "in",    "not", "present",
                                             "above",  "below", "type"};

/* type: one or several of text, number, boolean, object, list. */
static bool type_read(struct payload_reader *r, const struct tree_node *node,
                      struct payload_condition *c)
{
    static const char *const words[TYPES_MAX] = {"text", "number", "boolean", "object", "list"};
    static const uint32_t kinds[TYPES_MAX] = {1u << JSON_STRING,
                                              1u << JSON_INT | 1u << JSON_UINT | 1u << JSON_REAL,
                                              1u << JSON_BOOL, 1u << JSON_OBJECT, 1u << JSON_ARRAY};
    c->test = CONDITION_TYPE;
    if (!payload_list_fits(r, node, "type", TYPES_MAX))
        return false;
    for (uint32_t i = 0; i < payload_list_count(node); i++) {
        uint32_t word;
        if (!payload_choice(r, payload_list_item(node, i), "type", words, TYPES_MAX, &word))
            return false;
        c->kinds |= kinds[word];
    }
    return true;
}

/* One test of a condition, `key: node`. */
static bool test_read(struct payload_reader *r, uint32_t test, const struct tree_node *node,
                      struct payload_condition *c)
{
    bool present;
    switch (test) {
    case 0:
        if (!tree_expect(node, TREE_SCALAR, tests[test], r->problems))
            return false;
        c->test = CONDITION_IN;
        return payload_constants(r, node, tests[test], &c->among);
    case 1:
        c->test = CONDITION_IN;
        return payload_constants(r, node, tests[test], &c->among);
    case 2:
        c->test = CONDITION_NOT_IN;
        return payload_constants(r, node, tests[test], &c->among);
    case 3:
        if (!tree_bool(node, tests[test], &present, r->problems))
            return false;
        c->test = present ? CONDITION_PRESENT : CONDITION_ABSENT;
        return true;
    case 6:
        return type_read(r, node, c);
    default:
        c->test = test == 4 ? CONDITION_ABOVE : CONDITION_BELOW;
        return tree_number(node, tests[test], -1e15, 1e15, &c->bound, r->problems);
    }
}

static bool carried_find(struct payload_reader *r, const struct tree_node *node, uint32_t *ret)
{
    const struct payload_map *map = r->map;
    struct str name;
    if (!payload_text(r, node, "carried", 1, ID_BYTES_MAX, &name))
        return false;
    for (uint32_t i = 0; r->here && i < map->carried_count; i++)
        if (str_equal(map->carried[i].name, name)) {
            *ret = i;
            return true;
        }
    problems_add(r->problems, node->line, node->column,
                 r->here ? "carried: `carry` has no \"" STR_FMT "\""
                         : "carried: \"" STR_FMT "\" belongs to elements, and there is no `each`",
                 STR_ARG(name));
    return false;
}

bool payload_capture(struct payload_reader *r, const struct tree_node *node, uint32_t *ret)
{
    const struct payload_captures *captures = &r->map->captures;
    struct str name;
    if (!payload_text(r, node, "capture", 1, ID_BYTES_MAX, &name))
        return false;
    for (uint32_t i = 0; i < captures->count; i++)
        if (str_equal(captures->name[i], name)) {
            r->captures |= 1u << i;
            *ret = i;
            return true;
        }
    problems_add(r->problems, node->line, node->column,
                 "capture: no topic filter captures {" STR_FMT "}", STR_ARG(name));
    return false;
}

/* What the condition asks about. */
static bool place_read(struct payload_reader *r, const struct tree_node *node,
                       struct payload_condition *c)
{
    const struct tree_node *at = tree_find(node, "at"), *capture = tree_find(node, "capture"),
                           *carried = tree_find(node, "carried");
    if (!!at + !!capture + !!carried != 1) {
        problems_add(r->problems, node->line, node->column,
                     "a condition has one of `at` (a pointer), `capture` (a name of the topic) and "
                     "`carried` (a name of `carry`)");
        return false;
    }
    c->scope = r->here;
    c->of = at ? PLACE_STEP : capture ? PLACE_CAPTURE : PLACE_CARRIED;
    if (at)
        return payload_pointer(r, at, "at", &c->place);
    return capture ? payload_capture(r, capture, &c->place) : carried_find(r, carried, &c->place);
}

/* One condition of the file: a test for each of its tests, which all have to hold. Returns how
 * many; 0: a problem. */
static uint32_t condition_read(struct payload_reader *r, const struct tree_node *node,
                               struct payload_condition *to)
{
    static const char *const keys[] = {"at",  "capture", "carried", "equals", "in",
                                       "not", "present", "above",   "below",  "type"};
    struct payload_condition place = {0};
    if (!payload_keys(r, node, "a condition", keys, sizeof keys / sizeof keys[0]) ||
        !place_read(r, node, &place))
        return 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < TESTS_MAX; i++) {
        const struct tree_node *test = tree_find(node, tests[i]);
        if (!test)
            continue;
        if (place.of == PLACE_CAPTURE && i >= 3) {
            problems_add(r->problems, test->line, test->column,
                         "%s: of a capture only equals, in and not", tests[i]);
            return 0;
        }
        to[count] = place;
        if (!test_read(r, i, test, &to[count++]))
            return 0;
    }
    if (count == 0)
        problems_add(r->problems, node->line, node->column,
                     "a condition asks something: equals, in, not, present, above, below or type");
    return count;
}

bool payload_conditions(struct payload_reader *r, const struct tree_node *node, const char *name,
                        struct payload_conditions *ret)
{
    uint32_t nodes = payload_list_count(node), count = 0;
    if (!payload_list_fits(r, node, name, PAYLOAD_WORDS_MAX))
        return false;
    struct payload_condition *c = payload_alloc(r, (size_t)nodes * TESTS_MAX, sizeof *c);
    if (!c)
        return false;
    for (uint32_t i = 0; i < nodes; i++) {
        uint32_t read = condition_read(r, payload_list_item(node, i), c + count);
        if (!read)
            return false;
        count += read;
    }
    for (uint32_t i = 0; i < count; i++)
        payload_question(r, &c[i]);
    *ret = (struct payload_conditions){c, count};
    return true;
}

uint32_t payload_conditions_want(struct payload_conditions conditions)
{
    for (uint32_t i = 0; i < conditions.count; i++) {
        const struct payload_condition *c = &conditions.condition[i];
        if (c->of == PLACE_STEP && c->test != CONDITION_NOT_IN && c->test != CONDITION_ABSENT)
            return c->place;
    }
    return 0;
}
