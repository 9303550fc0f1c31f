"""Plays the person who approves (or denies) a sign-in, over the server's own HTML forms.

    approve.py VERIFICATION_URI USER_CODE [--deny] [--as NAME]

There is nothing here about one server or another: whatever form comes back is filled in as a
person would (a login, the code, then yes or no), until a page without such a form arrives.
"""

import argparse
import sys
from html.parser import HTMLParser

import httpx

PASSWORD = "wonderland"
# (button or field, value) that means yes or no on the pages of oidc-provider, DOT and the demo.
YES = {("action", "accept"), ("action", "approve"), ("decision", "approve")}
NO = {("action", "deny"), ("abort", "yes"), ("decision", "deny")}


class Forms(HTMLParser):
    """Collects every form of a page: where it goes, its fields and its submit buttons."""

    def __init__(self, page):
        super().__init__()
        self.forms = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        at = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({"id": at.get("id"), "action": at.get("action", ""), "fields": {}, "buttons": []})
        elif tag in ("input", "button") and self.forms:
            # A button may belong to a form by its `form` attribute instead of by place.
            form = next((f for f in self.forms if f["id"] and f["id"] == at.get("form")), self.forms[-1])
            kind = at.get("type", "submit" if tag == "button" else "text")
            if kind == "submit":
                form["buttons"].append((at.get("name"), at.get("value", "")))
            elif "name" in at:
                form["fields"][at["name"]] = at.get("value", "")


def _answer(form, user_code, approve, person):
    """What to send for this form, whether it says yes or no, and whether that is the final word."""
    login = {"login": person, "username": person, "password": PASSWORD}
    data = {name: login.get(name, value) for name, value in form["fields"].items()}
    if "user_code" in data:
        data["user_code"] = user_code
    wanted = YES if approve else NO
    chosen = next((button for button in form["buttons"] if button in wanted), None)
    if chosen:
        data[chosen[0]] = chosen[1]
    return data, chosen is not None, chosen is not None and not approve


def decide(verification_uri, user_code, approve=True, timeout=20, before_the_answer=lambda: None, person="alice"):
    """Enter `user_code` at `verification_uri` and say yes or no. Returns the last page's text.

    `before_the_answer` is called when all is filled in but the yes or no, as a person hesitates.
    """
    with httpx.Client(follow_redirects=True, timeout=timeout, trust_env=False) as browser:
        page = browser.get(verification_uri)
        entered = 0
        for _ in range(8):
            page.raise_for_status()
            forms = Forms(page.text).forms
            if not forms:
                return page.text
            fields = forms[0]["fields"]
            data, answered, final = _answer(forms[0], user_code, approve, person)
            # Where there is a yes or no, the code is only carried along.
            entered += "user_code" in fields and "confirm" not in fields and not answered
            if entered > 1:
                break  # asked for the code again: the server did not take the answer
            if answered:
                before_the_answer()
            page = browser.post(page.url.join(forms[0]["action"]), data=data)
            if final:
                return page.text
    raise RuntimeError(f"the approval at {verification_uri} led nowhere, last page: {page.text[:500]}")


def main():
    parser = argparse.ArgumentParser(description="Approve or deny a device sign-in over HTTP forms.")
    parser.add_argument("verification_uri")
    parser.add_argument("user_code")
    parser.add_argument("--deny", action="store_true")
    parser.add_argument("--as", dest="person", default="alice")
    args = parser.parse_args()
    decide(args.verification_uri, args.user_code, approve=not args.deny, person=args.person)
    print("denied" if args.deny else "approved")


if __name__ == "__main__":
    sys.exit(main())
