/* The section `targets`: where pages are sent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processors/page/paging_private.h"
#include "schemas/config/address.h"
#include "schemas/config/config_file.h"

enum { PATH_BYTES = 4200, SIGNING_BYTES_MIN = 16 };

struct kind {
    const char *word, *schemes, *url;
    bool url_secret;
    const char *secret;
    bool secret_needed, user;
};
static const struct kind kinds[PAGING_KIND_COUNT] = {
#define KIND_ROW(name, word, schemes, url, url_secret, secret, needed, user)                       \
    {word, schemes, url, url_secret, secret, needed, user},
    PAGING_KINDS(KIND_ROW)
#undef KIND_ROW
};
static const char *const kind_words[PAGING_KIND_COUNT] = {
#define KIND_WORD(name, word, ...) word,
    PAGING_KINDS(KIND_WORD)
#undef KIND_WORD
};

static void keys_check(struct paging_reader *r, const struct tree_node *map, enum paging_kind kind)
{
    const char *keys[13] = {"id", "kind", "status", "language", "url", "url_file", "ca_file"};
    const char *secret = kinds[kind].secret;
    char what[32], plain[32];
    uint32_t count = 7;
    if (secret[0]) {
        (void)snprintf(plain, sizeof plain, "%.*s", (int)(strlen(secret) - strlen("_file")),
                       secret);
        keys[count++] = secret;
        keys[count++] = plain;
        const struct tree_node *node = tree_find(map, plain);
        if (node)
            problems_add(r->problems, node->line, node->column,
                         "%s: secrets are not written here: %s names a file with it", plain,
                         secret);
    }
    if (kinds[kind].user)
        keys[count++] = "username";
    if (kind == PAGING_EMAIL) {
        keys[count++] = "from";
        keys[count++] = "to";
    }
    (void)snprintf(what, sizeof what, "target kind %s", kinds[kind].word);
    tree_keys(map, what, keys, count, r->problems);
}

/* A text of the map; "" when it is not there. */
static const char *text_of(struct paging_reader *r, const struct tree_node *map, const char *key)
{
    const struct tree_node *node = tree_find(map, key);
    struct str text;
    if (!node || !tree_text(node, key, 1, PAGING_TEXT_BYTES_MAX, &text, r->problems))
        return "";
    text = paging_keep(r, text);
    return text.at ? text.at : "";
}

/* The path that a key names, from where the file is. False: there is no such key, or a problem. */
static bool path_of(struct paging_reader *r, const struct tree_node *map, const char *key,
                    char out[PATH_BYTES])
{
    const struct tree_node *node = tree_find(map, key);
    struct str text;
    if (!node || !tree_text(node, key, 1, PAGING_TEXT_BYTES_MAX, &text, r->problems))
        return false;
    if (config_file_path(r->path ? r->path : "", text, out, PATH_BYTES))
        return true;
    problems_add(r->problems, node->line, node->column, "%s: the path is too long", key);
    return false;
}

/* The first line of the file that a key names; "" when there is no such key, or secrets are not
 * read. */
static const char *secret_of(struct paging_reader *r, const struct tree_node *map, const char *key)
{
    const struct tree_node *node = key[0] ? tree_find(map, key) : NULL;
    char path[PATH_BYTES], *secret = NULL;
    if (!node || !path_of(r, map, key, path) || !r->path ||
        !config_file_secret(key, path, node->line, node->column, &secret, r->problems))
        return "";
    struct str kept = paging_keep(r, str_of(secret));
    explicit_bzero(secret, strlen(secret));
    free(secret);
    return kept.at ? kept.at : "";
}

static void url_check(struct paging_reader *r, const struct tree_node *node, const char *key,
                      const struct paging_target *target)
{
    char reason[200];
    if (target->url[0] &&
        !address_valid(kinds[target->kind].schemes, str_of(target->url), reason, sizeof reason))
        problems_add(r->problems, node->line, node->column, "%s: %s", key, reason);
}

static void read_url(struct paging_reader *r, const struct tree_node *map,
                     struct paging_target *target)
{
    const struct kind *kind = &kinds[target->kind];
    const struct tree_node *url = tree_find(map, "url"), *file = tree_find(map, "url_file");
    if (url && kind->url_secret)
        problems_add(r->problems, url->line, url->column,
                     "url: the address of a %s robot is a secret: it goes into a file of its own, "
                     "which url_file names",
                     kind->word);
    else if (url && file)
        problems_add(r->problems, url->line, url->column, "url and url_file: one of them");
    else if (!url && !file && !kind->url[0])
        problems_add(r->problems, map->line, map->column, "target \"" STR_FMT "\" has no %s",
                     STR_ARG(target->id), kind->url_secret ? "url_file" : "url");
    else if (file) {
        target->url = secret_of(r, map, "url_file");
        url_check(r, file, "url_file", target);
    } else if (url) {
        target->url = text_of(r, map, "url");
        url_check(r, url, "url", target);
    } else
        target->url = kind->url;
}

