"""A service that acts for a person who signed in before (`devicegrant login …`): it never asks
anybody, and says so when somebody is needed.

    python server.py https://auth.example.com https://api.example.com/things
"""

import asyncio
import sys

import httpx

import devicegrant
import devicegrant.httpx


async def main() -> None:
    client = devicegrant.Client(sys.argv[1])
    async with httpx.AsyncClient(auth=devicegrant.httpx.Auth(client)) as http:
        try:
            answer = await http.get(sys.argv[2])
        except devicegrant.SignInNeeded as error:
            print(f"{error.message}\n{error.hint}", file=sys.stderr)
            sys.exit(error.exit)
        except devicegrant.TryLater as error:
            print(f"not now: {error.message}", file=sys.stderr)
            sys.exit(error.exit)
        print(answer.status_code, answer.text)


asyncio.run(main())
