/* The YAML tree: places, typed readers, and everything it refuses. */
#include "schemas/yaml/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

static bool parse_with(const char *source, const struct tree_env *env, struct tree **tree,
                       struct problems *problems)
{
    *tree = NULL;
    *problems = (struct problems){0};
    return tree_parse(str_of(source), env, tree, problems);
}

static struct tree *parse(const char *source)
{
    struct tree *tree;
    struct problems problems;
    if (!parse_with(source, NULL, &tree, &problems))
        fail_msg("%u: %s", problems.problem[0].line, problems.problem[0].text);
    assert_int_equal(problems.count, 0);
    return tree;
}

static void every_node_knows_its_place(void **state)
{
    (void)state;
    struct tree *tree = parse("# comment\n"
                              "a: 1\n"
                              "b:\n"
                              "  - x\n"
                              "  - {c: \"y\", d: }\n"
                              "ü: z   # é\n");
    const struct tree_node *root = tree_root(tree);
    assert_int_equal(root->kind, TREE_MAP);
    assert_int_equal(root->count, 3);
    assert_int_equal(root->line, 2);
    const struct tree_node *b = tree_find(root, "b");
    assert_int_equal(b->kind, TREE_LIST);
    assert_int_equal(b->count, 2);
    assert_int_equal(b->item[0]->line, 4);
    assert_int_equal(b->item[0]->column, 5);
    assert_true(b->item[0]->plain);
    const struct tree_node *c = tree_find(b->item[1], "c");
    assert_true(str_is(c->text, "y"));
    assert_false(c->plain);
    assert_int_equal(c->line, 5);
    assert_int_equal(c->column, 9);
    assert_null(tree_find(b->item[1], "d")); /* no value */
    assert_null(tree_find(root, "c"));
    assert_null(tree_find(c, "c")); /* not a map */
    assert_int_equal(tree_find(root, "ü")->column, 4);
    assert_int_equal(root->pair[2].line, 6);
    tree_free(tree);
}

static void nothing_is_an_empty_map(void **state)
{
    (void)state;
    static const char *const sources[] = {"", "\n", "# only a comment\n", "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        struct tree *tree = parse(sources[i]);
        assert_int_equal(tree_root(tree)->kind, TREE_MAP);
        assert_int_equal(tree_root(tree)->count, 0);
        tree_free(tree);
    }
    struct tree *tree = parse("\xef\xbb\xbf"
                              "a: b\n");
    assert_non_null(tree_find(tree_root(tree), "a"));
    tree_free(tree);
}

static void aliases_share_and_keep_their_own_place(void **state)
{
    (void)state;
    struct tree *tree = parse("a: &x {k: v}\nb: *x\nc: &y 5\nd: *y\n");
    const struct tree_node *a = tree_find(tree_root(tree), "a"),
                           *b = tree_find(tree_root(tree), "b");
    assert_ptr_equal(a->pair, b->pair);
    assert_int_equal(a->line, 1);
    assert_int_equal(b->line, 2);
    assert_true(str_is(tree_find(tree_root(tree), "d")->text, "5"));
    tree_free(tree);
}

static const struct refused {
    const char *source;
    uint32_t line;
    const char *words;
} refusals[] = {
    {"a: 1\na: 2\n", 2, "\"a\" is given twice; first in line 1"},
    {"{a: 1, \"a\": 2}\n", 1, "given twice"},
    {"a: 1\n--- \nb: 2\n", 2, "a second document"},
    {"a: !!int 1\n", 1, "tags"},
    {"a: !x [1]\n", 1, "tags"},
    {"a: &a [*a]\n", 1, "inside its own anchor"},
    {"a: &a {b: *a}\n", 1, "inside its own anchor"},
    {"a: *b\nc: &b 1\n", 1, "no anchor before it"},
    {"? [a]\n: 1\n", 1, "can't be a key"},
    {"? {a: b}\n: 1\n", 1, "can't be a key"},
    {"k: &x v\n*x : 1\n", 2, "can't be a key"},
    {"&k a: 1\n", 1, "a key can't have an anchor"},
    {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]\n", 1, "nested too deep"},
    {"a: b\n  c: d\n", 2, "mapping values are not allowed"},
    {"a: [1, 2\n", 2, ""},
    {"a: \"x\n", 2, ""},
    {"a: 'x' y\n", 1, ""},
    {"a:\n\t- 1\n", 2, ""},
    {"ok: 1\nbad: \xc3\x28\n", 2, ""},
    {"ok: 1\n\nbad: \x01\n", 3, ""},
    {"%YAML 3.0\n---\na: 1\n", 1, ""},
    {"a: @x\n", 1, ""},
};

