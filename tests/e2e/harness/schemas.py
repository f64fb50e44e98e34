"""The JSON Schemas of the Kafka topics (schemas/spec/kafka), for values as they really left the pipeline, and of command lines."""
import json

from .workspace import SOURCE_DIR, Skip

try:
    import jsonschema
except ImportError:
    jsonschema = None

SPEC = SOURCE_DIR / "schemas" / "spec"


def validators():
    """Topic → validator."""
    if jsonschema is None:
        raise Skip("python3-jsonschema is not installed")
    found = {}
    for path in SPEC.glob("kafka/*.json"):
        schema = json.loads(path.read_text())
        resolver = jsonschema.RefResolver(path.as_uri(), schema)
        found[f"crowdtide.{path.stem}"] = jsonschema.Draft202012Validator(schema, resolver=resolver)
    return found


def command_line():
    """The validator of a line at the command socket."""
    return jsonschema.Draft202012Validator(json.loads((SPEC / "command" / "line.json").read_text()))
