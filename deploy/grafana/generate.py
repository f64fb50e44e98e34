#!/usr/bin/python3
"""Writes the dashboards below dashboards/ from boards/. --check: fails when they are not what boards/ makes.

    deploy/grafana/generate.py            after a change in boards/
"""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from boards import alerts, gates, lighting, pipeline, venue  # noqa: E402
from boards.stores import Influx, Victoria  # noqa: E402


def made():
    """Path below dashboards/ → text."""
    boards = {"pipeline/pipeline.json": pipeline.board()}
    for store in (Influx(), Victoria()):
        for module in (venue, gates, lighting, alerts):
            boards[f"{store.folder}/{module.__name__.split('.')[-1]}.json"] = module.board(store)
    return {path: json.dumps(board, indent=1, ensure_ascii=False) + "\n" for path, board in boards.items()}


def main():
    wanted = made()
    folder = HERE / "dashboards"
    there = {str(path.relative_to(folder)): path.read_text() for path in folder.glob("**/*.json")}
    if sys.argv[1:] == ["--check"]:
        wrong = sorted(path for path in wanted.keys() | there.keys() if wanted.get(path) != there.get(path))
        if wrong:
            sys.exit(f"not what deploy/grafana/boards makes (run deploy/grafana/generate.py): {', '.join(wrong)}")
        return
    for path in there.keys() - wanted.keys():
        (folder / path).unlink()
    for path, text in wanted.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


main()
