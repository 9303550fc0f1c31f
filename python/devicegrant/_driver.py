"""The loop between the core and the world. There is no decision about OAuth in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _native
from ._errors import of
from ._stretch import Stretch

if TYPE_CHECKING:
    from ._host import Host

Step, Input = _native.Step, _native.Input
GO: Any = getattr(Input, "GO")()


async def drive(flow: _native.Flow, host: Host, stretch: Stretch | None = None) -> Any:
    """Drives any flow to its end. `stretch` says when it must not be cut off (DESIGN §4).

    Raises the flow's own error, and whatever a callable of the caller's raised, as it is.
    """
    stretch = stretch or Stretch()
    answer: Any = GO
    lease: str | None = None
    host = host.once()
    try:
        while True:
            try:
                step: Any = flow.step(*host.clock.now(), answer)
            except _native.Failure as failure:
                error = host.original(failure) or of(failure, host.help_base)
                break
            finally:
                for event in flow.take_events():
                    host.observe(event)
            if isinstance(step, Step.DONE):
                return step.output
            if isinstance(step, Step.SEND):
                stretch.raise_if(step.request.must_finish)
                answer = await host.send(step.request, stretch)
            elif isinstance(step, Step.SHOW):
                await host.show(step.prompt)
                answer = GO
            elif isinstance(step, Step.ASK):
                answer = await host.ask(step.prompt, step.until, stretch)
            elif isinstance(step, Step.WAIT):
                await host.clock.sleep_until(step.until, stretch)
                answer = GO
            elif isinstance(step, Step.LOAD):
                answer = await host.store.load(step.id, stretch)
            elif isinstance(step, Step.LIST):
                answer = await host.store.list(stretch)
            elif isinstance(step, Step.SAVE):
                answer = await host.store.save(step.id, step.bytes, step.expected, stretch)
            elif isinstance(step, Step.LOCK):
                # From before the lease is there: one that nobody holds would have to run out.
                stretch.raise_if(True)
                held: Any = await host.store.lock(step.id, step.ttl_ms, step.force, stretch)
                lease = held.lease if isinstance(held, Input.LOCKED) else None
                answer = held
                stretch.lower_if(lease is None)
            elif isinstance(step, Step.UNLOCK):
                lease = None
                answer = await host.store.unlock(step.lease, step.rest, stretch)
                stretch.lower_if(True)
    except GeneratorExit:
        # The loop is gone, and nothing can be awaited any more.
        if lease is not None:
            host.store.release(lease)
        raise
    except BaseException:
        # A callable of the caller's failed: nobody should have to wait until its lease runs out.
        if lease is not None:
            await host.store.unlock(lease, None, stretch)
        raise
    raise error
