"""`/api/v2/write` in front of InfluxDB 1.6 (`/write`), for the tests: the same storage engine, the newer door.

`python shim.py UPSTREAM TOKEN` prints {"port": N}. Faults are set by POST /admin/faults: {"status": 503} answers that,
{"drop": true} hangs up after the commit, {"deletes": false} knows no /api/v2/delete.
"""

from __future__ import annotations

import gzip
import json
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

PRECISIONS = {"ns": "n", "us": "u", "ms": "ms", "s": "s"}


class Shim(BaseHTTPRequestHandler):
    upstream: ClassVar[str]
    token: ClassVar[str]
    faults: ClassVar[dict[str, Any]] = {}
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # the name http.server calls
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/admin/faults":
            type(self).faults = json.loads(body)
            self._answer(204, b"")
            return
        if self.headers.get("Authorization") != f"Token {self.token}":
            self._answer(401, b'{"code": "unauthorized"}')
            return
        if "status" in self.faults:
            self._answer(self.faults["status"], b"{}")
            return
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        asked = parse_qs(urlsplit(self.path).query)
        if urlsplit(self.path).path == "/api/v2/delete":
            self._delete(asked["bucket"][0], json.loads(body))
            return
        wanted = {"db": asked["bucket"][0], "precision": PRECISIONS[asked.get("precision", ["ns"])[0]]}
        request = urllib.request.Request(f"{self.upstream}/write?{urlencode(wanted)}", data=body, method="POST")
        try:
            with urllib.request.urlopen(request) as reply:
                status, text = reply.status, reply.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        if self.faults.get("drop"):
            self.close_connection = True
            self.connection.close()
            return
        self._answer(status, text)

    def _delete(self, bucket: str, wanted: dict[str, str]) -> None:
        """`_measurement="m" AND tag="v"` as InfluxQL's DELETE."""
        if self.faults.get("deletes") is False:
            self._answer(404, b'{"code": "not found"}')
            return
        parts = dict(part.split("=", 1) for part in wanted["predicate"].split(" AND "))
        measurement = parts.pop("_measurement")
        tags = "".join(f" AND \"{name}\" = '{value[1:-1]}'" for name, value in parts.items())
        text = f"DELETE FROM {measurement} WHERE time >= '{wanted['start']}' AND time < '{wanted['stop']}'{tags}"
        query = urlencode({"db": bucket, "q": text})
        with urllib.request.urlopen(urllib.request.Request(f"{self.upstream}/query?{query}", method="POST")) as reply:
            failed = "error" in json.loads(reply.read())["results"][0]
        self._answer(400 if failed else 204, b"{}" if failed else b"")

    def _answer(self, status: int, text: bytes) -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if status != 204:
            self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    Shim.upstream, Shim.token = sys.argv[1:3]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shim)
    print(json.dumps({"port": server.server_port}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
