"""The app tier: whoever gets here was let through. Its data is behind the internal load-balancers' port for it (route dbtier)."""

import os
from service import INSIDE, Handler, command, run


def data(*words):
    for host in INSIDE:
        try:
            return command(host, 6379, *words)
        except OSError as gone:
            last = gone
    raise last


class AppTier(Handler):
    def do_GET(self):
        if self.path == "/health":
            self.answer(200, "fine")
        elif self.path == "/news":
            number = data("INCR", "news:read")
            self.answer(200, {"news": ["Joe and Barry have a new office."], "number": number}, Cache_Control="public, max-age=60")
        elif (note := data("GET", "note:" + self.path)) is not None:
            self.answer(200, {"note": note}, Cache_Control="private")
        else:
            self.answer(404, {"error": "there is no such note"}, Cache_Control="private")

    def do_PUT(self):
        data("SET", "note:" + self.path, self.body())
        self.answer(200, {"kept": True})


run(AppTier)
