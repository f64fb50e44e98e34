#!/usr/bin/python3
"""What deploy/OPERATIONS.md quotes of the programs' words, in "When something fails", is what they really say: each event, each text in quotation
marks and each message stands in the sources."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECTION = re.compile(r"## When something fails\n(.*?)\n## ", re.S)
# Spans that are messages although they have no event=.
MESSAGES = ["corrupt data below a durable mark", "another process holds the lock", "input/output error", "format version not supported",
            "Kafka has no position for the … log, but results up to … were published from here", "an older copy of the state directory?",
            "a copy, which its writer has not opened yet", "its writer has not opened it since the machine's start"]


def source_text():
    """All C strings, those that stand beside one another joined."""
    text = "\n".join(path.read_text() for room in ("ingest", "processors", "deploy", "schemas") for path in (ROOT / room).rglob("*.[ch]"))
    text = re.sub(r'"\s*(?:\\\n)?\s*"', "", text)
    return text.replace('\\"', "'")


def wanted(section):
    """(shown, pieces that must each be found)"""
    for span in re.findall(r"`([^`]+)`", section):
        for event in re.findall(r"event=(\w+)", span):
            yield span, f'"{event}"'
        if "event=" in span:
            for text in re.findall(r'="([^"]+)"', span):
                yield span, text
            tail = span.split("…")[-1].strip()
            if "=" not in tail and len(tail) > 12:
                yield span, tail
    for message in MESSAGES:
        for piece in message.split("…"):
            yield message, piece.strip()


def main():
    section = SECTION.search((ROOT / "deploy" / "OPERATIONS.md").read_text()).group(1)
    source = source_text()
    pieces = list(wanted(section))
    missing = [(span, piece) for span, piece in pieces if piece not in source and piece not in ("…",)
               and not all(part.strip() in source for part in piece.split("; "))]
    for message in MESSAGES:
        if message not in section:
            missing.append((message, "not in OPERATIONS.md"))
    for span, piece in missing:
        print(f"no program says: {piece}   (quoted as: {span})")
    print(f"{len(pieces)} quotations, {len(missing)} that nobody says")
    return 1 if missing or len(pieces) < 30 else 0


sys.exit(main())
