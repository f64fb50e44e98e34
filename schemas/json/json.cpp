#include "schemas/json/json.h"

#include <new>

#include <simdjson.h>

namespace dom = simdjson::dom;

static_assert(JSON_PADDING_BYTES >= simdjson::SIMDJSON_PADDING, "callers promise too little");

/* json_document.h reads the tape itself. */
static_assert(simdjson::SIMDJSON_VERSION_MAJOR == 3,
              "is the tape still as json_document.h has it?");

struct json_parser {
    dom::parser dom;
    size_t document_bytes_max;
};

/* The macro holds bare numbers with dots. */
#define TEXT_OF(token) #token
#define TEXT_OF_MACRO(macro) TEXT_OF(macro)

extern "C" const char *json_library_version(void)
{
    return TEXT_OF_MACRO(SIMDJSON_VERSION);
}

extern "C" const char *json_status_text(enum json_status status)
{
    switch (status) {
    case JSON_OK:
        return "ok";
    case JSON_MALFORMED:
        return "not JSON";
    case JSON_UTF8:
        return "not UTF-8";
    case JSON_DUPLICATE_KEY:
        return "a key occurs twice";
    case JSON_NOT_OBJECT:
        return "not an object";
    case JSON_TOO_MANY_FIELDS:
        return "too many members";
    case JSON_TOO_LARGE:
        return "document too large";
    case JSON_NO_MEMORY:
        return "out of memory";
    }
    return "";
}

extern "C" struct json_parser *json_parser_new(size_t document_bytes_max)
{
    auto *parser = new (std::nothrow) json_parser();
    if (!parser)
        return nullptr;
    parser->document_bytes_max = document_bytes_max;
    /* Everything at once: pages that no document reaches are never touched, so they cost address
     * space only. */
    /* The library's depth is the first one that it refuses. */
    if (parser->dom.allocate(document_bytes_max, JSON_DEPTH_MAX + 1) ||
        parser->dom.doc.allocate(document_bytes_max)) {
        delete parser;
        return nullptr;
    }
    return parser;
}

extern "C" void json_parser_free(struct json_parser *parser)
{
    delete parser;
}

/* simdjson stops at the first thing it dislikes, which for a payload in another encoding may well
   be the syntax. People need to hear of the encoding. */
static enum json_status failure_of(simdjson::error_code error, const uint8_t *bytes, size_t len)
{
    if (error == simdjson::MEMALLOC)
        return JSON_NO_MEMORY;
    if (error == simdjson::CAPACITY)
        return JSON_TOO_LARGE;
    bool utf8 = simdjson::validate_utf8(reinterpret_cast<const char *>(bytes), len);
    return utf8 ? JSON_MALFORMED : JSON_UTF8;
}

extern "C" enum json_status json_parse_document(struct json_parser *parser, const uint8_t *bytes,
                                                size_t len, struct json_document *ret_document)
{
    if (len > parser->document_bytes_max)
        return JSON_TOO_LARGE;
    dom::element root;
    simdjson::error_code error = parser->dom.parse(bytes, len, false).get(root);
    if (error)
        return failure_of(error, bytes, len);
    ret_document->tape = parser->dom.doc.tape.get();
    ret_document->strings = parser->dom.doc.string_buf.get();
    return JSON_OK;
}
