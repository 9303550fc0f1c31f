"""A small protected resource, as an MCP server is one by HTTP: 401 with a challenge, RFC 9728
metadata, and an answer for whoever brings a token that its authorization server vouches for. Below
it, `/write` and any other word answer 403 until the token has the scope of that name."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


class Protected:
    """`Protected(issuer)`: the resource is `.address`; `.asked` are the paths, in order."""

    def __init__(self, issuer, path="/mcp", scope="read", challenge=True):
        self.issuer, self.path, self.scope, self.challenge = issuer, path, scope, challenge
        self.asked = []
        resource = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                resource.asked.append(self.path)
                resource.answer(self)

            def log_message(self, *words):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.address = self.origin + path
        self.metadata = f"{self.origin}/.well-known/oauth-protected-resource{path}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, request):
        if request.path == self.path or request.path.startswith(f"{self.path}/"):
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            scopes = self.vouched(token) if scheme == "Bearer" else None
            wanted = request.path.removeprefix(self.path).strip("/")
            if scopes is not None and wanted and wanted not in scopes:
                challenge = f'Bearer error="insufficient_scope", scope="{wanted}", resource_metadata="{self.metadata}"'
                return self.say(request, 403, {"error": "insufficient_scope"}, ("WWW-Authenticate", challenge))
            if scopes is not None:
                return self.say(request, 200, {"tools": ["weather"]})
            # Inner quotes without a backslash, as the TypeScript SDK writes them.
            challenge = f'Bearer error="invalid_token", error_description="no "token" here", scope="{self.scope}"'
            if self.challenge:
                challenge += f', resource_metadata="{self.metadata}"'
            return self.say(request, 401, {"error": "invalid_token"}, ("WWW-Authenticate", 'Basic realm="x"'), ("WWW-Authenticate", challenge))
        if self.origin + request.path == self.metadata:
            return self.say(request, 200, {"resource": self.address, "authorization_servers": [self.issuer], "scopes_supported": ["read", "write"]})
        return self.say(request, 404, {"error": "not_found"})

    def vouched(self, token):
        """The token's scopes; none where it is not good here."""
        said = httpx.post(
            f"{self.issuer}/token/introspection", data={"token": token}, auth=("basic", "basic%3As3cret%2B%2F%25%26%3D"), trust_env=False,
        ).json()
        good = said.get("active") is True and said.get("aud") == self.address
        return said.get("scope", "").split() if good else None

    @staticmethod
    def say(request, status, document, *headers):
        body = json.dumps(document).encode()
        request.send_response(status)
        for name, value in (*headers, ("Content-Type", "application/json"), ("Content-Length", str(len(body)))):
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
