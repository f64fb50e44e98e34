"""The JSON Schemas of the Kafka topics (schemas/spec/kafka), for values as they really left the pipeline."""
import json

from .workspace import SOURCE_DIR, Skip

try:
    import jsonschema
except ImportError:
    jsonschema = None

FOLDER = SOURCE_DIR / "schemas" / "spec" / "kafka"


def validators():
    """Topic → validator."""
    if jsonschema is None:
        raise Skip("python3-jsonschema is not installed")
    found = {}
    for path in FOLDER.glob("*.json"):
        schema = json.loads(path.read_text())
        resolver = jsonschema.RefResolver(path.as_uri(), schema)
        found[f"crowdtide.{path.stem}"] = jsonschema.Draft202012Validator(schema, resolver=resolver)
    return found
