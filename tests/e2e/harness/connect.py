"""`crowdtide check --connect`, and whether it says of a server what it should."""
import json
import subprocess


def connect(tide):
    """Exit code, what is said of each server that was tried (name → object), and the whole output."""
    done = subprocess.run(tide.command("check", "--connect", "--json"), capture_output=True, text=True, timeout=60)
    servers = {server["name"]: server for server in json.loads(done.stdout)["servers"]}
    return done.returncode, servers, done.stdout + done.stderr


def judge(checks, vault, what, answer, server, words):
    """`words`: how the server must be found unfit; "" when it must be taken, with exit code 0."""
    code, servers, text = answer
    vault.saw(f"check --connect, {what}", text)
    found = servers.get(server, {"ok": False, "text": text})
    good = (code == 0) == found["ok"] == (not words) and words in found["text"]
    checks.true(f"check --connect, {what}", good, "taken" if found["ok"] and good else "refused" if good else f"exit code {code}: {found['text']}")
