/*
 * tree: a YAML file as a tree that remembers where everything stood, for files people write (configuration, venue model). libyaml parses; this module builds the tree, bounds
 * it and refuses what reads differently from how it looks.
 *
 *     struct tree *tree;
 *     if (!tree_parse(source, &env, &tree, &problems)) …
 *     const struct tree_node *root = tree_root(tree);
 *     tree_keys(root, "the venue", keys, count, &problems);         // unknown keys: "did you mean …"
 *     const struct tree_node *name = tree_find(root, "name");       // NULL: not there
 *     if (name) tree_text(name, "name", 1, 200, &text, &problems);  // typed readers say what is wrong, and where
 *     tree_free(tree);
 *
 * What a scalar means is decided by the reader, never by its look: 5 and "5" are the same, `no` is a boolean only where one is asked for.
 * Refused: duplicate keys, keys that are not scalars, tags, several documents, an alias inside its own anchor. Aliases share nodes; what they would expand to counts
 * against TREE_NODES_MAX, so that a few lines cannot grow into a bomb.
 * `${NAME}` in a value is replaced by the environment (never as YAML: the value can't add keys); unset is a problem; `$${` stands for `${`. Inside [] and {} YAML wants
 * quotes around it.
 */
#ifndef CROWDTIDE_SCHEMAS_YAML_TREE_H
#define CROWDTIDE_SCHEMAS_YAML_TREE_H

#include "schemas/base/problems.h"
#include "schemas/base/str.h"

enum {
    TREE_BYTES_MAX = 16 * 1024 * 1024,      /* of the source */
    TREE_NODES_MAX = 4 * 1024 * 1024,       /* aliases expanded */
    TREE_DEPTH_MAX = 16,                    /* lists and maps in one another */
    TREE_KEYS_MAX = 64,                     /* of one map */
    TREE_SCALAR_BYTES_MAX = 64 * 1024,      /* of one scalar, variables replaced */
    TREE_ANCHORS_MAX = 256,
};

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree_node {
    enum tree_kind kind;
    bool plain;            /* scalar without quotes */
    uint32_t line, column; /* from 1 */
    uint32_t weight;       /* nodes below and including this, aliases expanded */
    uint32_t count;        /* items or pairs */
    struct str text;       /* scalar; NUL-terminated, may hold further NULs */
    union {
        const struct tree_node *const *item; /* list */
        const struct tree_pair *pair;        /* map, in file order */
    };
};

struct tree_pair {
    struct str key;
    uint32_t line, column;
    const struct tree_node *value;
};

/* Where ${NAME} comes from. get returns NULL for an unset name. */
struct tree_env {
    const char *(*get)(void *context, const char *name);
    void *context;
};
/* The process's environment. */
extern const struct tree_env tree_env_process;

struct tree; /* opaque; owns its nodes and texts */

/* env NULL: `${` stays as it is. False when there is a problem (all of them are in *problems, each with its line); *ret_tree is then untouched. */
bool tree_parse(struct str source, const struct tree_env *env, struct tree **ret_tree,
                struct problems *problems);
void tree_free(struct tree *tree); /* NULL is allowed */

/* The top node; an empty map for an empty file. */
const struct tree_node *tree_root(const struct tree *tree);

/* The same source with ${NAME} replaced inside values only (comments and keys stay); line numbers do not move. *ret_text is malloc'ed, NUL-terminated. A
   source without `${` is copied unread, YAML or not. */
bool tree_expand(struct str source, const struct tree_env *env, char **ret_text, size_t *ret_len,
                 struct problems *problems);

/* The value of a key; NULL when the map has no such key or an empty value (`key:`). */
const struct tree_node *tree_find(const struct tree_node *map, const char *key);

/* False with a problem when node is not of the kind. what: "zones", "a zone" … */
bool tree_expect(const struct tree_node *node, enum tree_kind kind, const char *what,
                 struct problems *problems);

/* A problem for each key of the map that is not among keys[count]. */
void tree_keys(const struct tree_node *map, const char *what, const char *const *keys,
               uint32_t count, struct problems *problems);

/* Typed readers: false, with a problem that names `name`, when the node is not such a scalar or out of range. Texts are borrowed from the tree. */
/* One line of text, min to max bytes, no control characters. */
bool tree_text(const struct tree_node *node, const char *name, uint32_t min, uint32_t max,
               struct str *ret_text, struct problems *problems);
/* An id of the contract: [A-Za-z0-9][A-Za-z0-9._:-]{0,47}. */
bool tree_id(const struct tree_node *node, const char *name, struct str *ret_id,
             struct problems *problems);
/* Decimal digits with an optional minus; no leading zeros, so that nobody wonders about octal. */
bool tree_int(const struct tree_node *node, const char *name, int64_t min, int64_t max,
              int64_t *ret_int, struct problems *problems);
/* Decimal number of at most 15 digits, no exponent: the same double on every machine. */
bool tree_number(const struct tree_node *node, const char *name, double min, double max,
                 double *ret_number, struct problems *problems);
/* yes, no, true, false, on, off. */
bool tree_bool(const struct tree_node *node, const char *name, bool *ret_bool,
               struct problems *problems);
/* One of words[count]. */
bool tree_choice(const struct tree_node *node, const char *name, const char *const *words,
                 uint32_t count, uint32_t *ret_index, struct problems *problems);

/* The number in text by tree_int's or tree_number's rules. For values that do not come from a file. */
bool tree_parse_int(struct str text, int64_t *ret_int);
bool tree_parse_number(struct str text, double *ret_number);
bool tree_parse_bool(struct str text, bool *ret_bool);

#endif
