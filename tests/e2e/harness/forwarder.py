"""A port at which a server can be reached from some moment on.

    forwarder = Forwarder(work, kafka.port)     nobody listens at forwarder.port
    forwarder.open()                            from now on it leads to the server
"""
import socket
import threading


class Forwarder:
    def __init__(self, work, port):
        self.port = work.port()
        self.server_port = port

    def open(self):
        listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", self.server_port))
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(one, other):
    try:
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        one.close()
        other.close()
