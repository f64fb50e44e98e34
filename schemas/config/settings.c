#include "schemas/config/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/yaml/tree.h"

/* clang-format off */
/* What min, max and default mean depends on the kind. */
#define ROW(KIND, text_, name_, key_, env_, def_, unit_, description_, ...)                        \
    {.kind = SETTING_##KIND, .offset = offsetof(struct config, name_), __VA_ARGS__                 \
     .kind = text_, .key = key_, .env = env_, .def = def_, .unit = unit_, .description = description_}},
#define ROW_TEXT(n, k, e, min_, max_, def_, u, d) ROW(TEXT, "text", n, k, e, def_, u, d, .info = {.words = "", .min = min_, .max = max_,)
#define ROW_PATH(n, k, e, min_, max_, def_, u, d) ROW(PATH, "path", n, k, e, def_, u, d, .info = {.words = "", .min = min_, .max = max_,)
#define ROW_URL(n, k, e, words_, max_, def_, u, d) ROW(URL, "url", n, k, e, def_, u, d, .info = {.words = words_,)
#define ROW_CHOICE(n, k, e, words_, max_, def_, u, d) ROW(CHOICE, "choice", n, k, e, def_, u, d, .info = {.words = words_,)
#define ROW_INT(n, k, e, min_, max_, def_, u, d) ROW(INT, "int", n, k, e, #def_, u, d, .int_def = def_, .info = {.words = "", .min = min_, .max = max_,)
#define ROW_BOOL(n, k, e, min_, max_, def_, u, d) ROW(BOOL, "bool", n, k, e, (def_) ? "yes" : "no", u, d, .int_def = def_, .info = {.words = "",)
#define ROW_SECRET(n, k, e, min_, max_, def_, u, d) ROW(SECRET, "secret", n, k, e, def_, u, d, .info = {.words = "", .min = min_, .max = max_,)
#define ROW_LIST(n, k, e, min_, max_, def_, u, d) ROW(LIST, "list", n, k, e, def_, u, d, .info = {.words = "", .min = min_, .max = max_,)
#define SETTING_ROW(kind, ...) ROW_##kind(__VA_ARGS__)
const struct setting settings[SETTING_COUNT] = {SETTINGS(SETTING_ROW)};
/* clang-format on */

enum { URL_BYTES_MAX = 4000 };

uint32_t config_setting_count(void)
{
    return SETTING_COUNT;
}

const struct setting_info *config_setting_info(uint32_t i)
{
    return &settings[i].info;
}

char **setting_text(struct config *config, const struct setting *setting)
{
    return (char **)(void *)((char *)config + setting->offset);
}

int64_t *setting_int(struct config *config, const struct setting *setting)
{
    return (int64_t *)(void *)((char *)config + setting->offset);
}

bool *setting_bool(struct config *config, const struct setting *setting)
{
    return (bool *)(void *)((char *)config + setting->offset);
}

bool setting_is_text(const struct setting *setting)
{
    return setting->kind != SETTING_INT && setting->kind != SETTING_BOOL;
}

struct str setting_section(const struct setting *setting)
{
    const char *dot = strchr(setting->info.key, '.');
    return (struct str){setting->info.key, dot ? (uint32_t)(dot - setting->info.key) : 0};
}

/* True when word is one of words, which have | between them. */
static bool word_listed(const char *words, struct str word)
{
    for (const char *at = words; *at;) {
        const char *end = strchrnul(at, '|');
        if (str_equal((struct str){at, (uint32_t)(end - at)}, word))
            return true;
        at = *end ? end + 1 : end;
    }
    return false;
}

static bool host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

/* host, host:port, [v6] or [v6]:port. */
static bool authority_valid(struct str s)
{
    uint32_t at = 0;
    if (s.len && s.at[0] == '[') {
        const char *end = memchr(s.at, ']', s.len);
        if (!end || end - s.at < 3)
            return false;
        at = (uint32_t)(end - s.at) + 1;
    } else {
        while (at < s.len && host_char(s.at[at]))
            at++;
        if (at == 0)
            return false;
    }
    if (at == s.len)
        return true;
    int64_t port = 0;
    return s.at[at] == ':' && tree_parse_int((struct str){s.at + at + 1, s.len - at - 1}, &port) &&
           port >= 1 && port <= 65535;
}

