#include "schemas/venue/bundle.h"

#include "schemas/yaml/tree.h"

static const struct str mark = {BUNDLE_MARK, sizeof BUNDLE_MARK - 1};

/* The next line with its end; false: there is none. */
static bool line_next(struct str *rest, struct str *ret)
{
    if (rest->len == 0)
        return false;
    const char *end = memchr(rest->at, '\n', rest->len);
    uint32_t len = end ? (uint32_t)(end - rest->at) + 1 : rest->len;
    *ret = (struct str){rest->at, len};
    *rest = (struct str){rest->at + len, rest->len - len};
    return true;
}

static bool line_marks(struct str line)
{
    return line.len >= mark.len && memcmp(line.at, mark.at, mark.len) == 0;
}

uint32_t bundle_marked(struct str text)
{
    struct str line;
    for (uint32_t at = 1; line_next(&text, &line); at++) {
        if (line_marks(line))
            return at;
    }
    return 0;
}

/* Name and path of a line that marks. */
static bool words_take(struct str line, struct bundle_map *map)
{
    struct str rest = {line.at + mark.len, line.len - mark.len};
    while (rest.len && (rest.at[rest.len - 1] == '\n' || rest.at[rest.len - 1] == '\r'))
        rest.len--;
    const char *blank = rest.len ? memchr(rest.at, ' ', rest.len) : NULL;
    if (!blank)
        return false;
    map->name = (struct str){rest.at, (uint32_t)(blank - rest.at)};
    map->path = (struct str){blank + 1, rest.len - map->name.len - 1};
    return map->name.len && map->name.len <= BUNDLE_NAME_BYTES_MAX && map->path.len;
}

bool bundle_split(struct str source, struct bundle *ret, struct problems *problems)
{
    struct str rest = source, line;
    struct str *part = &ret->venue;
    *ret = (struct bundle){.venue = {source.at, 0}};
    for (uint32_t at = 1; line_next(&rest, &line); at++) {
        if (!line_marks(line)) {
            part->len += line.len;
            continue;
        }
        if (ret->map_count == BUNDLE_MAPS_MAX) {
            problems_add(problems, at, 1, "more than %d payload maps", BUNDLE_MAPS_MAX);
            return false;
        }
        struct bundle_map *map = &ret->map[ret->map_count++];
        if (!words_take(line, map)) {
            problems_add(problems, at, 1, "\"" BUNDLE_MARK "{name} {path}\" is expected");
            return false;
        }
        map->text = (struct str){rest.at, 0};
        part = &map->text;
    }
    return true;
}

const struct bundle_map *bundle_find(const struct bundle *bundle, struct str name)
{
    for (uint32_t i = 0; i < bundle->map_count; i++) {
        if (str_equal(bundle->map[i].name, name))
            return &bundle->map[i];
    }
    return NULL;
}

size_t bundle_add_bytes(struct str name, struct str path, struct str map_text)
{
    return 1 + (size_t)mark.len + name.len + 1 + path.len + 1 + map_text.len;
}

void bundle_add(struct text *to, struct str name, struct str path, struct str map_text)
{
    if (to->len && to->at[to->len - 1] != '\n')
        text_add_char(to, '\n');
    text_add_str(to, mark);
    text_add_str(to, name);
    text_add_char(to, ' ');
    text_add_str(to, path);
    text_add_char(to, '\n');
    text_add_str(to, map_text);
}

/* The list of a venue file; NULL: it has none. */
static const struct tree_node *list_of(const struct tree *tree)
{
    const struct tree_node *root = tree_root(tree);
    const struct tree_node *list = root->kind == TREE_MAP ? tree_find(root, "payloads") : NULL;
    return list && list->kind == TREE_LIST ? list : NULL;
}

static bool named_before(const struct bundle_name *names, uint32_t count, struct str name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (str_is(name, names[i].text))
            return true;
    }
    return false;
}

uint32_t bundle_names(struct str venue_text, struct bundle_name names[BUNDLE_MAPS_MAX])
{
    struct problems unsaid = {0};
    struct tree *tree = NULL;
    uint32_t count = 0;
    /* A large venue without maps is not read twice. */
    if (venue_text.len == 0 || !memmem(venue_text.at, venue_text.len, "payloads", 8) ||
        !tree_parse(venue_text, NULL, &tree, &unsaid))
        return 0;
    const struct tree_node *list = list_of(tree);
    for (uint32_t i = 0; list && i < list->count && count < BUNDLE_MAPS_MAX; i++) {
        const struct tree_node *entry = list->item[i];
        const struct tree_node *map = entry->kind == TREE_MAP ? tree_find(entry, "map") : NULL;
        if (!map || map->kind != TREE_SCALAR || map->text.len == 0 ||
            map->text.len > BUNDLE_NAME_BYTES_MAX || named_before(names, count, map->text))
            continue;
        struct bundle_name *to = &names[count++];
        memcpy(to->text, map->text.at, map->text.len);
        to->text[map->text.len] = '\0';
        to->line = map->line;
        to->column = map->column;
    }
    tree_free(tree);
    return count;
}
