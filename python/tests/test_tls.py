"""Certificates that are no good are refused; a body is bounded; proxies are honoured."""

import ssl
import threading
import time

import pytest

import devicegrant
import devicegrant.sync
from certificates import Certificates
from support import named, no_thread_left
from hostile import Hostile


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


CODES = {"self-signed": "tls_untrusted", "expired": "tls_expired", "wrong-host": "tls_wrong_host"}
TRANSPORTS = ["own", "httpx", "httpx2"]


def transport(kind, certificates):
    if kind == "own":
        return {"ca": certificates.ca_file}
    library = __import__(kind)
    return {"transport": library.Client(verify=ssl.create_default_context(cafile=certificates.ca_file))}


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("certificate", CODES)
def test_a_bad_certificate_is_refused(make_server, certificates, certificate, kind):
    server = make_server(context=certificates.context(certificate))
    client = devicegrant.sync.Client(**named(server, **transport(kind, certificates)), store="memory")
    with pytest.raises(devicegrant.Refused) as why:
        client.login()
    assert why.value.code == CODES[certificate] and server.asked == []


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_a_good_one_is_taken(make_server, certificates, kind):
    server = make_server(context=certificates.context("good"))
    more = transport(kind, certificates)
    assert devicegrant.sync.Client(**named(server, **more), store="memory").login()
    if kind == "own":
        with pytest.raises(devicegrant.Refused) as why:
            devicegrant.sync.Client(**named(server), store="memory").login()
        assert why.value.code == "tls_untrusted"


def test_roots_that_are_none(server, tmp_path):
    (tmp_path / "no.pem").write_text("nothing")
    for there in (tmp_path / "no.pem", tmp_path / "absent.pem"):
        with pytest.raises(devicegrant.Usage, match=there.name):
            devicegrant.sync.Client(**named(server), ca=there)


@pytest.fixture
def hostile():
    one = Hostile().start()
    one.elsewhere = Hostile().start()
    yield one
    one.stop()
    one.elsewhere.stop()


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("place", ["metadata", "device"])
@pytest.mark.parametrize("spoilt", ["big", "endless"])
def test_a_body_is_bounded(hostile, certificates, spoilt, place, kind):
    more = {} if kind == "own" else transport(kind, certificates)
    client = devicegrant.sync.Client(
        f"{hostile.origin}/{spoilt}-{place}", client_id="c", store="memory", **more
    )
    with pytest.raises(devicegrant.Refused) as why:
        client.begin()
    assert why.value.code == "body_too_large"
    time.sleep(0.3)
    assert hostile.poured < 8 << 20
    no_thread_left()


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_no_redirect_is_followed(hostile, certificates, kind):
    more = {} if kind == "own" else transport(kind, certificates)
    client = devicegrant.sync.Client(f"{hostile.origin}/redirect-device", client_id="c", store="memory", **more)
    with pytest.raises(devicegrant.Refused) as why:
        client.begin()
    assert why.value.code == "redirect_refused" and hostile.elsewhere.requests == []


def test_a_body_that_trickles_ends_in_time(hostile):
    """Each byte comes in time, the whole never does: the limit is for the whole."""
    from devicegrant import _native as native
    from devicegrant._http import Http
    from devicegrant._stretch import Stretch
    from devicegrant._ways import finish
    from devicegrant._ways_blocking import Blocking

    request = native.Request(
        method="GET", url=f"{hostile.origin}/.well-known/openid-configuration/trickle-metadata", headers={},
        body=b"", timeout_ms=1000, max_body=1 << 20, must_finish=False,
    )  # fmt: skip
    started = time.monotonic()
    answer = finish(Http().send(request, Blocking(), Stretch()))
    assert answer is native.Unreachable.TIMED_OUT and 0.9 < time.monotonic() - started < 2
    no_thread_left()


def test_a_proxy_is_honoured(monkeypatch):
    """https goes through it by CONNECT, with its password; this machine's own addresses never."""
    import base64
    import socket

    listening = socket.create_server(("127.0.0.1", 0))
    asked = []

    def serve():
        there, _ = listening.accept()
        there.settimeout(5)
        asked.append(there.recv(4096))
        there.sendall(b"HTTP/1.1 403 No\r\n\r\n")
        there.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    port = listening.getsockname()[1]
    monkeypatch.setenv("https_proxy", f"http://user:p%40ss@127.0.0.1:{port}")
    from devicegrant import _native as native
    from devicegrant._http import Http
    from devicegrant._stretch import Stretch
    from devicegrant._ways import finish
    from devicegrant._ways_blocking import Blocking

    request = native.Request(
        method="GET", url="https://auth.example.com/x", headers={}, body=b"", timeout_ms=5000,
        max_body=100, must_finish=False,
    )  # fmt: skip
    assert finish(Http().send(request, Blocking(), Stretch())) is native.Unreachable.NOT_SENT
    thread.join(5)
    listening.close()
    assert asked[0].startswith(b"CONNECT auth.example.com:443 HTTP/1.")
    assert base64.b64encode(b"user:p@ss") in asked[0]


def test_clear_text_goes_only_to_this_machine():
    with pytest.raises(devicegrant.Refused) as why:
        devicegrant.sync.Client("http://auth.example.com", client_id="c", store="memory").begin()
    assert why.value.code == "unsafe_endpoint"
