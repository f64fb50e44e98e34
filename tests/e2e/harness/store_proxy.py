"""A small HTTP proxy in front of the store, which answers writes in its stead when told to.

    proxy = StoreProxy(work, influx)       proxy.url is what the publisher writes to
    proxy.fault("429")                     the next write is answered so, and is not passed on; see ANSWERS
    proxy.fired                            writes that were answered so
"""
import http.client
import http.server
import socket
import struct
import threading

HOLD_SECONDS = 60
# Name → status, headers, text. What the store itself says, as far as it says anything.
ANSWERS = {
    "400": (400, {}, '{"error":"unable to parse \'x\': missing fields"}'),
    "401": (401, {}, '{"error":"authorization failed"}'),
    "404": (404, {}, '{"error":"database not found: \\"crowdtide\\""}'),
    "413": (413, {}, '{"error":"Request Entity Too Large"}'),
    "429": (429, {"Retry-After": "2"}, ""),
    "500": (500, {}, '{"error":"engine: error"}'),
    "503": (503, {"Retry-After": "1"}, '{"error":"timeout"}'),
}
TIMEOUT, RESET = "no answer at all", "connection reset after it was applied"
NOT_PASSED = ("host", "connection", "content-length", "transfer-encoding")  # http.client writes its own
NAMES = [*ANSWERS, TIMEOUT, RESET]


class StoreProxy:
    def __init__(self, work, store):
        self.port = work.port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.store_port = store.port
        self.fired = 0
        self._lock = threading.Lock()
        self._armed = []
        self._ended = threading.Event()
        proxy = self

        class Handler(_Handler):
            owner = proxy
        self._server = _Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def fault(self, name):
        with self._lock:
            self._armed.append(name)

    def next_fault(self):
        with self._lock:
            if not self._armed:
                return None
            self.fired += 1
            return self._armed.pop(0)

    def forward(self, method, path, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.store_port, timeout=HOLD_SECONDS)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def hold(self):
        self._ended.wait(HOLD_SECONDS)

    def close(self):
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that was killed."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date"):
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _reset(self):
        """RST instead of FIN, as a store that died does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self._exactly(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self._exactly(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _exactly(self, size):
        """Half a body, of a client that was killed, is passed on to nobody."""
        body = self.rfile.read(size)
        if len(body) < size:
            raise ConnectionResetError("the client went away")
        return body

    def _pass(self):
        try:
            body = self._body()
            fault = self.owner.next_fault() if "/write" in self.path else None
            if fault in ANSWERS:
                status, headers, text = ANSWERS[fault]
                self._answer(status, {"Content-Type": "application/json", **headers}, text.encode())
            elif fault == TIMEOUT:
                self.owner.hold()
                self._reset()
            else:
                headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_PASSED}
                answer = self.owner.forward(self.command, self.path, headers, body)
                if fault == RESET:
                    self._reset()
                else:
                    self._answer(*answer)
        except (OSError, ValueError, http.client.HTTPException):
            self._reset()  # the store or the client is away: so are we

    do_GET = do_POST = _pass
