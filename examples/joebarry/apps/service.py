"""What the apps have in common: an HTTP server that ends well, a lease with the load-balancers, and a client for the data.

Plain HTTP and Python's standard library only; no library of OpenCluster's is needed.
"""

import contextlib, http.server, json, os, signal, socket, threading, urllib.error, urllib.request

REGISTRARS = [url for url in os.environ.get("OPENCLUSTER_REGISTRARS", "").split(",") if url]
# The internal load-balancers take registrations at the same addresses at which they pass on traffic.
INSIDE = [url.removeprefix("http://").rsplit(":", 1)[0] for url in REGISTRARS]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self, status, body, **headers):
        data = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()

    def log_message(self, *_):
        """Nothing per request: the load-balancer has the access log."""


def run(handler, paths=None):
    """Serves at $HOST:$PORT until SIGTERM; with paths, registered for them."""
    server = http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    lease = Lease(paths) if paths else contextlib.nullcontext()
    with lease:
        server.serve_forever(poll_interval=0.1)


def ask(method, path, body=None):
    """One request, to the first internal load-balancer that answers: any will do, they tell each other."""
    data = None if body is None else json.dumps(body).encode()
    token = open(os.environ["OPENCLUSTER_TOKEN_FILE"]).read().strip()
    for registrar in REGISTRARS:
        request = urllib.request.Request(registrar + path, data, {"Authorization": f"Bearer {token}"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=3) as answer:
                return answer.status, json.loads(answer.read() or "null")
        except urllib.error.HTTPError as refused:
            if refused.code < 500:
                return refused.code, json.loads(refused.read() or "null")
        except OSError:
            pass  # the next one
    return 0, None


class Lease:
    """Registered while it lasts: renewed three times within its life, made anew when all have forgotten it, given back at the end."""

    TTL = 6  # seconds

    def __init__(self, paths):
        self.wish = {
            "app": os.environ["OPENCLUSTER_SERVICE"], "instance": os.environ["OPENCLUSTER_INSTANCE"], "location": os.environ["OPENCLUSTER_LOCATION"],
            "address": os.environ["HOST"], "port": int(os.environ["PORT"]), "paths": paths, "ttlSeconds": self.TTL,
            "check": {"path": "/health", "everyMilliseconds": 500},
        }
        self.url, self.over = None, threading.Event()
        self.keeping = threading.Thread(target=self.keep)

    def __enter__(self):
        self.keeping.start()

    def __exit__(self, *_):
        self.over.set()
        self.keeping.join()
        if self.url:
            ask("DELETE", self.url)

    def keep(self):
        while not self.over.is_set():
            status, answer = ask("PUT", self.url) if self.url else ask("POST", "/v1/registrations", self.wish)
            if status == 201:
                self.url = answer["url"]
                print("registered:", ", ".join(answer["paths"]), flush=True)
            elif status == 404:
                self.url = None
            elif status not in (0, 200):
                print(f"refused: {answer['detail']} {answer['instead']}", flush=True)
            self.over.wait(self.TTL / 3 if status in (200, 201) else 0.5)


def command(host, port, *words):
    """One command of the Redis protocol to the data server."""
    with socket.create_connection((host, port), timeout=3) as line:
        line.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words))
        with line.makefile("rb") as reader:
            return reply(reader)


def reply(reader):
    kind, rest = (line := reader.readline())[:1], line[1:-2]
    if kind == b"$":
        return None if rest == b"-1" else reader.read(int(rest) + 2)[:-2].decode()
    if kind == b"*":
        return [reply(reader) for _ in range(int(rest))]
    if kind == b"-" or not kind:
        raise OSError(rest.decode() or "the data server closed the connection")
    return int(rest) if kind == b":" else rest.decode()