static void what_misleads_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct tree *tree;
        struct problems problems;
        bool ok = parse_with(refusals[i].source, NULL, &tree, &problems);
        if (ok || problems.problem[0].line != refusals[i].line ||
            !strstr(problems.problem[0].text, refusals[i].words))
            fail_msg("case %zu: %u: %s", i, problems.problem[0].line, problems.problem[0].text);
        assert_null(tree);
    }
}

/* A text of `count` parts between a head and a tail. */
static char *repeat(const char *head, const char *part, uint32_t count, const char *tail)
{
    size_t cap = strlen(head) + count * (strlen(part) + 12) + strlen(tail) + 1;
    char *out = malloc(cap);
    assert_non_null(out);
    size_t len = (size_t)snprintf(out, cap, "%s", head);
    for (uint32_t i = 0; i < count; i++) /* a %u in the part counts */
        for (const char *p = part; *p; p++) {
            if (p[0] == '%' && p[1] == 'u') {
                len += (size_t)snprintf(out + len, cap - len, "%u", i);
                p++;
            } else {
                out[len++] = *p;
            }
        }
    (void)snprintf(out + len, cap - len, "%s", tail);
    return out;
}

static void limits_are_kept(void **state)
{
    (void)state;
    static const struct {
        const char *head, *part, *tail;
        uint32_t last_good;
        const char *words;
    } cases[] = {
        {"", "k%u: 1\n", "", TREE_KEYS_MAX, "too many keys"},
        {"", "[", "", 0, "nested too deep"},
        {"", "- &a%u x\n", "", TREE_ANCHORS_MAX, "too many anchors"},
        {"a: \"", "x", "\"\n", TREE_SCALAR_BYTES_MAX, "too long"},
        {"[", "1,", "]", TREE_NODES_MAX - 1, "too many values"},
        {"", "#..............................................................\n", "",
         TREE_BYTES_MAX / 64, "longer than"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool costly = cases[i].last_good > 1000000; /* its last good one takes seconds */
        for (uint32_t over = cases[i].last_good && !costly ? 0 : 1; over < 2; over++) {
            uint32_t count = cases[i].last_good ? cases[i].last_good + over : 100000;
            char *source = repeat(cases[i].head, cases[i].part, count, cases[i].tail);
            struct tree *tree;
            struct problems problems;
            assert_int_equal(parse_with(source, NULL, &tree, &problems), !over);
            if (over) {
                assert_non_null(strstr(problems.problem[0].text, cases[i].words));
                assert_true(problems.problem[0].line > 0);
            }
            tree_free(tree);
            free(source);
        }
    }
}

static void nesting_ends_where_it_is_said(void **state)
{
    (void)state;
    for (uint32_t depth = TREE_DEPTH_MAX; depth <= TREE_DEPTH_MAX + 1; depth++) {
        char source[2 * TREE_DEPTH_MAX + 4] = "";
        memset(source, '[', depth);
        memset(source + depth, ']', depth);
        struct tree *tree;
        struct problems problems;
        assert_int_equal(parse_with(source, NULL, &tree, &problems), depth == TREE_DEPTH_MAX);
        tree_free(tree);
    }
}

static void bombs_are_refused_at_once(void **state)
{
    (void)state;
    char source[4096];
    struct text out = text_over(source, sizeof source - 1);
    text_add(&out, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++) {
        char line[200];
        (void)snprintf(line, sizeof line,
                       "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n",
                       i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
        text_add(&out, line);
    }
    source[out.len] = '\0';
    struct tree *tree;
    struct problems problems;
    assert_false(parse_with(source, NULL, &tree, &problems));
    assert_int_equal(problems.problem[0].line, 7);
    assert_non_null(strstr(problems.problem[0].text, "aliases expand to too many values"));
}

static const char *test_get(void *context, const char *name)
{
    (void)context;
    if (strcmp(name, "HOST") == 0)
        return "h\": {x";
    if (strcmp(name, "EMPTY") == 0)
        return "";
    if (strcmp(name, "LINES") == 0)
        return "a\nb";
    if (strcmp(name, "BAD") == 0)
        return "\xff";
    return NULL;
}
static const struct tree_env test_env = {.get = test_get};

static const struct replaced {
    const char *source;
    const char *value; /* of key a; NULL: refused */
    const char *expanded;
} replacements[] = {
    {"a: ${HOST}\n", "h\": {x", "a: \"h\\\": {x\"\n"},
    {"a: x-${HOST}-${EMPTY}y\n", "x-h\": {x-y", "a: \"x-h\\\": {x-y\"\n"},
    {"a: '${EMPTY}'\n", "", "a: \"\"\n"},
    {"a: $${HOST}\n", "${HOST}", "a: \"${HOST}\"\n"},
    {"a: $HOST\n", "$HOST", "a: $HOST\n"},
    {"a: \"${LINES}\"   # ${NO}\nb: x\n", "a\nb", "a: \"a\\x0ab\"   # ${NO}\nb: x\n"},
    {"${HOST}: 1\na: 2\n", "2", "${HOST}: 1\na: 2\n"},
    {"ü: é\na: ü${EMPTY} # ü\nb: 1\n", "ü", "ü: é\na: \"ü\" # ü\nb: 1\n"},
    {"a: |\n  x ${EMPTY}\n  y\nb: 1\n", "x \ny\n", "a: \"x \\x0ay\\x0a\"\n\n\nb: 1\n"},
    {"a: ['${EMPTY}', {b: \"${HOST}\"}]\n", "", "a: [\"\", {b: \"h\\\": {x\"}]\n"},
    {"a: ${NOT_SET}\n", NULL, NULL},
    {"a: ${1X}\n", NULL, NULL},
    {"a: ${}\n", NULL, NULL},
    {"a: ${HOST\n", NULL, NULL},
    /* What YAML takes for a line break, or does not take at all. */
    {"a: \"x\\x80\\N\\L\\P \\uFFFE\\uFFFF${EMPTY}\"\n",
     "x\xc2\x80\xc2\x85\xe2\x80\xa8\xe2\x80\xa9 \xef\xbf\xbe\xef\xbf\xbf",
     "a: \"x\\x80\\x85\\L\\P \\uFFFE\\uFFFF\"\n"},
    {"a: !!int ${EMPTY}\n", NULL, NULL},
    {"a: ! ${EMPTY}\n", NULL, NULL},
};

static void variables_are_replaced_in_values_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof replacements / sizeof replacements[0]; i++) {
        const struct replaced *r = &replacements[i];
        struct tree *tree;
        struct problems problems;
        char *text = NULL;
        size_t len = 0;
        bool ok = parse_with(r->source, &test_env, &tree, &problems);
        assert_int_equal(ok, r->value != NULL);
        if (!ok)
            assert_int_equal(problems.problem[0].line, 1);
        const struct tree_node *a = ok ? tree_find(tree_root(tree), "a") : NULL;
        if (a && a->kind == TREE_LIST)
            a = a->item[0];
        if (r->value)
            assert_true(a && str_is(a->text, r->value));
        tree_free(tree);
        ok = tree_expand(str_of(r->source), &test_env, &text, &len, &problems);
        assert_int_equal(ok, r->expanded != NULL);
        if (!ok)
            continue;
        assert_string_equal(text, r->expanded);
        assert_int_equal(len, strlen(text));
        /* Expanded once, it means the same, and stands in the same lines. */
        assert_true(parse_with(text, NULL, &tree, &problems));
        a = tree_find(tree_root(tree), "a");
        if (a->kind == TREE_LIST)
            a = a->item[0];
        assert_true(str_is(a->text, r->value));
        tree_free(tree);
        free(text);
    }
    struct problems problems = {0};
    char *text = NULL;
    size_t len;
    assert_true(tree_expand(STR_LIT("[ $ { \xff\n"), &test_env, &text, &len, &problems));
    assert_string_equal(text, "[ $ { \xff\n");
    free(text);
    assert_false(tree_expand(STR_LIT("a: ${BAD}\n"), &test_env, &text, &len, &problems));
}