static bool loopback(const char *url)
{
    static const char *const hosts[] = {"://127.0.0.1", "://localhost", "://[::1]"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (strstr(url, hosts[i]))
            return true;
    return false;
}

static void read_secret(struct paging_reader *r, const struct tree_node *map,
                        struct paging_target *target)
{
    const struct kind *kind = &kinds[target->kind];
    const struct tree_node *node = kind->secret[0] ? tree_find(map, kind->secret) : NULL;
    target->secret = secret_of(r, map, kind->secret);
    if (!node && kind->secret_needed)
        problems_add(r->problems, map->line, map->column, "target \"" STR_FMT "\" has no %s",
                     STR_ARG(target->id), kind->secret);
    if (kind->user) {
        target->username = text_of(r, map, "username");
        if (!node != !target->username[0])
            problems_add(r->problems, map->line, map->column,
                         "target \"" STR_FMT "\": username and %s go together", STR_ARG(target->id),
                         kind->secret);
    }
    if (target->kind != PAGING_WEBHOOK || !r->path)
        return;
    if (node && target->secret[0] && strlen(target->secret) < SIGNING_BYTES_MIN)
        problems_warn(r->problems, node->line, node->column,
                      "secret_file: a secret of less than %d bytes can be guessed",
                      SIGNING_BYTES_MIN);
    if (!node && target->url[0] && !loopback(target->url))
        problems_warn(r->problems, map->line, map->column,
                      "target \"" STR_FMT "\" has no secret_file: whoever it is that gets its "
                      "pages can't tell them from forged ones",
                      STR_ARG(target->id));
}

/* name@host, without what would end it where a mail server reads it. */
static const char *mailbox(struct paging_reader *r, const struct tree_node *node, const char *key)
{
    struct str text;
    if (!tree_text(node, key, 3, 254, &text, r->problems))
        return "";
    uint32_t marks = 0, wrong = 0;
    for (uint32_t i = 0; i < text.len; i++) {
        marks += text.at[i] == '@' && i > 0 && i + 1 < text.len;
        wrong += strchr(" <>,;:\"()[]\\", text.at[i]) != NULL;
    }
    if (marks == 1 && !wrong) {
        text = paging_keep(r, text);
        return text.at ? text.at : "";
    }
    problems_add(r->problems, node->line, node->column,
                 "%s: a mail address such as duty@example.org is expected", key);
    return "";
}

static void read_mail(struct paging_reader *r, const struct tree_node *map,
                      struct paging_target *target)
{
    const struct tree_node *from = tree_find(map, "from"), *to = tree_find(map, "to");
    if (!from || !to) {
        problems_add(r->problems, map->line, map->column,
                     "target \"" STR_FMT "\" has no %s: from and to are mail addresses",
                     STR_ARG(target->id), from ? "to" : "from");
        return;
    }
    target->from = mailbox(r, from, "from");
    uint32_t count = paging_items(to);
    if (count < 1 || count > PAGING_RECIPIENTS_MAX) {
        problems_add(r->problems, to->line, to->column,
                     "to: 1 to %d addresses are expected, not %u", PAGING_RECIPIENTS_MAX, count);
        return;
    }
    const char **list = paging_alloc(r, count, sizeof *list);
    for (uint32_t i = 0; list && i < count; i++)
        list[i] = mailbox(r, paging_item(to, i), "to");
    target->to = list;
    target->to_count = list ? count : 0;
}

static void read_target(struct paging_reader *r, const struct tree_node *map,
                        struct paging_target *target)
{
    struct paging *p = r->paging;
    const struct tree_node *node;
    uint32_t kind, choice;
    char path[PATH_BYTES];
    *target = (struct paging_target){.language = r->language,
                                     .url = "",
                                     .secret = "",
                                     .username = "",
                                     .from = "",
                                     .ca_file = "",
                                     .line = map->line};
    if (!tree_expect(map, TREE_MAP, "a target", r->problems))
        return;
    (void)paging_read_id(r, map, "target", p->target, sizeof *p->target, p->target_count,
                         &target->id);
    if (!(node = tree_find(map, "kind"))) {
        problems_add(r->problems, map->line, map->column, "the target's kind is missing");
        return;
    }
    if (!tree_choice(node, "kind", kind_words, PAGING_KIND_COUNT, &kind, r->problems))
        return;
    target->kind = (enum paging_kind)kind;
    keys_check(r, map, target->kind);
    if ((node = tree_find(map, "status")) &&
        tree_choice(node, "status", paging_status_words, 2, &choice, r->problems))
        target->exercise = choice == PAGING_EXERCISE;
    if ((node = tree_find(map, "language")) &&
        tree_choice(node, "language", paging_language_words, 3, &choice, r->problems))
        target->language = (enum paging_language)choice;
    read_url(r, map, target);
    read_secret(r, map, target);
    if (path_of(r, map, "ca_file", path)) {
        struct str kept = paging_keep(r, str_of(path));
        target->ca_file = kept.at ? kept.at : "";
    }
    if (target->kind == PAGING_EMAIL)
        read_mail(r, map, target);
}

void paging_read_targets(struct paging_reader *r, const struct tree_node *root)
{
    struct paging *p = r->paging;
    const struct tree_node *list = paging_section(r, root, "targets", PAGING_TARGETS_MAX);
    if (!list || !(p->target = paging_alloc(r, list->count, sizeof *p->target)))
        return;
    for (; p->target_count < list->count; p->target_count++)
        read_target(r, list->item[p->target_count], &p->target[p->target_count]);
}
