#!/usr/bin/env python3
"""Prints what Alertmanager sends: `docker compose logs -f receiver`. GET shows the last hundred lines."""
import collections
import http.server
import json
import os

LAST = collections.deque(maxlen=100)


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        page = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        for alert in page["alerts"]:
            labels, says = alert["labels"], alert["annotations"]
            line = f"{alert['status']} {labels.get('severity', '-')} {labels['alertname']}: {says.get('summary', '')}"
            LAST.append(line)
            print(line, flush=True)
        self.answer("")

    def do_GET(self):
        self.answer("".join(f"{line}\n" for line in LAST))

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("RECEIVER_PORT", 5001))), Handler).serve_forever()
