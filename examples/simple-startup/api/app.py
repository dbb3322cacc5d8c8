"""A small API that says who answers: its release, its instance and its server.

GET /        {"service": …, "version": …, "release": …, "instance": …, "server": …, "zone": …, "location": …}
GET /health  200 while it takes requests, 503 once it is stopping

It listens at $HOST:$PORT, speaks HTTP/1.1 with kept connections, and on SIGTERM takes no new
connections, answers what it has begun, and ends with exit code 0. Python's standard library only.
"""

import json
import os
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = "1"

WHO = {
    "service": os.environ.get("OPENCLUSTER_SERVICE", "api"),
    "version": VERSION,
    "release": os.environ.get("OPENCLUSTER_RELEASE", ""),
    "instance": os.environ.get("OPENCLUSTER_INSTANCE", ""),
    "server": os.environ.get("OPENCLUSTER_SERVER", ""),
    "zone": os.environ.get("OPENCLUSTER_ZONE", ""),
    "location": os.environ.get("OPENCLUSTER_LOCATION", ""),
}

stopping = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave in two writes: without this the second waits for the client's delayed acknowledgement, 40 ms.
    disable_nagle_algorithm = True

    def do_GET(self):
        path = self.path.split("?", 1)[0]
        with self.server.answering():
            if path == "/health":
                self.answer(503 if stopping.is_set() else 200, {"healthy": not stopping.is_set()})
            elif path == "/":
                self.answer(200, WHO)
            else:
                self.answer(404, {"error": f"there is nothing at {path}"})

    def answer(self, status, body):
        data = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if stopping.is_set():
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        """Nothing per request: the load-balancer has the access log."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address, handler):
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.in_flight = 0
        self.idle = threading.Condition()
        super().__init__(address, handler)

    def answering(self):
        return InFlight(self)


class InFlight:
    """Counts requests being answered, so that stopping can wait for them and not for idle connections."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        with self.server.idle:
            self.server.in_flight += 1

    def __exit__(self, *error):
        with self.server.idle:
            self.server.in_flight -= 1
            self.server.idle.notify_all()


def main():
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    server = Server((host, port), Handler)

    def stop(signum, frame):
        stopping.set()
        # shutdown() waits for the loop that this very thread runs, so it needs another one.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"version {VERSION} listens at {host}:{port}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.socket.close()
    with server.idle:
        finished = server.idle.wait_for(lambda: server.in_flight == 0, timeout=5)
    print("stopped" if finished else "stopped with requests unanswered", flush=True)


if __name__ == "__main__":
    main()
