"""Signs in and calls an API.

    devicegrant demo --serve 8628          # in another terminal: prints the issuer
    python five_lines.py http://127.0.0.1:8628
"""

import asyncio
import sys

import devicegrant


async def main() -> None:
    client = devicegrant.Client(sys.argv[1], client_id="example", scopes=["read"])
    tokens = await client.login()
    print("Signed in; the token lives until", tokens.expires_at)
    print("For a request:", {"Authorization": "Bearer " + "*" * len(await client.token())})


asyncio.run(main())
