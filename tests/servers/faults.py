"""A loopback reverse proxy that breaks on command, in front of a real authorization server.

    faults.py UPSTREAM_ORIGIN [--port N]     then one command per line on stdin:
    pass | html502 | retry SECONDS | reset | late SECONDS | refuse SECONDS

Only the token endpoint is broken, except by `refuse`: then nobody listens at all. Every request
to the token endpoint is recorded with its time, so that a test can look at the gaps.
"""

import argparse
import http.client
import json
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

HTML_502 = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
SECRETS = ("device_code", "access_token", "refresh_token", "id_token", "client_secret", "code_verifier")


def reset(sock):
    """Close so that the peer sees RST instead of FIN: no lingering, what is unsent is dropped."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Handler(BaseHTTPRequestHandler):
    # HTTP/1.0: one request a connection, so that `refuse` is not bypassed by a kept-alive one.
    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._serve()

    def do_POST(self):
        self._serve()

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        proxy = self.server.proxy
        if urlsplit(self.path).path.rstrip("/").endswith("/token"):
            fault, argument = proxy.fault
            with proxy.changed:
                proxy.polls.append({"time": time.monotonic(), "fault": fault})
                proxy.changed.notify_all()
            if fault == "html502":
                return self._reply(502, [("Content-Type", "text/html")], HTML_502)
            if fault == "retry":
                return self._reply(429, [("Retry-After", str(argument)), ("Content-Type", "text/plain")], b"slower")
            if fault == "reset":
                return reset(self.connection)
            if fault == "late":
                return self._pass(body, float(argument))
        return self._pass(body)

    def _pass(self, body, late=0.0):
        upstream = http.client.HTTPConnection(*self.server.proxy.upstream, timeout=30)
        try:
            # The Host header stays: the server builds its addresses from it, so they lead here.
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "content-length")}
            upstream.request(self.command, self.path, body or None, {**headers, "Content-Length": str(len(body))})
            answer = upstream.getresponse()
            text = answer.read()
            time.sleep(late)  # the work is done there, and nobody here knows it yet
            self.server.proxy.note(body, self.headers.get("Authorization"), text)
            dropped = ("transfer-encoding", "connection", "keep-alive", "content-length", "date", "server")
            self._reply(answer.status, [h for h in answer.getheaders() if h[0].lower() not in dropped], text)
        finally:
            upstream.close()

    def _reply(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Proxy:
    """`fault` is ("pass" | "html502" | "retry" | "reset" | "late", argument); `polls` is what was seen."""

    def __init__(self, port=0):
        self.fault = ("pass", None)
        self.polls = []
        self.secrets = set()
        self.changed = threading.Condition()
        self.upstream = None
        self.port = port
        self._listen()

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    def forward_to(self, origin):
        """Separate from the start, since the server behind may need to know the proxy's port."""
        parts = urlsplit(origin)
        self.upstream = (parts.hostname, parts.port)
        return self

    def _listen(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self._server.proxy = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def refuse(self, seconds):
        """Nobody listens for so long: the kernel itself refuses each connection."""
        self.close()
        time.sleep(seconds)
        self._listen()

    def wait_for_polls(self, count, timeout=60):
        """Block until `count` requests were seen at the token endpoint."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.polls) >= count, timeout):
                raise TimeoutError(f"{len(self.polls)} polls after {timeout} s, wanted {count}")

    def note(self, form, authorization, answer):
        """Keep every secret that passed, as sent and as decoded, for the canary test."""
        sent = parse_qs(form.decode(errors="replace"))
        try:
            received = json.loads(answer)
        except ValueError:
            received = {}
        for name in SECRETS:
            found = [*sent.get(name, []), *([received[name]] if name in received else [])]
            for secret in found:
                self.secrets.update({secret, quote_plus(secret), quote(secret, safe="")})
        if authorization:
            self.secrets.add(authorization.split()[-1])

    def gaps(self):
        times = [poll["time"] for poll in self.polls]
        return [later - earlier for earlier, later in zip(times, times[1:])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("upstream")
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args()
    proxy = Proxy(args.port).forward_to(args.upstream)
    print(json.dumps({"ready": True, "origin": proxy.origin}), flush=True)
    for line in sys.stdin:
        word, _, argument = line.strip().partition(" ")
        if word == "refuse":
            proxy.refuse(float(argument))
        else:
            proxy.fault = (word, argument)
        print(json.dumps({"now": "pass" if word == "refuse" else word, "polls": len(proxy.polls)}), flush=True)


if __name__ == "__main__":
    main()
