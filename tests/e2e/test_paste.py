"""Signing in by a pasted address, at oidc-provider: the person's browser is sent to where nobody listens."""

import json
import signal
from urllib.parse import parse_qs, urlsplit

import pytest
from approve import land
from protected import Protected
from test_oidc import userinfo
from test_server_address import tools

HERE = "http://127.0.0.1:28628/callback"


@pytest.fixture
def server(own):
    return own("oidc", device="false")


@pytest.fixture
def resource(server):
    one = Protected(server.issuer)
    yield one
    one.stop()


def begin(command, *argv, **env):
    run = command.start("login", *argv, "--paste", "--json", typed=True, **env)
    return run, run.event("paste")


def code_of(address):
    [code] = parse_qs(urlsplit(address).query)["code"]
    return code


def test_approved_renewed_and_signed_out(command, server):
    run, asked = begin(command, server.issuer, "--client-id", "code", "--scope", "openid", "--scope", "read")
    assert (asked["redirect_uri"], asked["scopes"], asked["trouble"]) == (HERE, ["openid", "read"], None)
    run.type(land(asked["authorization_uri"], HERE))
    signed_in = run.event("signed_in")
    assert run.end() == 0, run.err
    assert signed_in["issuer"] == server.issuer and signed_in["refreshable"] is True

    first = command.token(server.issuer)
    assert userinfo(server, first).json() == {"sub": "alice"}
    status = command.run("status", "--json").events()
    assert [event["target"] for event in status if event["event"] == "login"] == [server.issuer]
    assert command.run("renew", server.issuer, "--force").code == 0
    second = command.token(server.issuer)
    assert second != first and userinfo(server, second).status_code == 200
    assert command.run("logout", server.issuer).code == 0
    assert userinfo(server, second).status_code == 401
    assert command.run("token", server.issuer).code == 3
    assert len(server.log(endpoint="token", grant_type="authorization_code")) == 1


def test_from_a_server_s_address_with_a_client_of_its_own(command, server, resource):
    error, run = command.fails(resource.address)
    assert (error["code"], run.code) == ("no_device_endpoint", 8)
    assert server.issuer in error["message"] and "--paste" in error["message"]

    run, asked = begin(command, resource.address)
    assert asked["scopes"] == ["read", "offline_access"]
    run.type(land(asked["authorization_uri"], HERE))
    assert run.event("signed_in")["refreshable"] is True
    assert run.end() == 0, run.err
    assert tools(resource, command.token(resource.address)).json() == {"tools": ["weather"]}
    assert command.run("renew", resource.address, "--force").code == 0
    assert tools(resource, command.token(resource.address)).status_code == 200


def test_a_client_that_the_server_forgot_is_in_nobody_s_way(command, own):
    first = own("oidc", device="false")
    resource = Protected(first.issuer)
    try:
        for server in (first, None):
            if server is None:
                first.process.terminate()
                first.process.wait(10)
                server = own("oidc", device="false", port=first.origin.rsplit(":", 1)[1])
            run, asked = begin(command, resource.address)
            run.type(land(asked["authorization_uri"], HERE))
            run.event("signed_in")
            assert run.end() == 0, run.err
            assert len(server.log(endpoint="registration", status=201)) == 1
    finally:
        resource.stop()


def test_wrong_addresses_lose_nothing(command, server):
    run, asked = begin(command, server.issuer, "--client-id", "code", "--scope", "read")
    other, asked_elsewhere = begin(command, server.issuer, "--client-id", "code", "--scope", "read")
    right = land(asked["authorization_uri"], HERE)
    for wrong, words in [
        ("", "nothing was pasted"),
        (asked["authorization_uri"], "the address to open"),
        (land(asked_elsewhere["authorization_uri"], HERE), "another sign-in"),
        (right.replace("iss=", "no="), "lacks its iss"),
    ]:
        run.type(wrong)
        assert words in run.event("paste")["trouble"]
    assert server.log(endpoint="token") == []
    run.type(f"  {right} ")
    run.event("signed_in")
    assert run.end() == 0, run.err
    other.process.stdin.close()
    error = other.event("error")
    assert (error["code"], error["message"], other.end()) == ("bad_paste", "nothing was pasted", 3)


def test_another_issuer_s_answer_goes_nowhere(command, server):
    run, asked = begin(command, server.issuer, "--client-id", "code", "--scope", "read")
    right = land(asked["authorization_uri"], HERE)
    run.type(right.split("&iss=")[0] + "&iss=https%3A%2F%2Fevil.example")
    error = run.event("error")
    assert (error["code"], run.end()) == ("issuer_mismatch", 8)
    assert server.log(endpoint="token") == []


def test_denied(command, server):
    run, asked = begin(command, server.issuer, "--client-id", "code", "--scope", "read")
    run.type(land(asked["authorization_uri"], HERE, approve=False))
    error = run.event("error")
    assert (error["code"], error["error"], run.end()) == ("access_denied", "access_denied", 4)


@pytest.mark.parametrize("expected, code", [("alice", 0), ("bob", 4)])
def test_who_approves_must_be_who_was_expected(command, server, expected, code):
    run, asked = begin(command, server.issuer, "--client-id", "code", "--scope", "openid", "--expect-sub", expected)
    run.type(land(asked["authorization_uri"], HERE))
    end = run.event("error" if code else "signed_in")
    assert run.end() == code, run.err
    assert end.get("code") == ("wrong_account" if code else None)
    assert (command.run("token", server.issuer).code == 0) is (code == 0)


