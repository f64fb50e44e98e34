"""An MQTT client that shares no code with crowdtide: Debian's python3-paho-mqtt, which is pure Python.

It keeps a book of what it published and what the broker acknowledged.
"""
import threading
import time

from .workspace import Failure, Skip, wait

try:
    import paho.mqtt.client as mqtt
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
except ImportError:
    mqtt = PacketTypes = Properties = None

IN_FLIGHT = 200


class Publisher:
    def __init__(self, broker, client_id="e2e-publisher"):
        if mqtt is None:
            raise Skip("python3-paho-mqtt is not installed")
        self._lock = threading.Lock()
        self._waiting = {}  # message id → (topic, payload)
        self._early = set()  # acknowledged before publish() returned the id
        self.acknowledged = []
        self.published = 0
        self._client = mqtt.Client(client_id, clean_session=False)
        self._client.max_inflight_messages_set(IN_FLIGHT)
        self._client.max_queued_messages_set(0)
        self._client.on_publish = self._on_publish
        self._client.connect("127.0.0.1", broker.port, keepalive=30)
        self._client.loop_start()
        wait("the publisher is connected", self._client.is_connected)

    def _on_publish(self, _client, _userdata, message_id):
        with self._lock:
            message = self._waiting.pop(message_id, None)
            if message is None:
                self._early.add(message_id)
            else:
                self.acknowledged.append(message)

    def publish(self, topic, payload, qos=1, retain=False):
        """Queues one message. Its place in `acknowledged` is earned by the broker's PUBACK only."""
        if isinstance(payload, str):
            payload = payload.encode()
        info = self._client.publish(topic, payload, qos=qos, retain=retain)
        if info.rc not in (mqtt.MQTT_ERR_SUCCESS, mqtt.MQTT_ERR_NO_CONN):
            raise Failure(f"publishing to {topic} failed: {mqtt.error_string(info.rc)}")
        self.published += 1
        if qos > 0:
            with self._lock:
                if info.mid in self._early:
                    self._early.discard(info.mid)
                    self.acknowledged.append((topic, payload))
                else:
                    self._waiting[info.mid] = (topic, payload)

    def pending(self):
        with self._lock:
            return len(self._waiting)

    def close(self):
        """Waits for the last acknowledgement, then disconnects."""
        wait("the broker has acknowledged everything", lambda: self.pending() == 0)
        self._client.disconnect()
        self._client.loop_stop()


def feed(publisher, messages, rate, stop):
    """Publishes `rate` messages a second until `stop` is set."""
    started, sent = time.monotonic(), 0
    while not stop.is_set():
        while sent < (time.monotonic() - started) * rate:
            publisher.publish(*messages.message())
            sent += 1
        time.sleep(0.005)


def feeding(broker, messages, rate):
    """Begins to publish from a thread. The function that it returns ends that and gives the publisher, everything acknowledged."""
    publisher, stop = Publisher(broker), threading.Event()
    feeder = threading.Thread(target=feed, args=(publisher, messages, rate, stop))
    feeder.start()

    def finish():
        stop.set()
        feeder.join()
        publisher.close()
        return publisher
    return finish
