"""Another team's app below the same API: /search. It asks the broker where the data is, and goes there itself."""

from service import Handler, ask, command, run


class Search(Handler):
    def do_GET(self):
        if self.path == "/health":
            self.answer(200, "fine")
            return
        status, told = ask("GET", "/v1/broker/data")
        for way in told["ways"] if status == 200 else []:
            if way["how"] == "direct":
                self.answer(200, {"found": sorted(command(way["host"], way["port"], "KEYS", "note:*")), "by": "broker"})
                return
        self.answer(503, {"error": "nobody tells where the data is"})


run(Search, paths=["/search"])
