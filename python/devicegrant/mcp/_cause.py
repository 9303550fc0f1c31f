"""What an SDK wraps an error of ours in."""

from __future__ import annotations

from .._errors import DeviceGrantError


def cause_of(error: BaseException) -> DeviceGrantError | None:
    """Our error behind one of an SDK's, if there is one: their clients wrap what `DeviceAuth`
    raises in an `ExceptionGroup` (`mcp`) or in a `RuntimeError` (fastmcp).

        except Exception as error:
            if isinstance(needed := cause_of(error), devicegrant.SignInNeeded): ...
    """
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is None or id(one) in seen:
            continue
        if isinstance(one, DeviceGrantError):
            return one
        seen.add(id(one))
        left += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
    return None