def test_the_verifier_is_what_the_server_checks(command, server):
    """A code of one sign-in under the state of another: the server refuses it for its challenge."""
    run, asked = begin(command, server.issuer, "--client-id", "code", "--scope", "read")
    other, elsewhere = begin(command, server.issuer, "--client-id", "code", "--scope", "read")
    code = code_of(land(elsewhere["authorization_uri"], HERE))
    right = land(asked["authorization_uri"], HERE)
    run.type(right.replace(code_of(right), code))
    error = run.event("error")
    assert (error["code"], run.end()) == ("invalid_grant", 8)
    other.process.stdin.close()
    assert other.end() == 3


def test_a_registered_redirect_and_a_secret(command, server):
    landed = "https://app.example.com/landed"
    run, asked = begin(
        command, server.issuer, "--client-id", "code-basic", "--client-secret-env", "THE_SECRET", "--scope", "read",
        "--redirect-uri", landed, THE_SECRET="code-basic:s3cret+/%&=",
    )
    assert asked["redirect_uri"] == landed
    run.type(land(asked["authorization_uri"], landed))
    run.event("signed_in")
    assert run.end() == 0, run.err


def test_nothing_secret_in_the_log_or_on_the_terminal(command, server, terminal):
    screen = terminal("-vv", "login", server.issuer, "--client-id", "code", "--scope", "read", "--paste")
    screen.wait_for("not shown")
    address = next(word for word in screen.raw.decode().split() if word.startswith(f"{server.issuer}/auth?"))
    landed = land(address, HERE)
    screen.press(landed.encode() + b"x\x7f\r")
    assert screen.end() == 0, screen.text
    assert code_of(landed).encode() not in screen.raw
    assert b"authorization_code" in screen.raw  # the log was there
    token = command.token(server.issuer)
    assert token.encode() not in screen.raw
    assert screen.restored()


def test_an_address_longer_than_a_terminal_s_line(server, terminal):
    screen = terminal("login", server.issuer, "--client-id", "code", "--scope", "read", "--paste")
    screen.wait_for("not shown")
    address = next(word for word in screen.raw.decode().split() if word.startswith(f"{server.issuer}/auth?"))
    screen.press(land(address, HERE).encode() + b"&more=" + b"a" * 6000 + b"\r")
    assert screen.end() == 0, screen.text


def test_interrupted_while_it_reads(server, terminal):
    screen = terminal("login", server.issuer, "--client-id", "code", "--scope", "read", "--paste")
    screen.wait_for("not shown")
    screen.press(b"\x03")
    assert screen.end() == 130
    assert screen.restored()


def test_the_time_allowed_ends_the_reading(command, server):
    run, _ = begin(command, server.issuer, "--client-id", "code", "--timeout", "1s")
    error = run.event("error")
    assert (error["code"], run.end()) == ("gave_up", 5)


def test_a_signal_ends_the_reading(command, server):
    run, _ = begin(command, server.issuer, "--client-id", "code")
    run.signal(signal.SIGTERM)
    assert run.end() == 130


def test_from_a_pipe_without_json(command, server):
    run = command.start("login", server.issuer, "--client-id", "code", "--scope", "read", "--paste", typed=True)
    run.wait_for_err("paste it here")
    address = next(word for word in run.err.split() if word.startswith(f"{server.issuer}/auth?"))
    run.type(land(address, HERE))
    assert run.end() == 0, run.err
    assert run.out == ""


def test_at_django_oauth_toolkit(command, shared):
    dot = shared("dot", interval=1)
    error, _ = command.fails(dot.issuer, "--client-id", "public")
    assert error["code"] == "no_device_endpoint" and "--paste" in error["message"]
    run, asked = begin(command, dot.issuer, "--client-id", "code", "--scope", "read")
    run.type(land(asked["authorization_uri"], HERE))
    assert run.event("signed_in")["refreshable"] is True
    assert run.end() == 0, run.err
    first = command.token(dot.issuer)
    assert command.run("renew", dot.issuer, "--force").code == 0
    assert command.token(dot.issuer) != first


@pytest.mark.parametrize("word", ["--open", "--resume"])
def test_it_never_opens_a_browser(command, word):
    assert command.run("login", "https://a.example", "--paste", word).code == 2


def test_no_address_is_an_argument(command):
    assert command.run("login", "https://a.example", "--paste", HERE + "?code=x").code == 2


def test_without_pkce_it_is_refused(command, own):
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    import threading

    class Plain(BaseHTTPRequestHandler):
        def do_GET(self):
            at = f"http://127.0.0.1:{self.server.server_port}"
            body = json.dumps({"issuer": at, "authorization_endpoint": f"{at}/a", "token_endpoint": f"{at}/t"}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    one = ThreadingHTTPServer(("127.0.0.1", 0), Plain)
    threading.Thread(target=one.serve_forever, daemon=True).start()
    try:
        error, run = command.fails(f"http://127.0.0.1:{one.server_port}", "--client-id", "code", "--paste")
        assert (error["code"], run.code) == ("no_code_flow", 8)
        assert "PKCE" in error["message"]
    finally:
        one.shutdown()
        one.server_close()
