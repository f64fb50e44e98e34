"""The fields of each result type, read from their table in schemas/result/result.h: what must be in the series, and as what."""
import collections
import re

from .workspace import SOURCE_DIR

HEADER = SOURCE_DIR / "schemas" / "result" / "result.h"
IN_SERIES = {"TEXT": "string", "INT": "integer", "TIME": "integer", "REAL": "float", "BOOL": "boolean", "LEVEL": "integer"}

Field = collections.namedtuple("Field", "kind place")


def tables():
    """Result type → its fields by name."""
    text = HEADER.read_text()
    blocks = re.findall(r"#define RESULT_(\w+)_FIELDS\(F\)(.*?)\n\n", text, re.DOTALL)
    return {name.lower(): {field: Field(kind, place) for kind, field, place in re.findall(r"F\((\w+), (\w+), (\w+),", body)}
            for name, body in blocks}


def measurements():
    """Measurement → the result type it shows."""
    text = HEADER.read_text()
    types = text[text.index("#define RESULT_TYPES(T)"):]
    types = types[:types.index("\n\n")]
    return {measurement: kind for kind, measurement in re.findall(r'T\(\w+, (\w+), "(\w+)"', types)}