static bool url_valid(const struct setting *setting, struct str text, char *reason, size_t cap)
{
    const char *mark = memmem(text.at, text.len, "://", 3);
    struct str scheme = {text.at, mark ? (uint32_t)(mark - text.at) : 0};
    if (!mark || !word_listed(setting->info.words, scheme)) {
        (void)snprintf(reason, cap, "an address that begins with one of %s:// is expected",
                       setting->info.words);
        return false;
    }
    struct str rest = {mark + 3, text.len - scheme.len - 3};
    const char *slash = memchr(rest.at, '/', rest.len);
    struct str authority = {rest.at, slash ? (uint32_t)(slash - rest.at) : rest.len};
    if (memchr(authority.at, '@', authority.len)) {
        (void)snprintf(reason, cap,
                       "user and password don't belong into the address; there are settings");
        return false;
    }
    if (text.len > URL_BYTES_MAX || !authority_valid(authority)) {
        (void)snprintf(reason, cap, "host or host:port is expected after ://");
        return false;
    }
    return true;
}

bool setting_text_valid(const struct setting *setting, struct str text, char *reason, size_t cap)
{
    if (text.len == 0 && !setting->info.def[0])
        return true; /* empty asks for the default */
    for (uint32_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f) {
            (void)snprintf(reason, cap, "one line without control characters is expected");
            return false;
        }
    if (setting->kind == SETTING_URL)
        return url_valid(setting, text, reason, cap);
    if (setting->kind == SETTING_CHOICE) {
        (void)snprintf(reason, cap, "one of %s is expected", setting->info.words);
        return word_listed(setting->info.words, text);
    }
    (void)snprintf(reason, cap, "%lld to %lld bytes are expected", (long long)setting->info.min,
                   (long long)setting->info.max);
    return (int64_t)text.len >= setting->info.min && (int64_t)text.len <= setting->info.max;
}

/* The first bytes of a file; -1 with errno. */
static ssize_t read_head(const char *path, char *out, size_t cap, mode_t *ret_mode)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -1;
    struct stat st;
    ssize_t got = -1;
    if (fstat(fd, &st) == 0) {
        *ret_mode = st.st_mode;
        if (S_ISDIR(st.st_mode))
            errno = EISDIR;
        else
            got = read(fd, out, cap);
    }
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return got;
}

bool setting_secret_read(const struct setting *setting, char **text, uint32_t line, uint32_t column,
                         struct problems *problems)
{
    char bytes[CONFIG_SECRET_BYTES_MAX + 2];
    mode_t mode = 0;
    ssize_t got = read_head(*text, bytes, sizeof bytes, &mode);
    if (got < 0) {
        problems_add(problems, line, column, "%s: %s: %s", setting->info.key, *text,
                     strerrordesc_np(errno));
        return false;
    }
    const char *end = memchr(bytes, '\n', (size_t)got);
    size_t len = end ? (size_t)(end - bytes) : (size_t)got;
    if (len && bytes[len - 1] == '\r')
        len--;
    bool ok = false;
    if (len == 0)
        problems_add(problems, line, column, "%s: the first line of %s is empty", setting->info.key,
                     *text);
    else if (len > CONFIG_SECRET_BYTES_MAX || memchr(bytes, '\0', len))
        problems_add(problems, line, column, "%s: %s is not a text line of at most %d bytes",
                     setting->info.key, *text, CONFIG_SECRET_BYTES_MAX);
    else
        ok = true;
    if (ok && (mode & S_IROTH))
        problems_warn(problems, line, column, "%s: everybody on this machine may read %s",
                      setting->info.key, *text);
    char *value = ok ? strndup(bytes, len) : NULL;
    explicit_bzero(bytes, sizeof bytes);
    if (ok && !value)
        problems_add(problems, line, column, "out of memory");
    if (!value)
        return false;
    free(*text);
    *text = value;
    return true;
}
