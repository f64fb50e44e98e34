#!/usr/bin/python3
"""What has been released stays: the published specifications against tests/spec/released/v1.txt.

    contract.py check         fails when something released is gone, renamed, of another type or form, or newly demanded of those who send
    contract.py mutations     shows that check fails: each change of a table that it must refuse, and each that it must let pass
    contract.py record        writes what is published now into the released contract; refuses when check fails

The released contract is a text with one fact a line: document, member, aspect, value. Facts that others read by (kafka, series, log,
output) may only be added to; of what others send (mqtt, command) no more may be demanded than before. Standard library only.
"""
import copy
import json
import pathlib
import re
import sys

sys.dont_write_bytecode = True
import specs

RELEASED = pathlib.Path(__file__).resolve().parent / "released" / "v1.txt"
SENT_TO_US = ("mqtt/", "command/line.json")
WHOLE = "(whole)"  # what is said of a document, not of one of its members


def map_keys():
    """What a payload map may say, as its readers list it: each list of words by its file and name, and the tables of formats and members."""
    keys = {}
    for path in sorted((specs.SPEC.parent / "payload").glob("*.[ch]")):
        text = path.read_text()
        for name, words in re.findall(r"\b(\w*(?:keys|words|tests|formats|acts|verified\w*))\[\w*\]\s*=\s*\{([^;]*?)\};", text):
            found = re.findall(r'"([a-z_A-Z0-9]+)"', words)
            if found:
                keys.setdefault(f"{path.stem}.{name}", set()).update(found)
        for word in re.findall(r'T\(\w+, "(\w+)", "', text) if path.name == "payload_time.h" else ():
            keys.setdefault("payload_time.formats", set()).add(word)
        for table, body in re.findall(r"(members_\w+)\[\] = \{(.*?)\n\};", text, re.DOTALL):
            keys[f"members.{table}"] = set(re.findall(r"(?:MEMBER|NUMBER)\((\w+),", body))
    return {"words": {word: sorted(found) for word, found in keys.items()}}


def documents():
    """Name → document; the addresses of asyncapi.yaml stand among them, and the keys of payload maps."""
    found = {name: specs.load(name) for name in specs.names()}
    found["payload maps"] = map_keys()
    text = (specs.SPEC / "asyncapi.yaml").read_text()
    found["asyncapi.yaml"] = {"addresses": re.findall(r"^    address: (\S+)$", text, re.MULTILINE)}
    return found


# ---- a document as facts --------------------------------------------------------------------

class Facts:
    """Of one JSON Schema: (member, aspect, value)."""

    def __init__(self, document):
        self.document = document
        self.found = set()

    def add(self, member, aspect, value):
        self.found.add((member or WHOLE, aspect, value if isinstance(value, str) else json.dumps(value)))

    def opened(self, schema):
        """With what it refers to in its own document in its place."""
        if not schema.get("$ref", "").startswith("#/$defs/"):
            return schema
        return {**self.document["$defs"][schema["$ref"].removeprefix("#/$defs/")], **{k: v for k, v in schema.items() if k != "$ref"}}

    def walk(self, schema, member):
        schema = self.opened(schema)
        kinds = [schema] if "type" in schema else [schema, *map(self.opened, schema.get("anyOf", []))]
        for part in kinds:
            if "$ref" in part:  # a document with facts of its own
                self.add(member, "is", part["$ref"])
            for kind in part.get("type", []) if isinstance(part.get("type"), list) else [part.get("type")]:
                if kind:
                    self.add(member, "type", kind)
        for aspect in ("pattern", "minimum", "maximum", "minLength", "maxLength", "contentEncoding", "const"):
            for part in kinds:
                if aspect in part:
                    self.add(member, aspect, part[aspect])
        for word in schema.get("enum", []):
            self.add(member, "word", word)
        if schema.get("additionalProperties") is False:
            self.add(member, "closed", "true")
        self.object(schema, member)
        if "items" in schema:
            self.walk(schema["items"], member + "[]")

    def object(self, schema, member):
        inside = member + "." if member and not member.endswith(" ") else member
        for name, value in schema.get("properties", {}).items():
            self.walk(value, inside + name)
        for name in schema.get("required", []):
            self.add(inside + name, "required", "true")
        for part in schema.get("anyOf", []) + schema.get("oneOf", []):
            if "required" in part and "properties" not in part:
                self.add(member, "suffices", "+".join(sorted(part["required"])))
        for part in schema.get("allOf", []):
            self.walk(part, member)
        if "if" in schema:
            (name, test), = schema["if"]["properties"].items()
            when = "|".join(map(str, test.get("enum", [test.get("const", test.get("type"))])))
            for key, equal in (("then", "="), ("else", "!=")):
                if key in schema:
                    self.object(schema[key], f"{inside}[{name}{equal}{when}] ")


