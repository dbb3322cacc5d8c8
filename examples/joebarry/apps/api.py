"""The API as customers see it: it lets through what is legitimate, and nothing else costs the app tier anything.

GET /news            open to all, and says how long it may be kept
GET, PUT /notes/NAME with a key; NAME is letters and digits
"""

import http.client, os, re
from service import INSIDE, Handler, run

APPTIER = os.environ["APPTIER"]
LARGEST_NOTE = 1000


class Api(Handler):
    def do_GET(self):
        if self.path == "/health":
            self.answer(200, "fine")
        elif self.path == "/news":
            self.pass_on()
        elif self.is_note():
            self.pass_on()

    def do_PUT(self):
        if self.is_note():
            self.pass_on()

    def is_note(self):
        """Whether it is a request for a note by somebody who may; answered when it is none."""
        if int(self.headers.get("Content-Length", 0)) > LARGEST_NOTE:
            self.close_connection = True
            self.answer(413, {"error": f"a note has at most {LARGEST_NOTE} bytes"}, Connection="close")
        elif not re.fullmatch("/notes/[a-z0-9]{1,40}", self.path):
            self.body()
            self.answer(404, {"error": "there is no such thing"})
        elif not re.fullmatch("Bearer [a-z0-9]{8,}", self.headers.get("Authorization", "")):
            self.body()
            self.answer(401, {"error": "whose notes?"}, WWW_Authenticate="Bearer")
        else:
            return True
        return False

    def pass_on(self):
        body = self.body()
        for host in INSIDE:
            try:
                tier = http.client.HTTPConnection(host, 8080, timeout=5)
                tier.request(self.command, self.path, body, {"Host": APPTIER})
                answer = tier.getresponse()
                data = answer.read()
            except OSError:
                continue  # the other internal load-balancer
            self.send_response(answer.status)
            for name in ("Content-Type", "Cache-Control"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header("Content-Length", str(len(data)))
            self.send_header("X-Api", os.environ["OPENCLUSTER_SERVER"])
            self.end_headers()
            self.wfile.write(data)
            return
        self.answer(503, {"error": "the app tier cannot be reached"})


run(Api, paths=["/"])
