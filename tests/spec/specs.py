"""The published specifications of schemas/spec, for tests: loaded by name, with validators that resolve references between them.

    specs.load("kafka/zones.json")                 the document
    specs.validator("kafka/zones.json")            jsonschema's; Missing when python3-jsonschema is not installed
"""
import json
import pathlib

SPEC = pathlib.Path(__file__).resolve().parents[2] / "schemas" / "spec"


class Missing(Exception):
    """The validator cannot be had."""


def names():
    return sorted(str(path.relative_to(SPEC)) for path in SPEC.glob("**/*.json"))


def load(name):
    return json.loads((SPEC / name).read_text())


def schemas():
    """Those that are JSON Schema."""
    return [name for name in names() if "$schema" in load(name)]


def validator(name):
    """References are relative to the file; formats are checked."""
    try:
        import jsonschema
        kind = jsonschema.Draft202012Validator
    except (ImportError, AttributeError) as missing:
        raise Missing(f"python3-jsonschema 4 is needed: {missing}") from None
    schema = load(name)
    kind.check_schema(schema)
    store = {}
    for other in names():
        document = load(other)
        store[(SPEC / other).as_uri()] = document
        if "$id" in document:
            store[document["$id"]] = document
    # A schema with an $id of its own resolves what it says by that, not by its file.
    resolver = jsonschema.RefResolver((SPEC / name).as_uri(), {key: value for key, value in schema.items() if key != "$id"}, store=store)
    return kind({key: value for key, value in schema.items() if key != "$id"}, resolver=resolver, format_checker=jsonschema.FormatChecker())
