"""The store of a conversation about a login that is kept, and its beginning."""

import json

from devicegrant import _native as native
from devicegrant._driver import drive

import registered
import replay
import shown

KEY = bytes([7]) * 32
LEASE = "lease-1"
Input, Output, Step = native.Input, native.Output, native.Step
GO = Input.GO()


def key():
    return native.Key(KEY)


def response(value):
    return Input.RESPONSE(
        native.Response(status=200, headers={}, body=json.dumps(value, ensure_ascii=False).encode())
    )


class Store:
    """By login, the bytes and the revision; answers as the vector's step says."""

    def __init__(self, vector):
        self.vector, self.options = vector, replay.options(vector)
        self.there, self.names = {}, {}

    # The beginning.

    def begun_with(self, kept):
        """The options; for a sign-in for whatever account without what they expect."""
        if "options" in kept:
            return replay.options({"options": kept["options"]})
        if not kept.get("anybody"):
            return self.options
        named = {k: v for k, v in self.vector["options"].items() if not k.startswith("expected_")}
        return replay.options({"options": named})

    def own_provider(self):
        own = self.vector.get("own_provider")
        return json.dumps(own) if own is not None else None

    def grant(self, options, challenge=None):
        wider = self.first(options, challenge)
        flow, step = native.Flow.discover(options, self.own_provider(), wider), GO
        while not isinstance(step := flow.step(replay.WALL, replay.STEADY, step), Step.DONE):
            assert isinstance(step, Step.SEND)
            metadata = self.vector["metadata"]
            step = response(metadata.get(step.request.url, metadata))
        return step.output.grant

    @staticmethod
    def first(options, challenge):
        """What was asked for besides when nobody had signed in yet."""
        flow, step = native.Flow.widen(options, challenge), GO
        while not isinstance(step := flow.step(replay.WALL, replay.STEADY, step), Step.DONE):
            step = Input.LISTED([]) if isinstance(step, Step.LIST) else Input.LOADED(None, 0)
        return step.output.wider

    @staticmethod
    def begun(grant, answer, wall):
        flow = native.Flow.begin(grant, bytes([3]) * 32)
        flow.step(wall, 1000, GO)
        return flow.step(wall, 1000, response(answer)).output.pending

    def sign_in(self, kept):
        """A login as a sign-in at that time would have kept it."""
        options = self.begun_with(kept)
        wall = replay.WALL - kept.get("ago_ms", 0)
        grant = self.grant(options, kept.get("challenge"))
        code = {
            "device_code": "device-code-0", "user_code": "A", "interval": 1, "expires_in": 600,
            "verification_uri": "https://auth.example.com/device",
        }  # fmt: skip
        poll = native.Flow.poll(self.begun(grant, code, wall - 60_000))
        poll.step(wall, 61_000, GO)
        tokens = poll.step(wall, 61_000, response(kept["answer"])).output.tokens
        flow = native.Flow.keep(options, grant, tokens, wall, key(), bytes([1]) * 32)
        return self.written(flow, kept.get("revision", 1))

    def wait(self, waiting):
        wall = replay.WALL - waiting.get("ago_ms", 0)
        options = self.begun_with(waiting)
        grant = self.grant(options, waiting.get("challenge"))
        pending = self.begun(grant, waiting["answer"], wall)
        flow = native.Flow.keep_pending(options, pending, wall, key(), bytes([2]) * 32)
        return self.written(flow, waiting.get("revision", 1))

    def written(self, flow, revision):
        flow.step(replay.WALL, replay.STEADY, GO)
        save = flow.step(replay.WALL, replay.STEADY, Input.LOADED(None, revision - 1))
        self.there[save.id] = save.bytes, revision
        return save.id

    def end(self, id, revision):
        """Another program met `invalid_grant` with the token of the login as it is kept."""
        need = native.Need(60_000, None, [], True)
        flow = native.Flow.session(id, key(), need, bytes([4]) * 32, None)
        there, at = self.there.get(id, (None, 0))
        refused = native.Response(status=400, headers={}, body=b'{"error":"invalid_grant"}')
        answers = {
            Step.LOAD: Input.LOADED(there, min(at, revision - 1)),
            Step.LOCK: Input.LOCKED(LEASE), Step.SEND: Input.RESPONSE(refused),
        }  # fmt: skip
        step = flow.step(replay.WALL, replay.STEADY, GO)
        while not isinstance(step, Step.SAVE):
            answer = next(answer for kind, answer in answers.items() if isinstance(step, kind))
            step = flow.step(replay.WALL, replay.STEADY, answer)
        self.there[id] = step.bytes, revision

    # The conversation.

    def answer(self, effect, asked, step, player):
        told = step.get("reply")
        self.check(effect, asked, step, player)
        if isinstance(told, dict) and "failed" in told:
            return Input.FAILED(native.Failure(told["failed"], "the store failed"))
        if effect == "load":
            if isinstance(told, dict) and "registered" in told:
                self.there.update([registered.kept(told["registered"])])
            if isinstance(told, dict) and "kept" in told:
                self.sign_in(told["kept"])
            if isinstance(told, dict) and "ended" in told:
                self.end(asked["id"], told["ended"])
            if isinstance(told, dict) and "renewed" in told:
                self.there[asked["id"]] = self.met_conflict, told["renewed"]
            if isinstance(told, dict) and "nothing" in told:
                self.there[asked["id"]] = None, told["nothing"]
            return Input.LOADED(*self.there.get(asked["id"], (None, 0)))
        if effect == "list":
            return Input.LISTED(list(self.there))
        if effect == "lock":
            if told is None or told == "locked":
                return Input.LOCKED(LEASE)
            if told == "busy":
                return Input.BUSY(player.steady)
            rest = native.Rest(until_ms=player.wall + told["rest_ms"], code=told["code"])
            return Input.RESTING(rest)
        if effect == "save":
            id, expected = asked["id"], asked["expected"]
            if told == "conflict":
                self.met_conflict = asked["bytes"]
                self.there[id] = self.there.get(id, (None, 0))[0], expected + 1
                return Input.CONFLICT()
            replay.same(self.there.get(id, (None, 0))[1], expected, "expected revision")
            self.there[id] = asked["bytes"], expected + 1
            return Input.SAVED(expected + 1)
        return GO

    def check(self, effect, asked, step, player):
        wanted, where = step[effect], f"step {player.at - 1}: {effect}"
        if effect == "load":
            replay.same(wanted, self.names[asked["id"]], where)
        elif effect == "list":
            replay.same(wanted, {}, where)
        elif effect == "lock":
            assert asked["ttl_ms"] >= 30_000, where
            replay.same(wanted, {"of": self.names[asked["id"]], "force": asked["force"]}, where)
        elif effect == "unlock":
            assert asked["lease"] == LEASE, where
            rest = asked["rest"]
            there = {}
            if rest is not None:
                there = {"rest_ms": max(0, rest.until_ms - player.wall), "code": rest.code}
            replay.same(wanted, there, where)
        else:
            self.saved(wanted, asked, where)

    def saved(self, wanted, asked, where):
        """What is saved is opened as another program would, and compared."""
        ((kind, wished),) = wanted.items()
        of = self.names[asked["id"]]
        if asked["bytes"] is None:
            return replay.same((kind, wished), ("nothing", of), where)
        for secret in (b"token-", b"refresh-", b"device-code", b"client-secret"):
            assert secret not in asked["bytes"], f"{where}: a secret stands in the clear"
        if of == "client":
            replay.same(kind, of, where)
            return replay.fields(wished, registered.opened(asked), where)
        find = native.Flow.find_pending if of == "pending" else native.Flow.find
        try:
            found = self.found(find(self.options), asked)
        except native.Failure as failure:
            told = failure.details()
            assert (of, kind) == ("login", "ended"), f"{where}: {told}"
            return replay.same(("login_ended", wished), (told.code, told.message), where)
        replay.same(kind, of, where)
        if of == "login":
            login = found.open(key())
            there = {**vars(login.header()), **shown.tokens(login.tokens())}
            replay.fields(wished, there, where)
        return None

    @staticmethod
    def found(flow, asked):
        step = flow.step(replay.WALL, replay.STEADY, GO)
        while not isinstance(step, Step.DONE):
            if isinstance(step, Step.LIST):
                answer = Input.LISTED([asked["id"]])
            else:
                there = step.id == asked["id"]
                answer = Input.LOADED(*((asked["bytes"], asked["expected"] + 1) if there else (None, 0)))
            step = flow.step(replay.WALL, replay.STEADY, answer)
        return step.output.found


