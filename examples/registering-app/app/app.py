#!/usr/bin/env python3
"""An app that registers itself with the load-balancers by plain HTTP, renews, and leaves when it is told to end.

As a service of a cluster with `registers: ROUTE` it finds all it needs in its environment:
    OPENCLUSTER_TOKEN_FILE  the token       OPENCLUSTER_REGISTRARS  where to register: http://10.0.0.1:7401,http://10.0.0.2:7401
    APP_PATH  the path it registers         LISTEN  set: it listens at $HOST; otherwise requests come over connections that it opens
"""
import http.server, json, os, signal, socket, sys, threading, time, urllib.error, urllib.request

REGISTRARS = os.environ["OPENCLUSTER_REGISTRARS"].split(",")
TOKEN = open(os.environ["OPENCLUSTER_TOKEN_FILE"]).read().strip()
NAME = os.environ.get("OPENCLUSTER_INSTANCE", f"pid-{os.getpid()}")
PATH = os.environ.get("APP_PATH", "/hello")
TTL = 6      # seconds
SPARE = 2    # connections that wait for a request, at each load-balancer
MOST = 32    # connections in all, at each


def ask(method, path, body=None):
    """One request, to the first load-balancer that answers: any will do, they tell each other."""
    data = None if body is None else json.dumps(body).encode()
    for registrar in REGISTRARS:
        request = urllib.request.Request(registrar + path, data, {"Authorization": f"Bearer {TOKEN}"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=3) as answer:
                return answer.status, json.loads(answer.read() or "null")
        except urllib.error.HTTPError as refused:
            if refused.code < 500:
                return refused.code, json.loads(refused.read() or "null")
        except OSError:
            pass  # the next one
    return 0, None


def answer_to(path):
    return f"{NAME} (process {os.getpid()}): {path}\n".encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = answer_to(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Lines:
    """Connections to one load-balancer, over which requests come: some wait, and another is opened for each that is used."""

    def __init__(self, registrar, url):
        self.registrar, self.url = registrar, url
        self.waiting, self.room = threading.Semaphore(SPARE), threading.Semaphore(MOST)
        threading.Thread(target=self.keep, daemon=True).start()

    def keep(self):
        while True:
            self.room.acquire()
            self.waiting.acquire()
            threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        used = False
        try:
            host, port = self.registrar.removeprefix("http://").rsplit(":", 1)
            with socket.create_connection((host, int(port)), timeout=3) as line:
                line.sendall(f"GET {self.url()}/connections HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n"
                             "Connection: Upgrade\r\nUpgrade: opencluster-reverse\r\n\r\n".encode())
                reader = line.makefile("rb")
                if b" 101 " not in read_head(reader)[0]:
                    raise OSError("refused")
                line.settimeout(None)
                while (head := read_head(reader))[0]:
                    if not used:
                        used = True
                        self.waiting.release()
                    body = answer_to(head[0].split(b" ")[1].decode())
                    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        except OSError:
            time.sleep(0.5)  # it is away, or does not know us yet
        finally:
            if not used:
                self.waiting.release()
            self.room.release()


def read_head(reader):
    lines = [reader.readline().strip()]
    while lines[-1]:
        lines.append(reader.readline().strip())
    return lines


def main():
    wish = {"app": os.environ.get("OPENCLUSTER_SERVICE", "hello"), "instance": NAME, "paths": [PATH], "ttlSeconds": TTL}
    if os.environ.get("LISTEN"):
        server = http.server.ThreadingHTTPServer((os.environ.get("HOST", "127.0.0.1"), 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        wish |= {"address": server.server_address[0], "port": server.server_port}
    else:
        wish["reverse"] = True

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    url, lines = None, []
    try:
        while True:
            status, answer = ask("PUT", url) if url else ask("POST", "/v1/registrations", wish)
            if status == 201:
                url = answer["url"]
                print("registered:", ", ".join(answer["paths"]), flush=True)
                if not lines and "reverse" in wish:
                    lines = [Lines(registrar, lambda: url) for registrar in REGISTRARS]
            elif status == 404 and url:
                url = None  # forgotten: register anew, at once
                continue
            elif status not in (0, 200):
                # A load-balancer may hear of a new service's token a moment after the service has started: wait and see.
                print(f"refused: {answer['detail']} {answer['instead']}", flush=True)
            time.sleep(TTL / 3 if status in (200, 201) else 1)
    finally:
        if url:
            ask("DELETE", url)


if __name__ == "__main__":
    main()