def series_facts(document):
    for name, measurement in document["measurements"].items():
        yield name, "measurement", "true"
        yield name, "time", measurement["time"]["field"]
        yield name, "several_per_ms", json.dumps(measurement["time"]["several_per_ms"])
        if "exercise" in measurement:
            yield name, "exercise", measurement["exercise"]
        for tag in measurement["tags"]:
            yield f"{name}.{tag}", "tag", "true"
        for field, facts in measurement["fields"].items():
            yield f"{name}.{field}", "type", facts["type"]
            if "unit" in facts:
                yield f"{name}.{field}", "unit", facts["unit"]
            for word, number in facts.get("values", {}).items():
                yield f"{name}.{field}", "value", f"{word}={number}"


def facts(found):
    """Every fact: (document, member, aspect, value)."""
    every = set()
    for name, document in found.items():
        if "addresses" in document:
            every |= {(name, address, "address", "true") for address in document["addresses"]}
        elif "words" in document:
            every |= {(name, f"{table}.{word}", "word", word) for table, words in document["words"].items() for word in words}
        elif "metrics" in document:
            every |= {(name, metric, *fact) for metric, facts_ in document["metrics"].items() for fact in facts_.items()}
        elif "measurements" in document:
            every |= {(name, *fact) for fact in series_facts(document)}
        else:
            one = Facts(document)
            one.walk(document, "")
            for aspect, value in document.get("x-topic", {}).items():
                one.add("", aspect, value)
            for word, number in document.get("x-numbers", {}).items():
                one.add(word, "number", number)
            read = not name.startswith(SENT_TO_US)  # whom do limits of what we say bind but ourselves
            every |= {(name, *fact) for fact in one.found if not (read and fact[1] in WIDER)}
    return every


# ---- the comparison -------------------------------------------------------------------------

ADVICE = "what is released stays: put it back, and let what is better stand beside it under a new name"
DEMAND = "those who send as released would be refused: leave it as it was"
# Of what others send: a limit may only become wider.
WIDER = {"maximum": lambda old, new: new >= old, "maxLength": lambda old, new: new >= old,
         "minimum": lambda old, new: new <= old, "minLength": lambda old, new: new <= old}
NARROWS = ("pattern", "required", "closed", "const")
ONE_ONLY = ("type", "pattern", "key", "exercise_key", "ce_type", "number", "time")  # more than one would be another


def by_member(every):
    members = {}
    for document, member, aspect, value in every:
        members.setdefault((document, member), {}).setdefault(aspect, set()).add(value)
    return members


def renamed(document, aspects, new, old):
    """The new member that this one could be under another name."""
    fresh = [name for (where, name), other in sorted(new.items())
             if where == document and (where, name) not in old and other.get("type") == aspects.get("type")]
    return f" (renamed to {fresh[0]}?)" if len(fresh) == 1 else ""


def read_by_others(where, old, new):
    for aspect, values in sorted(old.items()):
        now = new.get(aspect, set())
        if values == now or (values < now and aspect not in ONE_ONLY):
            continue
        if aspect == "required":
            yield f"{where} was in every value, and may now be absent; {ADVICE}"
        elif aspect == "word":
            yield f"{where}: word {', '.join(sorted(values - now))} is gone; {ADVICE}"
        else:
            yield f"{where}: {aspect} was {'|'.join(sorted(values))}, now {'|'.join(sorted(now)) or 'nothing'}; {ADVICE}"


