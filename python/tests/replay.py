"""Plays the host of one vector: a virtual clock, replies from the file, every effect compared.

The same rules as core's own runner (core/tests/vectors), in Python and through the driver.
"""

import json
from urllib.parse import parse_qsl

from devicegrant import _native as native
from devicegrant._driver import drive
from devicegrant._errors import DeviceGrantError, of
from devicegrant._host import Host

import kept
import registered
import shown

WALL, STEADY = 1_700_000_000_000, 1_000_000
RANDOM = b"0123456789abcdef0123456789abcdef"
Input, Output, Step = native.Input, native.Output, native.Step
KEPT_FLOWS = ("session", "revoke", "finish", "finish_once")
STEP_UP_FLOWS = ("step_up", "step_up_keep")


class Different(AssertionError):
    """It is not as the vector says."""


def same(wanted, there, what):
    if wanted != there:
        raise Different(f"{what}: {there!r} instead of {wanted!r}")


def fields(wanted, there, what):
    for name, value in wanted.items():
        same(value, there.get(name), f"{what} {name}")


def options(vector):
    named = dict(vector.get("options", {}))
    return native.Options(scopes=named.pop("scopes", []), params=named.pop("params", None), **named)


class Player(Host):
    """The host. `pause` is awaited in every effect, so that a real loop really suspends."""

    def __init__(self, vector, ways, pause):
        super().__init__(ways, None, self, clock=self)
        self.vector, self.pause = vector, pause
        self.wall, self.steady = WALL, STEADY
        self.steps, self.at = vector["steps"], 0
        self.last, self.events = None, []
        self.kept = None

    # The host's own.

    def once(self):
        return self

    def original(self, failure):
        return None

    def now(self):
        return self.wall, self.steady

    def observe(self, event):
        self.events.append(json.loads(event)["event"])

    def next(self, effect):
        if self.at == len(self.steps):
            raise Different(f"after the last step it asks for {effect}")
        self.at += 1
        step = self.steps[self.at - 1]
        if effect not in step:
            raise Different(f"step {self.at - 1}: it asks for {effect} instead of {step}")
        return step

    def passes(self, step, otherwise=0):
        takes = step.get("takes", otherwise)
        both = takes if isinstance(takes, dict) else {"wall_ms": takes, "steady_ms": takes}
        self.wall += both["wall_ms"]
        self.steady += both["steady_ms"]

    async def sleep_until(self, until, stretch):
        await self.pause()
        wait = max(0, until - self.steady)
        step = self.next("wait_ms")
        same(step["wait_ms"], wait, f"step {self.at - 1}: wait")
        self.passes(step, wait)

    async def send(self, request, stretch):
        await self.pause()
        step = self.next("send")
        self.check(step["send"], request)
        self.last = request
        self.passes(step)
        return reply(step["reply"])

    async def show(self, prompt):
        await self.pause()
        step = self.next("show")
        fields(step["show"], shown.prompt(prompt), "prompt")
        self.passes(step)

    def pending(self, pending):
        step = self.next("pending")
        self.check_pending(step["pending"], pending)
        self.passes(step)

    def check_pending(self, wanted, pending):
        prompt = pending.prompt()
        there = shown.prompt(prompt) if prompt else {}
        fields(wanted, {**there, "expires_at_ms": pending.expires_at_ms()}, "pending")
        for secret in ("device-code-1", "WDJB-MJHT"):
            assert secret not in repr(pending) + str(pending), "it is printed"

    def check(self, wanted, request):
        where = f"step {self.at - 1}: request"
        if wanted == "same":
            same(vars(self.last), vars(request), where)
            return
        same(wanted.get("method", "POST"), request.method, where)
        same(wanted["url"], request.url, where)
        assert request.timeout_ms <= 20_000 and request.max_body <= 1 << 20, where
        same(wanted.get("must_finish", False), request.must_finish, f"{where} must_finish")
        headers = {"accept": "application/json", **wanted.get("headers", {})}
        if "form" in wanted:
            headers["content-type"] = "application/x-www-form-urlencoded"
            pairs = parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True)
            assert len(dict(pairs)) == len(pairs), f"{where}: a parameter stands twice"
            same(wanted["form"], dict(pairs), where)
        elif "json" in wanted:
            headers["content-type"] = "application/json"
            same(wanted["json"], json.loads(request.body), where)
        else:
            same(b"", request.body, where)
        same(headers, request.headers, where)

    # The store's.

    async def _store(self, effect, **asked):
        await self.pause()
        if self.kept is None:
            raise Different("there is no store here")
        step = self.next(effect)
        answer = self.kept.answer(effect, asked, step, self)
        self.passes(step)
        return answer

    async def load(self, id, stretch):
        return await self._store("load", id=id)

    async def list(self, stretch):
        return await self._store("list")

    async def save(self, id, data, expected, stretch):
        return await self._store("save", id=id, bytes=data, expected=expected)

    async def lock(self, id, ttl_ms, force, stretch):
        return await self._store("lock", id=id, ttl_ms=ttl_ms, force=force)

    async def unlock(self, lease, rest, stretch):
        return await self._store("unlock", lease=lease, rest=rest)