def begin(vector, player):
    """The store at the start, and the folder of the login that is kept."""
    store = player.kept = Store(vector)
    there = vector.get("kept")
    own = store.options.login_id()
    id = store.sign_in(there) if there else own
    store.names.update({own: "own", id: "login"})
    return store, id


async def step_up(vector, player):
    store, _ = begin(vector, player)
    flow = native.Flow.widen(store.options, vector.get("challenge"))
    wider = (await drive(flow, player)).wider
    flow = native.Flow.discover(store.options, store.own_provider(), wider)
    grant = (await drive(flow, player)).grant
    if vector["flow"] == "step_up":
        return grant
    tokens = (await drive(native.Flow.login(grant, replay.RANDOM), player)).tokens
    flow = native.Flow.keep(store.options, grant, tokens, player.wall, key(), bytes([1]) * 32)
    return (await drive(flow, player)).login


async def run(vector, player):
    store, id = begin(vector, player)
    named = vector.get("need", {})
    need = native.Need(
        named.get("min_ttl_ms", 60_000), named.get("reject"), named.get("scopes", []),
        named.get("force", False), named.get("challenge"),
    )  # fmt: skip
    waiting = None
    if "waiting" in vector:
        waiting = store.wait(vector["waiting"])
        store.names[waiting] = "pending"
    name = vector["flow"]
    if name == "session":
        flow = native.Flow.session(id, key(), need, replay.RANDOM, None, store.options)
    elif name == "revoke":
        flow = native.Flow.revoke(id, key())
    else:
        flow = native.Flow.finish(waiting, key(), name == "finish", replay.RANDOM)
    output = await player.ways.run(lambda stretch: drive(flow, player, stretch))
    for name in ("renewal", "login", "pending"):
        if hasattr(output, name):
            return getattr(output, name)
    return output
