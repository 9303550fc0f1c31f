"""A real authorization server (PyPI django-oauth-toolkit) on 127.0.0.1, in one file.

One JSON line on stdout says where it listens; one JSON line per request says what was asked.
See ../README.md for the options and for this server's oddities.
"""

import argparse
import hashlib
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def options():
    def env(name, fallback=None):
        return os.environ.get("DOT_" + name.upper(), fallback)

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=env("port", 0))
    parser.add_argument("--device-ttl", type=int, default=env("device_ttl", 1800))
    parser.add_argument("--access-ttl", type=int, default=env("access_ttl", 3600))
    parser.add_argument("--interval", type=int, default=env("interval", 5))
    parser.add_argument("--log", default=env("log"), help="a file; without it the lines go to stdout")
    parser.add_argument("--watch-stdin", action="store_true", help="end when whoever started us is gone")
    return parser.parse_args()


OPT = options()
FOLDER = Path(tempfile.mkdtemp(prefix="devicegrant-dot-"))
WRITE = threading.Lock()

import django  # noqa: E402  (the settings need the options)
from django.conf import settings  # noqa: E402

LOGIN_PAGE = '<form method="post">{% csrf_token %}{{ form.as_p }}<button type="submit">Log in</button></form>'
settings.configure(
    SECRET_KEY=secrets.token_hex(32),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider",
    ],
    MIDDLEWARE=[
        f"{__name__}.logged",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    # WAL and a busy timeout: the refresh tests come from many processes at once.
    DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "dot.sqlite3",
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
    }},
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request"],
            "loaders": [
                ("django.template.loaders.locmem.Loader", {"registration/login.html": LOGIN_PAGE}),
                "django.template.loaders.app_directories.Loader",
            ],
        },
    }],
    LOGIN_URL="/accounts/login/",
    # A slow hash protects nobody here and costs 0.2 s a login.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    OAUTH2_PROVIDER={
        "SCOPES": {"read": "Read your data", "write": "Change your data"},
        "DEVICE_FLOW_INTERVAL": OPT.interval,
        "ACCESS_TOKEN_EXPIRE_SECONDS": OPT.access_ttl,
        "OAUTH_DEVICE_VERIFICATION_URI": "set once the port is known",
    },
)
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.auth.views import LoginView  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider import urls as oauth2_urls  # noqa: E402
from oauth2_provider.models import get_application_model  # noqa: E402
from oauth2_provider.views import DeviceAuthorizationView  # noqa: E402
from oauthlib.oauth2 import DeviceApplicationServer  # noqa: E402

urlpatterns = [
    path("accounts/login/", LoginView.as_view()),
    path("o/", include(oauth2_urls, namespace="oauth2_provider")),
    # RFC 8414 wants the document at the root too. It names no device endpoint: that is DOT's way.
    path("", include(oauth2_urls.metadata_urlpatterns)),
]


class ShortLived(DeviceApplicationServer):
    """DOT has no setting for how long a device code lives; oauthlib does, unreachable from there."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._expires_in = OPT.device_ttl


DeviceAuthorizationView.server_class = ShortLived


def digest(secret):
    """Tells logins apart in the log without telling their codes."""
    return hashlib.sha256(secret.encode()).hexdigest()[:8] if secret else None


def logged(get_response):
    names = {"/o/token/": "token", "/o/device-authorization/": "device_authorization"}

    def middleware(request):
        now = time.time()
        response = get_response(request)
        if request.path in names:
            try:
                body = json.loads(response.content)
            except ValueError:
                body = {}  # an HTML error page
            line = json.dumps({
                "time": now,
                "endpoint": names[request.path],
                "client_id": request.POST.get("client_id"),
                "grant_type": request.POST.get("grant_type"),
                "code": digest(request.POST.get("device_code") or body.get("device_code")),
                "status": response.status_code,
                "error": body.get("error"),
            })
            with WRITE:
                if OPT.log:
                    with open(OPT.log, "a", encoding="utf-8") as file:
                        file.write(line + "\n")
                else:
                    print(line, flush=True)
        return response

    return middleware


def seed():
    call_command("migrate", verbosity=0)
    alice = get_user_model().objects.create_user("alice", password="wonderland")
    applications = get_application_model().objects
    for client_id, secret in (("public", ""), ("confidential", "dot:s3cret+/%&=")):
        applications.create(
            name=f"Test client {client_id}", client_id=client_id, client_secret=secret, user=alice,
            client_type=client_id, authorization_grant_type=DEVICE,
        )
    applications.create(
        name="Without the device grant", client_id="no-device", user=alice,
        client_type="public", authorization_grant_type="client-credentials",
    )
    # For people who sign in by a pasted address; any port will do (RFC 8252 §7.3).
    applications.create(
        name="Test client code", client_id="code", user=alice, client_type="public",
        authorization_grant_type="authorization-code", redirect_uris="http://127.0.0.1/callback",
    )


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def main():
    seed()
    server = ThreadedWSGIServer(("127.0.0.1", OPT.port), Quiet)
    server.daemon_threads = True
    server.set_app(get_wsgi_application())
    origin = f"http://127.0.0.1:{server.server_address[1]}"
    from oauth2_provider.settings import oauth2_settings

    oauth2_settings.OAUTH_DEVICE_VERIFICATION_URI = f"{origin}/o/device/"
    if OPT.watch_stdin:
        threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    print(json.dumps({
        "ready": True,
        "pid": os.getpid(),
        "issuer": f"{origin}/o",
        "origin": origin,
        "device_endpoint": f"{origin}/o/device-authorization/",
        "token_endpoint": f"{origin}/o/token/",
    }), flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the folder below goes too
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)


if __name__ == "__main__":
    main()