def body(there):
    if "json" in there:
        return json.dumps(there["json"], ensure_ascii=False).encode()
    if "text" in there:
        return there["text"].encode()
    if "hex" in there:
        return bytes.fromhex(there["hex"])
    if "repeat" in there:
        repeat = there["repeat"]
        middle = repeat["text"] * repeat["times"]
        return (repeat.get("before", "") + middle + repeat.get("after", "")).encode()
    return b""


def reply(there):
    if "go" in there:
        return Input.GO()
    if "unreachable" in there:
        name = {"tls": "tls_other"}.get(there["unreachable"], there["unreachable"])
        return Input.UNREACHABLE(getattr(native.Unreachable, name.upper()))
    headers = there.get("headers", {})
    return Input.RESPONSE(native.Response(status=there["status"], headers=headers, body=body(there)))


async def replay(vector, ways, pause):
    """Plays the vector; raises where it is not as it says."""
    player = Player(vector, ways, pause)
    try:
        flow = vector["flow"]
        if flow.startswith("register"):
            outcome = await registered.run(vector, player)
        elif flow in STEP_UP_FLOWS:
            outcome = await kept.step_up(vector, player)
        else:
            outcome = await (kept.run if flow in KEPT_FLOWS else run)(vector, player)
    except native.Failure as failure:
        outcome = of(failure)
    except DeviceGrantError as error:
        outcome = error
    if player.at != len(player.steps):
        raise Different(f"it ended with {outcome!r} before step {player.at}")
    shown.outcome(vector["outcome"], outcome, player, fields)
    if vector.get("events") is not None:
        same(vector["events"], player.events, "events")


async def run(vector, player):
    own = vector.get("own_provider")
    flow = native.Flow.discover(options(vector), json.dumps(own) if own is not None else None)
    grant = (await drive(flow, player)).grant
    name = vector["flow"]
    if name == "discover":
        return grant
    flow = (native.Flow.login if name == "login" else native.Flow.begin)(grant, RANDOM)
    while True:
        output = await drive(flow, player)
        if isinstance(output, Output.TOKENS):
            return output.tokens
        pending = output.pending
        last = player.at == len(player.steps) and "pending" in vector["outcome"]
        if last or name not in ("begin_poll", "begin_login"):
            return pending
        player.pending(pending)
        if vector.get("sealed"):
            key = native.Key(bytes([7]) * 32)
            sealed = pending.to_bytes(key, RANDOM)
            player.steady = 5
            pending = native.Pending.from_bytes(key, sealed)
        flow = (native.Flow.resume if name == "begin_login" else native.Flow.poll)(pending)
