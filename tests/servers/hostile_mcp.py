"""A hostile MCP server at https://mcp.example/mcp, and whoever it points at.

The names are real to the client: it reaches them by the CONNECT proxy of this very process, which
leads every name to one TLS server on 127.0.0.1. Nothing that is asked of anybody is missed:

- `world.asked`  every request, as "GET https://mcp.example/mcp", in order;
- `world.named`  every host that the proxy was asked for, also where no request came of it;
- `world.inside` the connections to the bystander on loopback, which no client has business with.

`answers` is what each address says: a whole sign-in that works. A test spoils it with other answers.
"""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

MCP, LOGIN, BYSTANDER = "https://mcp.example/mcp", "https://login.example", "https://bystander.example"
HOSTS = ("mcp.example", "login.example", "bystander.example")
META = "https://mcp.example/meta"
SERVER_METADATA = f"{LOGIN}/.well-known/oauth-authorization-server"
ENDLESS = object()
TOKEN = "the-token-of-an-honest-login"


def challenge(metadata):
    return 401, {"WWW-Authenticate": f'Bearer resource_metadata="{metadata}"'}, {}


def redirect(to):
    return 307, {"Location": to}, {}


def resource(**said):
    return {"resource": MCP, "authorization_servers": [LOGIN], **said}


def server(**said):
    return {
        "issuer": LOGIN, "device_authorization_endpoint": f"{LOGIN}/device", "token_endpoint": f"{LOGIN}/token",
        "registration_endpoint": f"{LOGIN}/register", **said,
    }


def device(**said):
    return {"device_code": "the-device-code", "user_code": "WDJB-MJHT", "interval": 1, "expires_in": 60, "verification_uri": f"{LOGIN}/open", **said}


HONEST = {
    MCP: challenge(META),
    META: resource(),
    SERVER_METADATA: server(),
    f"{LOGIN}/register": (201, {}, {"client_id": "registered"}),
    f"{LOGIN}/device": device(),
    f"{LOGIN}/token": {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600},
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        world = self.server.world
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        address = f"https://{self.headers['Host'].removesuffix(':443')}{self.path}"
        world.asked.append(f"{self.command} {address}")
        world.forms.append(dict(parse_qsl(sent)))
        world.tokens.append((address, self.headers.get("Authorization")))
        answer = world.answers.get(address, (404, {}, {}))
        if callable(answer):
            answer = answer(self.headers)
        self._say(*(answer if isinstance(answer, tuple) else (200, {}, answer)))

    do_POST = do_DELETE = do_GET

    def _say(self, status, headers, body):
        self.close_connection = True
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Connection": "close", **headers}.items():
            self.send_header(name, value)
        if body is ENDLESS:
            self.end_headers()
            return self._pour()
        text = json.dumps(body).encode()
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _pour(self):
        """JSON to the last, and no last: until the client hangs up."""
        world, piece = self.server.world, b" " * 65536
        try:
            self.wfile.write(b'{"issuer":')
            while not world.over:
                self.wfile.write(piece)
                world.poured += len(piece)
        except OSError:
            pass


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Dropped connections and refused handshakes are this server's daily bread."""


def _filled(said, port):
    """With the bystander's port wherever PORT stands."""
    if isinstance(said, str):
        return said.replace("PORT", port)
    if isinstance(said, dict):
        return {name: _filled(one, port) for name, one in said.items()}
    return type(said)(_filled(one, port) for one in said) if isinstance(said, (list, tuple)) else said


class World:
    """`World(context, {address: answer, …})`; `context` is for HOSTS. `proxy` is for HTTPS_PROXY.
    In an answer, PORT is that of the bystander on loopback."""

    def __init__(self, context, spoilt=()):
        self.asked, self.forms, self.tokens, self.named, self.inside = [], [], [], [], []
        self.poured, self.over = 0, False
        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self._server.world = self
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._proxy, self._bystander = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
        self.proxy = f"http://127.0.0.1:{self._proxy.getsockname()[1]}"
        self.loopback = self._bystander.getsockname()[1]
        self.answers = _filled({**HONEST, **dict(spoilt)}, str(self.loopback))
        for work in (self._server.serve_forever, self._accept, self._watch):
            threading.Thread(target=work, daemon=True).start()

    def answer(self, address, said):
        """From now on."""
        self.answers[address] = _filled(said, str(self.loopback))

    @property
    def hosts(self):
        return {line.split("/")[2] for line in self.asked}

    def _accept(self):
        while True:
            try:
                client, _ = self._proxy.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def _tunnel(self, client):
        head = b""
        while b"\r\n\r\n" not in head and (more := client.recv(4096)):
            head += more
        # Anything but CONNECT would be clear text, and stands out among the names.
        word, _, rest = head.decode(errors="replace").partition(" ")
        self.named.append(rest.split(" ")[0].rpartition(":")[0] if word == "CONNECT" else head.decode(errors="replace"))
        server = socket.create_connection(self._server.server_address)
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        back = threading.Thread(target=self._pipe, args=(server, client), daemon=True)
        back.start()
        self._pipe(client, server)
        back.join()
        client.close()
        server.close()

    @staticmethod
    def _pipe(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _watch(self):
        while True:
            try:
                client, where = self._bystander.accept()
            except OSError:
                return
            self.inside.append(where)
            client.close()

    def stop(self):
        self.over = True
        self._server.shutdown()
        for one in (self._server.socket, self._proxy, self._bystander):
            one.close()
