"""A hostile authorization server on 127.0.0.1: one persona per issuer path.

    hostile.py [--port N]          e.g. issuer http://127.0.0.1:N/javascript

Each persona is a whole server at its own path and misbehaves in the one way its name says; the
names are the keys of PERSONAS. Bodies can be spoilt at any of the three places with
`<kind>-<place>`: kind big, endless, trickle, redirect; place metadata, device, token.
"""

import argparse
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote_plus, urlsplit

# Clear the screen, title, clipboard (OSC 52), C1 CSI, bidi override, new lines, NUL, DEL, U+2028.
NASTY = "\x1b[2J\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x1b\\\x9b31m\u202e\u2066\r\nOWNED LINE\x00\x7f\u2028\u200b"
BIG = 100 * 1024 * 1024
WELL_KNOWN = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")

# persona -> what its device endpoint says otherwise than a well-behaved server.
PERSONAS = {
    "plain": {},
    "escapes": {"user_code": f"WDJB{NASTY}-MJHT", "message": f"Hello {NASTY} there"},
    "escape-address": {"verification_uri": "HERE/device" + NASTY},
    "javascript": {"verification_uri": "javascript:alert(1)"},
    "javascript-complete": {"verification_uri_complete": "javascript:alert(1)"},
    "file": {"verification_uri": "file:///etc/passwd"},
    "cleartext": {"verification_uri": "http://login.example.net/device"},
    "escape-error": {"status": 400, "error": f"invalid_client{NASTY}", "error_description": f"No {NASTY} such client"},
    "wrong-issuer": {},
    "escape-issuer": {},
    "escape-scope": {},
    "escape-type": {},
    # An address whose QR code cannot fit on 24 lines, and an error that repeats what was sent to it.
    "long": {"verification_uri_complete": "HERE/device?user_code=WDJB-MJHT&state=" + "x" * 600},
    "echo": {},
    # Signs in, with more than was asked for.
    "generous": {},
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = urlsplit(self.path).path
        for form in WELL_KNOWN:
            if path.startswith(form):  # RFC 8414 puts the issuer's path behind the well-known one
                return self._metadata(path[len(form):].strip("/"))
            if path.endswith(form):  # OpenID puts it before
                return self._metadata(path[: -len(form)].strip("/"))
        return self._json(404, {"error": "not_found"})

    def do_POST(self):
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        _, persona, place = (urlsplit(self.path).path.split("/") + ["", ""])[:3]
        self.server.requests.append((persona, place))
        self.server.forms.append(parse_qsl(sent))
        if place == "device":
            answer = {
                "device_code": "the-device-code-of-the-hostile-server", "user_code": "WDJB-MJHT", "interval": 1, "expires_in": 60,
                "verification_uri": f"{self.server.origin}/device",
                **PERSONAS.get(persona, {}),
            }
            answer = {k: v.replace("HERE", self.server.origin) if isinstance(v, str) else v for k, v in answer.items()}
            return self._answer(persona, place, answer.pop("status", 200), answer)
        if persona == "echo" and place == "token":
            description = f"{sent} {unquote_plus(sent)} {self.headers.get('Authorization')} not accepted"
            return self._json(400, {"error": "invalid_grant", "error_description": description})
        if persona == "generous" and place == "token":
            return self._json(200, {
                "access_token": "the-access-token", "token_type": "bearer", "expires_in": 60, "scope": "read admin",
            })
        if persona in ("escape-scope", "escape-type") and place == "token":
            nasty = {"escape-scope": {"scope": f"read admin{NASTY}"}, "escape-type": {"token_type": f"MAC{NASTY}"}}
            tokens = {"access_token": "the-access-token", "token_type": "bearer", "expires_in": 60}
            return self._json(200, {**tokens, **nasty[persona]})
        if place == "token":
            return self._answer(persona, place, 400, {
                "error": "access_denied",
                "error_description": f"The {NASTY} person said no" if persona.startswith("escape") else "no",
                "error_uri": f"javascript:alert(1){NASTY}" if persona.startswith("escape") else None,
            })
        return self._json(404, {"error": "not_found"})

    def _metadata(self, persona):
        self.server.requests.append((persona, "metadata"))
        issuer = f"{self.server.origin}/{persona}"
        others = {"wrong-issuer": f"{self.server.origin}/somebody-else", "escape-issuer": issuer + NASTY}
        self._answer(persona, "metadata", 200, {
            "issuer": others.get(persona, issuer),
            "device_authorization_endpoint": f"{issuer}/device",
            "token_endpoint": f"{issuer}/token",
        })

    def _answer(self, persona, place, status, body):
        kind, _, where = persona.partition("-")
        if where != place or kind not in ("big", "endless", "trickle", "redirect"):
            return self._json(status, body)
        if kind == "redirect":
            self.send_response(307)
            self.send_header("Location", f"{self.server.elsewhere.origin}/stolen/{place}")
            self.send_header("Connection", "close")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        return self._pour(kind, json.dumps(body).encode())

    def _pour(self, kind, start):
        """A body that is too large, or never ends fast, or never ends slowly. JSON to the last."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        if kind == "big":
            self.send_header("Content-Length", str(BIG))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        piece = b" " * 65536 if kind != "trickle" else b" "
        try:
            sent = 0
            while kind != "big" or sent < BIG:
                data = start[: BIG - sent] if sent == 0 else piece[: BIG - sent if kind == "big" else None]
                self.wfile.write(data if kind == "big" else b"%x\r\n%s\r\n" % (len(data), data))
                sent += len(data)
                self.server.poured = sent
                if kind == "trickle":
                    time.sleep(0.2)
        except OSError:
            pass  # the client hung up, as it should

    def _json(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


class Hostile(ThreadingHTTPServer):
    """`requests` is every (persona, place) asked for, `forms` what was posted there; `poured` the
    bytes of the last spoilt body."""

    daemon_threads = True

    def __init__(self, port=0, context=None, host="127.0.0.1"):
        super().__init__(("127.0.0.1", port), Handler)
        self.requests, self.forms = [], []
        self.poured = 0
        self.elsewhere = self  # where redirects lead; a test gives another server
        self.origin = f"{'https' if context else 'http'}://{host}:{self.server_address[1]}"
        if context:
            # The handshake happens at the first read, in the request's own thread.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request, client_address):
        """Refused handshakes and dropped connections are this server's daily bread."""

    def start(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        self.shutdown()
        self.server_close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    server = Hostile(parser.parse_args().port)
    print(json.dumps({"ready": True, "origin": server.origin, "personas": sorted(PERSONAS)}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
