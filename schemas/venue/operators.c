#include "schemas/base/suggest.h"
#include "schemas/venue/internal.h"

#define UID_MAX INT64_C(4294967294) /* one below the id that stands for none */

static const char *const command_words[VENUE_COMMAND_COUNT] = {
#define COMMAND_WORD(name, word) word,
    VENUE_COMMANDS(COMMAND_WORD)
#undef COMMAND_WORD
};

const char *venue_command_text(enum venue_command command)
{
    return (unsigned)command < VENUE_COMMAND_COUNT ? command_words[command] : "unknown";
}

static uint32_t role_find(const struct venue *venue, struct str id)
{
    for (uint32_t i = 0; i < venue->role_count; i++) {
        if (str_equal(venue->roles[i].id, id))
            return i;
    }
    return UINT32_MAX;
}

/* The id of a role or an operator; a problem when there is none. */
static void read_id(struct venue_reader *r, const struct tree_node *map, const char *what,
                    struct str *ret_id)
{
    const struct tree_node *node = tree_find(map, "id");
    struct str text;
    if (!node)
        problems_add(r->problems, map->line, map->column, "the %s's id is missing", what);
    else if (tree_id(node, "id", &text, r->problems))
        *ret_id = venue_keep(r, text);
}

static void read_commands(struct venue_reader *r, const struct tree_node *node,
                          struct venue_role *role)
{
    uint32_t command;
    if (node->kind == TREE_SCALAR && str_is(node->text, "all")) {
        role->commands = (1u << VENUE_COMMAND_COUNT) - 1;
        return;
    }
    for (uint32_t i = 0; i < venue_list_count(node); i++) {
        if (tree_choice(venue_list_item(node, i), "commands", command_words, VENUE_COMMAND_COUNT,
                        &command, r->problems))
            role->commands |= 1u << command;
    }
    if (venue_list_count(node) == 0)
        problems_add(r->problems, node->line, node->column,
                     "commands: the list is empty; a role is there to allow something");
}

static void read_role(struct venue_reader *r, const struct tree_node *map, struct venue_role *role)
{
    static const char *const keys[] = {"id", "commands", "supervisor"};
    const struct tree_node *node;
    if (!tree_expect(map, TREE_MAP, "a role", r->problems))
        return;
    tree_keys(map, "a role", keys, sizeof keys / sizeof keys[0], r->problems);
    read_id(r, map, "role", &role->id);
    if ((node = tree_find(map, "commands")) == NULL)
        problems_add(r->problems, map->line, map->column,
                     "role \"" STR_FMT "\" has no commands: all, or a list of them",
                     STR_ARG(role->id));
    else
        read_commands(r, node, role);
    if ((node = tree_find(map, "supervisor")))
        (void)tree_bool(node, "supervisor", &role->supervisor, r->problems);
}

