#!/usr/bin/python3
"""Validates the published schemas and messages with validators that are not ours.

    check.py samples                  the schemas are JSON Schema 2020-12; each sample is judged as its file name says
    check.py asyncapi CACHE           schemas/spec/asyncapi.yaml: references resolve, every schema is named, and the document is valid
                                      by AsyncAPI 3.0.0's own schema (npm package @asyncapi/specs, installed into CACHE once)
    check.py results CROWDTIDE SCRIPT…
                                      every result that `crowdtide test --trace` shows for the scripts is valid by its type's schema
    check.py messages SCHEMA [FILE]   every line of FILE (or stdin) is valid by e.g. kafka/alerts; prints the number of lines

Exit code 0 good, 1 not, 77 a validator could not be had (the reason is printed). Debian's Python, because the validator is Debian's
package python3-jsonschema; standard input is otherwise unused.
"""
import collections
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import specs
from specs import SPEC

SKIPPED = 77
SAMPLED = ("mqtt", "command")  # what others write, so that samples judge the schemas
SAMPLES = pathlib.Path(__file__).resolve().parent / "samples"
ASYNCAPI_SPECS = "@asyncapi/specs@6.8.1"


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(SKIPPED)


try:
    import jsonschema
    import yaml
    jsonschema.Draft202012Validator
except (ImportError, AttributeError) as missing:
    skip(f"python3-jsonschema 4 and python3-yaml are needed: {missing}")


def check_samples():
    problems = []
    for name in specs.schemas():
        try:
            specs.validator(name)
        except jsonschema.SchemaError as error:
            problems.append(f"{name}: {error.message}")
        problems += [f"{name}{where}: {reference} leads nowhere" for where, reference in references(specs.load(name))
                     if not resolves(specs.load(name), reference, (SPEC / name).parent)]
    count = 0
    for path in sorted(SAMPLES.glob("*.jsonl")):
        message_class, verdict, _ = path.name.split(".")
        folder = next(folder for folder in SAMPLED if (SPEC / folder / f"{message_class}.json").is_file())
        valid = specs.validator(f"{folder}/{message_class}.json").is_valid
        for number, line in enumerate(path.read_text().splitlines(), 1):
            count += 1
            if valid(json.loads(line)) != (verdict == "valid"):
                problems.append(f"{path}:{number}: should be {verdict}: {line}")
    print(f"{count} samples")
    return problems


