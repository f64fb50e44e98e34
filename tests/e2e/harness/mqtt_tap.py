"""A wire between a subscriber and the broker that notes which messages the subscriber has acknowledged.

It tells whose loss a lost message is: one whose PUBACK went by here was the subscriber's, any other the broker's. A process of
its own, which passes every byte on as it is:

    tap = Tap(work, "ingest", broker)      tap.url is what the subscriber connects to
    tap.taken()                            set of (topic, payload) that it acknowledged
"""
import asyncio
import json
import pathlib
import sys

from .workspace import listening, wait

CHUNK = 65536
CONNECT, PUBLISH, PUBACK = 1, 3, 4
VERSION_5 = 5


class Tap:
    def __init__(self, work, name, broker):
        self.port = work.port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.journal = work.path / f"{name}-acknowledged.jsonl"
        self.child = work.start(f"tap-{name}", [sys.executable, pathlib.Path(__file__).parents[1] / "harness_tool", "mqtt_tap",
                                                self.port, broker.port, self.journal])
        wait("the tap listens", lambda: listening(self.port), children=[self.child])

    def taken(self):
        with open(self.journal) as file:
            return {tuple(json.loads(line)) for line in file}


def varint(data, at):
    """(value, position behind it) of MQTT's variable byte integer, or None while it is incomplete."""
    value = 0
    for shift in range(0, 28, 7):
        if at >= len(data):
            return None
        value |= (data[at] & 127) << shift
        at += 1
        if not data[at - 1] & 128:
            return value, at
    raise ValueError("no MQTT")


class Packets:
    """Cuts one direction of a connection into packets."""

    def __init__(self):
        self.data = b""

    def feed(self, chunk):
        """Yields (first byte, body) of each packet that is complete now."""
        self.data += chunk
        while len(self.data) >= 2 and (size := varint(self.data, 1)):
            length, at = size
            if len(self.data) < at + length:
                return
            first, body, self.data = self.data[0], self.data[at:at + length], self.data[at + length:]
            yield first, body


class Connection:
    def __init__(self, journal):
        self.journal = journal
        self.version = None
        self.open = {}  # packet id → message that waits for its PUBACK
        self.down, self.up = Packets(), Packets()

    def to_broker(self, chunk):
        for first, body in self.up.feed(chunk):
            if first >> 4 == CONNECT:
                self.version = body[6]
            elif first >> 4 == PUBACK:
                message = self.open.pop(body[:2], None)
                if message:
                    self.journal.write(json.dumps(message) + "\n")

    def to_subscriber(self, chunk):
        for first, body in self.down.feed(chunk):
            if first >> 4 == PUBLISH and first >> 1 & 3 == 1:
                end = 2 + int.from_bytes(body[:2], "big")
                at = end + 2
                if self.version == VERSION_5:
                    length, at = varint(body, at)
                    at += length
                self.open[body[end:end + 2]] = (body[2:end].decode(), body[at:].decode(errors="replace"))


async def pump(reader, writer, look):
    try:
        while chunk := await reader.read(CHUNK):
            look(chunk)
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def serve(port, broker_port, path):
    with open(path, "a", buffering=1) as journal:
        async def connected(reader, writer):
            try:
                broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", broker_port)
            except OSError:
                writer.close()
                return
            connection = Connection(journal)
            await asyncio.gather(pump(reader, broker_writer, connection.to_broker),
                                 pump(broker_reader, writer, connection.to_subscriber))
        server = await asyncio.start_server(connected, "127.0.0.1", port)
        await server.serve_forever()


def run(port, broker_port, path):
    asyncio.run(serve(int(port), int(broker_port), path))