def sent_by_others(where, old, new):
    for aspect in sorted(set(old) | set(new)):
        before, now = old.get(aspect, set()), new.get(aspect, set())
        if aspect in WIDER:
            if now and (not before or not WIDER[aspect](float(min(before)), float(min(now)))):
                yield f"{where}: {aspect} was {'|'.join(before) or 'not set'}, now {'|'.join(now)}; {DEMAND}"
        elif aspect in NARROWS:
            if now - before:
                yield f"{where}: {aspect} is new or another: {'|'.join(sorted(now - before))}; {DEMAND}"
        elif before - now:
            yield f"{where}: {aspect} {'|'.join(sorted(before - now))} is gone; {DEMAND}"
        elif aspect == "word" and not before:
            yield f"{where} may be one of a few words only; {DEMAND}"


def of_what_is_new(document, member, old):
    """True of [command=announce] text when there was no such command: it demands nothing of those who send as released."""
    case = re.match(r"\[(\w+)=(.*?)\]", member)
    return case is not None and case[2] not in old.get((document, case[1]), {}).get("word", ())


def problems(old_facts, new_facts):
    """Sentences, each with the member's name and what to do."""
    old, new = by_member(old_facts), by_member(new_facts)
    published = {document for document, _ in old}
    told = []
    for (document, member), aspects in sorted(old.items()):
        where = document if member == WHOLE else f"{document}: {member}"
        sent, now = document.startswith(SENT_TO_US), new.get((document, member), {})
        if set(aspects) - {"required"} and not set(now) - {"required"} and not (sent and "[" in member):
            told.append(f"{where} is gone{renamed(document, aspects, new, old)}; {ADVICE}")
        else:
            told += (sent_by_others if sent else read_by_others)(where, aspects, now)
    for (document, member), aspects in sorted(new.items()):
        if (document, member) in old or document not in published or not document.startswith(SENT_TO_US):
            continue
        if ("required" in aspects or "[" in member) and not of_what_is_new(document, member, old):
            told.append(f"{document}: {member} is newly demanded ({', '.join(sorted(aspects))}); {DEMAND}")
    return told


# ---- the released contract ------------------------------------------------------------------

def read(path):
    return {tuple(line.split("\t")) for line in path.read_text().splitlines() if line and not line.startswith("#")}


def write(path, every):
    path.parent.mkdir(parents=True, exist_ok=True)
    head = "# Released contract v1: one fact a line. Written by tests/spec/contract.py record, never by hand.\n"
    path.write_text(head + "".join("\t".join(fact) + "\n" for fact in sorted(every)))


def check():
    released, now = read(RELEASED), facts(documents())
    told = problems(released, now)
    for line in told:
        print(line, file=sys.stderr)
    print(f"{len(released)} facts released, {len(now - released)} more published since"
          + (": contract.py record releases them" if now - released else ""))
    return 1 if told else 0


def record():
    now = facts(documents())
    told = problems(read(RELEASED), now) if RELEASED.exists() else []
    for line in told:
        print(line, file=sys.stderr)
    if told:
        print("Not recorded. A contract that breaks the released one needs another version, and both in the programs for a time.",
              file=sys.stderr)
        return 1
    write(RELEASED, now)
    print(f"{len(now)} facts are released")
    return 0


# ---- that it fails --------------------------------------------------------------------------

def at(document, path):
    """The object that holds the last part of the path, and that part."""
    *first, last = path.split("/")
    for part in first:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document, int(last) if isinstance(document, list) else last


def rename(path, name):
    def change(document):
        holder, key = at(document, path)
        holder[name] = holder.pop(key)
        if name != key and key in document.get("required", []):
            document["required"] = [name if each == key else each for each in document["required"]]
    return change


def remove(path):
    def change(document):
        holder, key = at(document, path)
        del holder[key]
    return change


def put(path, value):
    def change(document):
        holder, key = at(document, path)
        holder[key] = value
    return change


def without(path, word):
    def change(document):
        holder, key = at(document, path)
        holder[key] = [each for each in holder[key] if each != word]
    return change