static void read_operator_roles(struct venue_reader *r, const struct tree_node *node,
                                struct venue_operator *who)
{
    for (uint32_t i = 0; i < venue_list_count(node); i++) {
        const struct tree_node *item = venue_list_item(node, i);
        const char *words[VENUE_ROLES_MAX];
        struct str id;
        if (!tree_id(item, "roles", &id, r->problems))
            continue;
        uint32_t role = role_find(r->venue, id), known = 0;
        if (role != UINT32_MAX) {
            who->roles |= 1u << role;
            continue;
        }
        for (uint32_t k = 0; k < r->venue->role_count; k++) {
            if (r->venue->roles[k].id.len)
                words[known++] = r->venue->roles[k].id.at;
        }
        const char *near = suggest_word(id, words, known);
        problems_add(r->problems, item->line, item->column,
                     "roles: there is no role \"" STR_FMT "\"%s%s%s", STR_ARG(id),
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
}

static void read_operator(struct venue_reader *r, const struct tree_node *map,
                          struct venue_operator *who)
{
    static const char *const keys[] = {"id", "name", "uid", "roles"};
    const struct tree_node *node;
    struct str text;
    int64_t uid;
    if (!tree_expect(map, TREE_MAP, "an operator", r->problems))
        return;
    tree_keys(map, "an operator", keys, sizeof keys / sizeof keys[0], r->problems);
    read_id(r, map, "operator", &who->id);
    who->name = who->id;
    if ((node = tree_find(map, "name")) &&
        tree_text(node, "name", 1, VENUE_NAME_BYTES_MAX, &text, r->problems))
        who->name = venue_keep(r, text);
    if ((node = tree_find(map, "uid")) == NULL)
        problems_add(r->problems, map->line, map->column,
                     "operator \"" STR_FMT "\" has no uid, the user id on this machine",
                     STR_ARG(who->id));
    else if (tree_int(node, "uid", 0, UID_MAX, &uid, r->problems))
        who->uid = (uint32_t)uid;
    if ((node = tree_find(map, "roles")))
        read_operator_roles(r, node, who);
}

/* The list of the key, at most max long; NULL: none. */
static const struct tree_node *find_list(struct venue_reader *r, const struct tree_node *root,
                                         const char *key, uint32_t max)
{
    const struct tree_node *list = tree_find(root, key);
    if (!list || !tree_expect(list, TREE_LIST, key, r->problems))
        return NULL;
    if (list->count > max) {
        problems_add(r->problems, list->line, list->column, "%s: more than %u", key, max);
        return NULL;
    }
    return list;
}

static void defined_twice(struct venue_reader *r, const struct tree_node *node, const char *what,
                          struct str id, const struct tree_node *first)
{
    problems_add(r->problems, node->line, node->column,
                 "%s \"" STR_FMT "\" is defined twice; first in line %u", what, STR_ARG(id),
                 first->line);
}

static void read_roles(struct venue_reader *r, const struct tree_node *list)
{
    struct venue *v = r->venue;
    v->roles = venue_alloc(r, list->count, sizeof *v->roles);
    for (uint32_t i = 0; v->roles && i < list->count; i++) {
        struct venue_role *role = &v->roles[i];
        read_role(r, list->item[i], role);
        uint32_t same = role->id.len ? role_find(v, role->id) : UINT32_MAX;
        if (same != UINT32_MAX)
            defined_twice(r, list->item[i], "role", role->id, list->item[same]);
        v->role_count++;
    }
}

static void read_operators(struct venue_reader *r, const struct tree_node *list)
{
    struct venue *v = r->venue;
    v->operators = venue_alloc(r, list->count, sizeof *v->operators);
    for (uint32_t i = 0; v->operators && i < list->count; i++) {
        struct venue_operator *who = &v->operators[i];
        read_operator(r, list->item[i], who);
        uint32_t same = who->id.len ? venue_operator_find(v, who->id) : UINT32_MAX;
        if (same != UINT32_MAX)
            defined_twice(r, list->item[i], "operator", who->id, list->item[same]);
        v->operator_count++;
    }
}

static void read_shifts(struct venue_reader *r, const struct tree_node *list)
{
    struct venue *v = r->venue;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct tree_node *node = list->item[i];
        struct str text;
        if (!tree_text(node, "shifts", 0, VENUE_NAME_BYTES_MAX, &text, r->problems))
            continue;
        int32_t at = time_minutes(text);
        if (at < 0)
            problems_add(r->problems, node->line, node->column,
                         "shifts: a local time such as \"07:30\" is expected");
        else if (v->shift_count && at <= v->shift_min[v->shift_count - 1])
            problems_add(r->problems, node->line, node->column,
                         "shifts: " STR_FMT " is not after the time before it", STR_ARG(text));
        else
            v->shift_min[v->shift_count++] = at;
    }
}

void venue_read_operators(struct venue_reader *r, const struct tree_node *root)
{
    const struct tree_node *list;
    r->role_list = find_list(r, root, "roles", VENUE_ROLES_MAX);
    if (r->role_list)
        read_roles(r, r->role_list);
    r->operator_list = find_list(r, root, "operators", VENUE_OPERATORS_MAX);
    if (r->operator_list)
        read_operators(r, r->operator_list);
    if ((list = find_list(r, root, "shifts", VENUE_SHIFTS_MAX)))
        read_shifts(r, list);
}

uint32_t venue_operator_find(const struct venue *venue, struct str id)
{
    for (uint32_t i = 0; i < venue->operator_count; i++) {
        if (str_equal(venue->operators[i].id, id))
            return i;
    }
    return UINT32_MAX;
}

uint32_t venue_operator_of_uid(const struct venue *venue, uint32_t uid, struct str id)
{
    for (uint32_t i = 0; i < venue->operator_count; i++) {
        const struct venue_operator *o = &venue->operators[i];
        if (o->uid == uid && (id.len == 0 || str_equal(o->id, id)))
            return i;
    }
    return UINT32_MAX;
}

bool venue_operator_may(const struct venue *venue, uint32_t operator_at, enum venue_command command)
{
    for (uint32_t i = 0; i < venue->role_count; i++) {
        if (venue->operators[operator_at].roles >> i & 1u &&
            venue->roles[i].commands >> command & 1u)
            return true;
    }
    return false;
}

bool venue_operator_supervises(const struct venue *venue, uint32_t operator_at)
{
    for (uint32_t i = 0; i < venue->role_count; i++) {
        if (venue->operators[operator_at].roles >> i & 1u && venue->roles[i].supervisor)
            return true;
    }
    return false;
}
