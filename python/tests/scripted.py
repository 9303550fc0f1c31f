"""A small authorization server that a test holds in its hands: it approves at once, rotates its
refresh tokens, ends the login when a spent one comes back, and answers late where it is told to."""

import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.close_connection = True
        server, at = self.server, self.server.issuer
        if self.path.startswith("/.well-known/"):
            return self.answer(200, {
                "issuer": at, "device_authorization_endpoint": f"{at}/device",
                "token_endpoint": f"{at}/token", "revocation_endpoint": f"{at}/revoke",
                "authorization_endpoint": f"{at}/authorize", "code_challenge_methods_supported": ["S256"],
            })  # fmt: skip
        good = self.headers.get("Authorization") == f"Bearer {server.access}"
        server.calls.append(good)
        return self.answer(200 if good else 401, {"good": good})

    def do_PUT(self):
        while self.headers.get("Transfer-Encoding") and int(self.rfile.readline(), 16):
            self.rfile.readline()
        self.do_GET()

    def do_POST(self):
        sent = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        if self.path == "/api":
            return self.do_GET()
        server = self.server
        if self.path == "/device":
            return self.answer(200, {
                "device_code": server.secret("device"), "user_code": "WDJB-MJHT", "interval": 1,
                "verification_uri": f"{server.issuer}/open", "expires_in": 300,
            })  # fmt: skip
        if self.path == "/introspect":
            good = sent["token"] == server.access
            return self.answer(200, {"active": good, "sub": "alice", "scope": "read"})
        if self.path == "/revoke":
            server.revoked.append(sent["token"])
            return self.answer(200, {})
        server.asked.append(sent["grant_type"])
        server.arrived.set()
        if sent["grant_type"] == "refresh_token":
            with server.lock:
                server.refreshes += 1
                if sent["refresh_token"] != server.refresh:
                    server.reused += 1
                    return self.answer(400, {"error": "invalid_grant"})
                server.issue()
            time.sleep(server.delay)  # after the work: the token is rotated already
        elif server.pending:
            server.pending -= 1
            time.sleep(server.delay)
            return self.answer(400, {"error": "authorization_pending"})
        else:
            server.issue()
            time.sleep(server.delay)
        return self.answer(200, {
            "access_token": server.access, "token_type": "Bearer", "scope": "read",
            "refresh_token": server.refresh, **({"expires_in": server.ttl} if server.ttl else {}),
        })  # fmt: skip

    def answer(self, status, value):
        body = json.dumps(value).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # the client hung up


class Scripted(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, ttl=3600, context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        scheme = "https" if context else "http"
        self.issuer = f"{scheme}://127.0.0.1:{self.server_address[1]}"
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.ttl, self.delay, self.pending = ttl, 0, 0
        self.lock, self.arrived = threading.Lock(), threading.Event()
        self.secrets, self.asked, self.calls, self.revoked = [], [], [], []
        self.refreshes = self.reused = 0
        self.issue()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def secret(self, what):
        self.secrets.append(f"{what}-{secrets.token_urlsafe(24)}")
        return self.secrets[-1]

    def issue(self):
        self.access, self.refresh = self.secret("access"), self.secret("refresh")

    def handle_error(self, request, client_address):
        """A handshake that was refused, a client that hung up."""

    def stop(self):
        self.shutdown()
        self.server_close()