def also(path, word):
    def change(document):
        holder, key = at(document, path)
        holder[key] = holder[key] + [word]
    return change


# What is changed, in which document, how, and what the complaint must say; None: it must pass.
MUTATIONS = (
    ("kafka/zones.json", rename("properties/occupancy", "people"), "occupancy is gone (renamed to people?)"),
    ("kafka/zones.json", remove("properties/density_mean_900s"), "density_mean_900s is gone"),
    ("kafka/zones.json", put("properties/occupancy/type", "number"), "occupancy: type was integer"),
    ("kafka/zones.json", put("properties/occupancy/type", ["integer", "string"]), "occupancy: type was integer"),
    ("kafka/zones.json", without("required", "level"), "level was in every value"),
    ("kafka/zones.json", without("properties/level/enum", "unknown"), "level: word unknown is gone"),
    ("kafka/zones.json", put("x-topic/key", "{zone}"), "key was {venue}/{zone}"),
    ("kafka/zones.json", put("x-topic/exercise_key", "{venue}/{zone}"), "exercise_key was drill/{venue}/{zone}"),
    ("kafka/zones.json", put("x-topic/ce_type", "crowdtide.zones.v2"), "ce_type was crowdtide.zones.v1"),
    ("kafka/zones.json", put("x-topic/name", "crowdtide.zone"), "name was crowdtide.zones"),
    ("kafka/alert-state.json", put("x-topic/compacted", False), "compacted was true"),
    ("kafka/alerts.json", put("properties/id/pattern", "^.*$"), "id: pattern was"),
    ("kafka/alerts.json", remove("properties/plan/items/properties/done"), "plan[].done is gone"),
    ("kafka/deadletter.json", without("properties/reason/enum", "duplicate_key"), "reason: word duplicate_key is gone"),
    ("kafka/replies.json", None, "kafka/replies.json is gone"),
    ("event-headers.json", remove("properties/ce_time"), "ce_time"),
    ("event-headers.json", put("properties/ce_id/pattern", "^[0-9]+$"), "ce_id: pattern was"),
    ("series.json", rename("measurements/zone/fields/occupancy", "people"), "zone.occupancy is gone"),
    ("series.json", put("measurements/zone/fields/occupancy/type", "float"), "zone.occupancy: type was integer"),
    ("series.json", put("measurements/zone/fields/density/unit", "people/ft2"), "zone.density: unit was people/m2"),
    ("series.json", remove("measurements/zone/tags/kind"), "zone.kind is gone"),
    ("series.json", put("measurements/zone/tags/level", {}), None),
    ("series.json", rename("measurements/zone", "zones"), "zone is gone"),
    ("series.json", put("measurements/zone/fields/level/values/red", 5), "zone.level: value was"),
    ("series.json", put("measurements/zone/exercise", "zone"), "zone: exercise was drill_zone"),
    ("series.json", put("measurements/reading/time/field", "received"), "reading: time was ts"),
    ("log/types.json", put("x-numbers/tick", 10), "tick: number was 3"),
    ("log/record.json", rename("allOf/2/then/properties/payload_base64", "payload"), "payload_base64"),
    ("log/record.json", put("properties/log_ns/type", "string"), "log_ns: type was integer"),
    ("log/rejected.json", remove("properties/reason"), "reason"),
    ("output/top.json", rename("properties/books", "accounts"), "books"),
    ("output/counters.json", remove("properties/ingest/properties/messages"), "ingest.messages is gone"),
    ("output/log-ls.json", without("then/required", "last_seq"), "last_seq was in every value"),
    ("mqtt/crowd.json", rename("properties/occupancy", "people"), "occupancy is gone"),
    ("mqtt/crowd.json", put("required", ["ts"]), "ts: required is new"),
    ("mqtt/crowd.json", put("additionalProperties", False), "closed is new"),
    ("mqtt/crowd.json", put("properties/occupancy/maximum", 1000), "occupancy: maximum was 10000000"),
    ("mqtt/crowd.json", put("properties/occupancy/minimum", 1), "occupancy: minimum was 0"),
    ("mqtt/crowd.json", put("properties/ts/anyOf", [{"type": "integer"}]), "ts: type string is gone"),
    ("mqtt/crowd.json", remove("anyOf/1"), "suffices in is gone"),
    ("mqtt/gate.json", without("properties/event/enum", "reject"), "event: word reject is gone"),
    ("mqtt/gate.json", put("properties/lane/enum", ["1"]), "lane may be one of a few words only"),
    ("mqtt/gate.json", put("properties/lane/type", "integer"), "lane: type string is gone"),
    ("command/line.json", without("properties/command/enum", "evacuation"), "command: word evacuation is gone"),
    ("command/line.json", also("required", "text"), "text: required is new"),
    ("command/line.json", also("allOf/0/then/required", "text"), "[command=ack] text is newly demanded"),
    ("command/line.json", put("allOf/0/then/properties", {"text": {"maxLength": 9}}), "[command=ack] text is newly demanded"),
    ("command/line.json", put("allOf/7/then/properties/people/minimum", 2), "people: minimum was 1"),
    ("command/answer.json", without("required", "ok"), "ok was in every value"),
    ("payload maps", without("words/payload_entry.entry_keys", "each"), "each is gone"),
    ("payload maps", without("words/members.members_light", "lux"), "lux is gone"),
    ("payload maps", also("words/payload_entry.entry_keys", "until"), None),
    ("metrics.json", remove("metrics/crowdtide_ingest_messages_total"), "crowdtide_ingest_messages_total is gone"),
    ("metrics.json", put("metrics/crowdtide_ingest_messages_total/type", "gauge"), "type was counter"),
    ("metrics.json", put("metrics/crowdtide_more", {"type": "gauge"}), None),
    ("asyncapi.yaml", without("addresses", "drill/{venue}/gate/{sensor}"), "drill/{venue}/gate/{sensor} is gone"),
    # What may be done.
    ("kafka/zones.json", put("properties/forecast_60s", {"type": "number"}), None),
    ("kafka/zones.json", also("required", "density"), None),
    ("kafka/alerts.json", put("properties/severity", {"type": "string"}), None),
    ("kafka/deadletter.json", also("properties/reason/enum", "stale"), None),
    ("kafka/forecasts.json", put("type", "object"), None),
    ("series.json", put("measurements/zone/fields/forecast", {"type": "float"}), None),
    ("log/types.json", put("x-numbers/forecast", 41), None),
    ("mqtt/crowd.json", put("properties/confidence", {"type": "number", "minimum": 0}), None),
    ("mqtt/crowd.json", put("properties/occupancy/maximum", 20000000), None),
    ("mqtt/gate.json", also("properties/event/enum", "tailgate"), None),
    ("mqtt/gate.json", also("anyOf", {"required": ["lane"]}), None),
    ("command/line.json", also("properties/command/enum", "announce"), None),
    ("command/line.json", without("required", "issued"), None),
    ("command/line.json", without("allOf/0/then/required", "alert"), None),
    ("command/line.json", also("allOf", {"if": {"properties": {"command": {"const": "announce"}}}, "then": {"required": ["text"]}}), None),
    ("output/counters.json", put("properties/ingest/properties/more", {"type": "integer"}), None),
)


def mutations():
    found, wrong = documents(), []
    released = facts(found)
    for name, change, complaint in MUTATIONS:
        others = {fact for fact in released if fact[0] != name}
        mutant = copy.deepcopy(found.get(name, {}))
        if change:
            change(mutant)
        told = problems(released, others | (facts({name: mutant}) if change else set()))
        good = not told if complaint is None else any(name in line and complaint in line for line in told)
        if not good:
            wrong.append(f"{name}: expected {complaint or 'no complaint'}, told {told or 'nothing'}")
    for line in wrong:
        print(line, file=sys.stderr)
    refused = sum(complaint is not None for _, _, complaint in MUTATIONS)
    print(f"{refused} changes refused, {len(MUTATIONS) - refused} let pass")
    return 1 if wrong else 0


if __name__ == "__main__":
    commands = {"check": check, "record": record, "mutations": mutations}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(commands[sys.argv[1]]())