static void numbers_are_what_they_look_like(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_int;
        int64_t i;
        bool is_number;
        double d;
    } cases[] = {
        {"0", true, 0, true, 0},
        {"-7", true, -7, true, -7},
        {"999999999999999999", true, 999999999999999999, false, 0},
        {"1000000000000000000", false, 0, false, 0},
        {"123456789012345", true, 123456789012345, true, 123456789012345},
        {"0.1", false, 0, true, 0.1},
        {"-0.30", false, 0, true, -0.3},
        {"3.14159265358979", false, 0, true, 3.14159265358979},
        {"3.141592653589793", false, 0, false, 0},
        {"1.1", false, 0, true, 1.1},
        {"", false, 0, false, 0},
        {"-", false, 0, false, 0},
        {".5", false, 0, false, 0},
        {"5.", false, 0, false, 0},
        {"+5", false, 0, false, 0},
        {"05", false, 0, false, 0},
        {"-05", false, 0, false, 0},
        {"00.5", false, 0, false, 0},
        {"1e3", false, 0, false, 0},
        {"0x10", false, 0, false, 0},
        {"1_000", false, 0, false, 0},
        {"1:30", false, 0, false, 0},
        {" 1", false, 0, false, 0},
        {"1 ", false, 0, false, 0},
        {".inf", false, 0, false, 0},
        {"nan", false, 0, false, 0},
        {"٣", false, 0, false, 0},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        int64_t i = 42;
        double d = 42;
        assert_int_equal(tree_parse_int(str_of(cases[k].text), &i), cases[k].is_int);
        assert_int_equal(i, cases[k].is_int ? cases[k].i : 42);
        assert_int_equal(tree_parse_number(str_of(cases[k].text), &d), cases[k].is_number);
        assert_true(d == (cases[k].is_number ? cases[k].d : 42));
    }
    /* Any decimal of up to 15 digits is read as the compiler's and the C library's nearest double.
     */
    uint64_t random = 20261123;
    for (int k = 0; k < 100000; k++) {
        char text[40];
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint64_t digits = (random >> 20) % 100000000000000u;
        int places = (int)(random >> 8) % 10;
        (void)snprintf(text, sizeof text, "%.*f", places, (double)digits / 1e9);
        double d = 0;
        if (strlen(text) <= 15) {
            assert_true(tree_parse_number(str_of(text), &d));
            assert_true(d == strtod(text, NULL));
        }
    }
}

