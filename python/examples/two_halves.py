"""Begun in one request, finished in another: the pending sign-in is a value, sealed for a cookie, a
database or a queue.

    python two_halves.py ISSUER begin > pending
    python two_halves.py ISSUER poll < pending
"""

import os
import sys

import devicegrant
import devicegrant.sync

KEY = os.environ["DEVICEGRANT_KEY"]  # devicegrant doctor --new-key prints one
client = devicegrant.sync.Client(sys.argv[1], client_id="example", scopes=["read"])

if sys.argv[2] == "begin":
    pending = client.begin()
    assert pending.prompt is not None
    print(pending.prompt.text, file=sys.stderr)
    sys.stdout.buffer.write(pending.to_bytes(KEY))
else:
    there = client.poll(devicegrant.Pending.from_bytes(KEY, sys.stdin.buffer.read()))
    print("still waiting" if isinstance(there, devicegrant.Pending) else f"signed in: {there!r}")
