"""The MCP servers and clients of a test, and the authorization servers behind them."""

import os

import peers
from demo import Demo
from launch import Server


class Peers:
    def __init__(self, home):
        self.home, self._started = home, []

    def _keep(self, one):
        self._started.append(one)
        return one

    def demo(self, **script):
        """An authorization server of the command's own that waits for a person."""
        return self._keep(Demo(self.home, **{"interval": 1, "decide": "person", **script}))

    def oidc(self, **options):
        return self._keep(Server("oidc", **options))

    def server(self, sdk, upstream=None, where="server", **options):
        """Over HTTP. Its tool signs in at `upstream`."""
        env = {"DEVICEGRANT_HOME": str(self.home / where), **options.pop("env", {})}
        return self._keep(peers.Server(sdk, self.home, upstream=self.named(upstream), env=env, **options))

    @staticmethod
    def named(upstream):
        there = upstream or {"issuer": "https://auth.example.com"}
        return there if isinstance(there, dict) else {"issuer": there.issuer, "client_id": "weather", "scopes": ["read"]}

    def client(self, sdk, connected=True, **options):
        env = {"DEVICEGRANT_HOME": str(self.home / "client"), **options.pop("env", {})}
        one = self._keep(peers.Client(sdk, self.home, env=env, **options))
        if connected:
            one.event(event="connected")
        return one

    def stop(self):
        for one in reversed(self._started):
            one.stop()


def code_in(text):
    """The code that a person is shown in these words."""
    return text.split(" code ")[1].split()[0].rstrip(".")


def is_there(sdk):
    return os.access(peers.python(sdk), os.X_OK)
