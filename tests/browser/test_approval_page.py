"""The demo's approval page, as a person meets it: in a real browser.

Run with `pytest tests/browser`. `DEVICEGRANT_BIN` names the command (default:
the release build), `CHROMIUM` the browser, `DEVICEGRANT_SCREENSHOTS` a folder
for the pictures (default: pytest's own).
"""

import contextlib
import json
import os
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
BIN = os.environ.get("DEVICEGRANT_BIN", str(ROOT / "target/release/devicegrant"))
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# A busy machine may take its time; what is expected stays the same.
expect.set_options(timeout=20_000)
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
SCRIPT = {"interval": 0, "clients": {"living-room": "Living Room TV"}}

# The contrast of each text with what is behind it (WCAG 2.2, 1.4.3), its
# lowest first. The page's own policy forbids scripts; the test's are exempt.
CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = rgb(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const node of document.body.querySelectorAll("*")) {
    const texts = [...node.childNodes].filter((n) => n.nodeType === 3 && n.data.trim());
    if (!texts.length && node.tagName !== "INPUT") continue;
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    found.push([ratio, node.tagName + " " + (texts[0]?.data.trim() ?? "")]);
  }
  return found.sort((a, b) => a[0] - b[0])[0];
}"""


def post(issuer: str, path: str, **form: str) -> tuple[int, dict[str, Any]]:
    body = urllib.parse.urlencode(form).encode()
    # Straight there: a proxy of the environment has no business on loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(issuer + path, body, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


class Device:
    """A device that waits for its person."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        status, self.begun = post(
            issuer, "/device_authorization", client_id="living-room", scope="read write offline_access"
        )
        assert status == 200

    def poll(self) -> dict[str, Any]:
        code = self.begun["device_code"]
        return post(
            self.issuer, "/token", grant_type=DEVICE_CODE, client_id="living-room", device_code=code
        )[1]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    command = [BIN, "demo", "--serve", "0", "--script", json.dumps(SCRIPT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())["issuer"]
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Playwright gives it an empty user data folder of its own.
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("DEVICEGRANT_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def page_of(browser: Browser, size: dict[str, int], scheme: str) -> Iterator[Page]:
    context = browser.new_context(
        viewport=size, color_scheme=scheme, device_scale_factor=2 if size is PHONE else 1
    )
    complaints: list[str] = []
    page = context.new_page()
    # Above all a breach of the content security policy would be heard here.
    # That a wrong code is answered 400 is no complaint.
    page.on("console", lambda m: "status of 400" in m.text or complaints.append(m.text))
    requests: list[str] = []
    page.on("request", lambda r: requests.append(r.url))
    yield page
    origins = {urllib.parse.urlsplit(url).netloc for url in requests}
    context.close()
    assert complaints == []
    assert len(origins) == 1, f"something was fetched from elsewhere: {origins}"


def looks_right(page: Page, picture: Path) -> None:
    page.screenshot(path=picture, full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "it must not scroll sideways"
    ratio, where = page.evaluate(CONTRAST)
    assert ratio >= 4.5, f"{where}: {ratio:.2f}"
    for button in page.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44, "a finger must hit it"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("size", "name"), [(PHONE, "phone"), (DESKTOP, "desktop")])
def test_a_person_enters_the_code_and_approves(
    browser: Browser, issuer: str, pictures: Path, size: dict[str, int], name: str, scheme: str
) -> None:
    device = Device(issuer)
    code: str = device.begun["user_code"]
    with page_of(browser, size, scheme) as page:
        page.goto(device.begun["verification_uri"])
        field = page.get_by_label("Code")
        expect(field).to_be_focused()
        looks_right(page, pictures / f"enter-{name}-{scheme}.png")

        page.keyboard.type("bcdf ghjk")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("No device is waiting with this code")
        expect(field).to_have_value("bcdf ghjk")
        expect(field).to_be_focused()
        looks_right(page, pictures / f"wrong-{name}-{scheme}.png")

        field.fill(code.lower().replace("-", " "))
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Allow Living Room TV to sign in?")
        expect(page.get_by_role("definition").first).to_have_text(code)
        for scope in ("See your data", "Change your data", "Stay signed in while you are away"):
            expect(page.get_by_text(scope)).to_be_visible()
        expect(page.get_by_text("living-room")).to_be_visible()
        expect(page.get_by_text("minutes")).to_be_visible()
        looks_right(page, pictures / f"consent-{name}-{scheme}.png")
        assert device.poll()["error"] == "authorization_pending"

        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Approved")
        expect(page.get_by_text("You can go back to your terminal")).to_be_visible()
        looks_right(page, pictures / f"approved-{name}-{scheme}.png")
    tokens = device.poll()
    assert tokens["token_type"] == "Bearer"
    assert tokens["access_token"]
    assert tokens["scope"] == "read write offline_access"


def test_a_person_compares_the_code_and_denies(browser: Browser, issuer: str, pictures: Path) -> None:
    device = Device(issuer)
    with page_of(browser, PHONE, "light") as page:
        page.goto(device.begun["verification_uri_complete"])
        expect(page.get_by_label("Code")).to_have_value(device.begun["user_code"])
        expect(page.get_by_text("exactly this code")).to_be_visible()
        looks_right(page, pictures / "compare-phone-light.png")
        # By keyboard alone, as far as the decision.
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Yes, the codes match")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Allow Living Room TV")
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Deny")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Denied")
        looks_right(page, pictures / "denied-phone-light.png")
    assert device.poll()["error"] == "access_denied"