static void readers_name_what_they_got(void **state)
{
    (void)state;
    struct tree *tree =
        parse("t: \"a\\tb\"\nn: [1]\ni: x\nb: maybe\nc: grean\nid: a b\nlong: abcdef\n"
              "yes: yes\nz: \"a\\0b\"\n");
    const struct tree_node *root = tree_root(tree);
    static const char *const words[] = {"green", "red"};
    struct problems problems = {0};
    struct str s = {0};
    int64_t i = 42;
    double d = 42;
    bool flag = false;
    uint32_t index = 42;
    assert_false(tree_text(tree_find(root, "t"), "t", 0, 99, &s, &problems));
    assert_false(tree_text(tree_find(root, "z"), "z", 0, 99, &s, &problems));
    assert_false(tree_text(tree_find(root, "n"), "n", 0, 99, &s, &problems));
    assert_false(tree_text(tree_find(root, "long"), "long", 0, 5, &s, &problems));
    assert_false(tree_text(tree_find(root, "long"), "long", 7, 9, &s, &problems));
    assert_false(tree_int(tree_find(root, "i"), "i", 0, 9, &i, &problems));
    assert_false(tree_number(tree_find(root, "i"), "i", 0, 9, &d, &problems));
    assert_false(tree_bool(tree_find(root, "b"), "b", &flag, &problems));
    assert_false(tree_choice(tree_find(root, "c"), "c", words, 2, &index, &problems));
    assert_false(tree_id(tree_find(root, "id"), "id", &s, &problems));
    assert_false(tree_expect(root, TREE_LIST, "the file", &problems));
    assert_int_equal(problems.count, 11);
    for (uint32_t k = 0; k + 1 < problems_listed(&problems); k++)
        assert_true(problems.problem[k].line >= 1 && problems.problem[k].column >= 4);
    assert_true(i == 42 && d == 42 && index == 42 && s.at == NULL && !flag); /* untouched */
    assert_string_equal(problems.problem[8].text, "c: \"grean\" is not one of green, red");
    assert_true(tree_bool(tree_find(root, "yes"), "yes", &flag, &problems));
    assert_true(flag);
    assert_true(tree_text(tree_find(root, "long"), "long", 6, 6, &s, &problems));
    static const char *const keys[] = {"t", "n", "i", "b", "c", "id", "lang", "yes", "z"};
    problems = (struct problems){0};
    tree_keys(root, "the file", keys, 9, &problems);
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.problem[0].text,
                        "the file has no key \"long\"; did you mean \"lang\"?");
    tree_free(tree);
}