def references(value, where=""):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield where, value["$ref"]
        for key, member in value.items():
            yield from references(member, f"{where}/{key}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from references(member, f"{where}/{index}")


def resolves(document, reference, folder=SPEC):
    file, _, pointer = reference.partition("#")
    if file:
        path = folder / file
        if not path.is_file():
            return False
        document = json.loads(path.read_text())
    for part in filter(None, pointer.split("/")):
        part = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(document, dict) or part not in document:
            return False
        document = document[part]
    return True


def official_schema(cache):
    cache = pathlib.Path(cache)
    path = cache / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0-without-$id.json"
    if not path.is_file():
        if not shutil.which("npm"):
            skip("AsyncAPI's own schema: npm is not installed")
        cache.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["npm", "install", "--prefix", str(cache), "--no-save", "--no-audit", "--no-fund", "--ignore-scripts",
             ASYNCAPI_SPECS], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        if done.returncode != 0 or not path.is_file():
            skip(f"AsyncAPI's own schema: npm could not get {ASYNCAPI_SPECS}: {done.stderr.strip()[-300:]}")
    return without_id_properties(json.loads(path.read_text()))


def without_id_properties(value):
    """jsonschema 4.10 takes a property that is called "$id" for the schema's own identifier, and stumbles. Nothing here uses such
    a property."""
    if isinstance(value, dict):
        return {key: without_id_properties(member) for key, member in value.items()
                if key != "$id" or isinstance(member, str)}
    if isinstance(value, list):
        return [without_id_properties(member) for member in value]
    return value


def check_asyncapi(cache):
    document = yaml.safe_load((SPEC / "asyncapi.yaml").read_text())
    found = list(references(document))
    problems = [f"asyncapi.yaml{where}: {reference} leads nowhere" for where, reference in found
                if not resolves(document, reference)]
    named = {reference.removeprefix("./") for _, reference in found}
    problems += [f"asyncapi.yaml names no message with {name}" for name in specs.schemas()
                 if name.startswith(("kafka/", "mqtt/", "command/")) and name not in named]
    for error in jsonschema.Draft7Validator(official_schema(cache)).iter_errors(document):
        best = jsonschema.exceptions.best_match([error])
        problems.append(f"asyncapi.yaml/{'/'.join(map(str, best.absolute_path))}: {best.message[:300]}")
    return problems


def shape(text):
    """The JSON text with what schemas don't look at taken out: results are many, shapes are few."""
    return re.sub("[0-9]+", "0", re.sub(r"[0-9]+\.[0-9]+", "0.0", text))


def traced(program, scripts):
    """(line, how many like it) of what the program shows for the scripts: of those that differ in nothing but digits the first. There are
    more than a million lines, so that this is asked first and of bytes."""
    zeros = bytes.maketrans(b"123456789", b"000000000")
    first, alike = {}, collections.Counter()
    with tempfile.TemporaryFile() as errors, subprocess.Popen([program, "test", "--trace", *scripts], stdin=subprocess.DEVNULL,
                                                              stdout=subprocess.PIPE, stderr=errors) as running:
        for line in running.stdout:
            key = line.translate(zeros)
            if key not in first:
                first[key] = line
            alike[key] += 1
        if running.wait() != 0:
            errors.seek(0)
            sys.exit(f"exit code {running.returncode}: {errors.read()[-300:].decode(errors='replace')}")
    return [(line.decode().rstrip("\n"), alike[key]) for key, line in first.items()]


def check_results(program, scripts):
    """Words that no script makes the core say are told, for the reader to judge."""
    cases = {case["if"]["properties"]["type"]["const"]: case["then"]["properties"]["result"]
             for case in specs.load("log/results.json")["allOf"]}
    checks = {kind: specs.validator(result["$ref"].removeprefix("../")) if "$ref" in result else jsonschema.Draft202012Validator(result)
              for kind, result in cases.items()}
    problems, seen, count, said = [], set(), 0, collections.defaultdict(set)
    for line, alike in traced(program, scripts):
        _, kind, text = (line + "  ").split(" ", 2)
        if kind not in checks or not text.startswith("{"):
            continue
        count += alike
        one = (kind, shape(text))
        if one in seen:
            continue
        seen.add(one)
        result = json.loads(text)
        for field, value in result.items():
            if isinstance(value, str):
                said[kind, field].add(value)
        problems += [f"{kind}: {error.json_path}: {error.message}: {text.strip()[:300]}" for error in checks[kind].iter_errors(result)]
    if count < 1000:
        problems.append(f"only {count} results")
    print(f"{count} results of {len(seen)} shapes, {len({kind for kind, _ in seen})} types")
    for kind, check in checks.items():
        for field, schema in check.schema["properties"].items():
            unsaid = set(schema.get("enum", ())) - said[kind, field]
            if unsaid and said[kind, field]:
                print(f"  never said here: {kind}.{field} {', '.join(sorted(unsaid))}")
    return problems


def check_messages(name, stream):
    problems, count, check = [], 0, specs.validator(f"{name}.json")
    for number, line in enumerate(stream, 1):
        count += 1
        for error in check.iter_errors(json.loads(line)):
            problems.append(f"line {number}: {'/'.join(map(str, error.absolute_path))}: {error.message}: {line.strip()[:300]}")
    print(f"{count} messages valid by {name}" if not problems else f"{count} messages against {name}")
    return problems


def main(arguments):
    if arguments == ["samples"]:
        problems = check_samples()
    elif len(arguments) == 2 and arguments[0] == "asyncapi":
        problems = check_asyncapi(arguments[1])
    elif len(arguments) > 2 and arguments[0] == "results":
        problems = check_results(arguments[1], arguments[2:])
    elif len(arguments) in (2, 3) and arguments[0] == "messages":
        with open(arguments[2]) if len(arguments) == 3 else sys.stdin as stream:
            problems = check_messages(arguments[1], stream)
    else:
        print(__doc__, file=sys.stderr)
        return 2
    for problem in problems[:20]:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