/* However its lines end, a file that is no YAML is answered with the place where it goes wrong. */
static void places_do_not_depend_on_line_ends(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        uint32_t line, column;
    } cases[] = {
        {"a: 1\nb: \"\xc3\xbc\" c\n", 2, 8},
        {"a: 1\r\nb: \"\xc3\xbc\" c\r\n", 2, 8},
        {"a: 1\rb: \"\xc3\xbc\" c\r", 2, 8},
        {"a: 1\xc2\x85"
         "b: \"\xc3\xbc\" c",
         2, 8},
        {"a: 1\xe2\x80\xa8"
         "b: \"\xc3\xbc\" c",
         2, 8},
        {"a: 1\nb: {c: 1", 2, 9},
        {"a: 1\nb: {c: 1\n", 3, 1},
        {"a: \xc3\xbc\nb: \x01\n", 2, 4},
        {"a: \xc3\xbc\r\nb: \xff\r\n", 2, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct problems problems = {0};
        struct tree *tree = NULL;
        assert_false(tree_parse(str_of(cases[i].source), NULL, &tree, &problems));
        if (problems.problem[0].line != cases[i].line ||
            problems.problem[0].column != cases[i].column)
            fail_msg("case %zu: %u:%u: %s", i, problems.problem[0].line, problems.problem[0].column,
                     problems.problem[0].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_do_not_depend_on_line_ends),
        cmocka_unit_test(every_node_knows_its_place),
        cmocka_unit_test(nothing_is_an_empty_map),
        cmocka_unit_test(aliases_share_and_keep_their_own_place),
        cmocka_unit_test(what_misleads_is_refused),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(nesting_ends_where_it_is_said),
        cmocka_unit_test(bombs_are_refused_at_once),
        cmocka_unit_test(variables_are_replaced_in_values_only),
        cmocka_unit_test(numbers_are_what_they_look_like),
        cmocka_unit_test(readers_name_what_they_got),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
