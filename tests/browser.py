"""A browser for tests: Debian's Chromium, driven by Playwright, without a network."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Frame, Page, sync_playwright

from tests.needs import NPM

FLAGS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Yield a browser."""
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def another(browser: Browser, *flags: str) -> Iterator[Browser]:
    """Yield one more browser, beside one that runs: Playwright itself can be started once."""
    program = shutil.which("chromium")
    started = browser.browser_type.launch(executable_path=program, args=[*FLAGS, *flags])
    try:
        yield started
    finally:
        started.close()


@contextmanager
def opened(
    browser: Browser, path: Path, *, width: int = 900, height: int = 800, **settings: Any
) -> Iterator[Page]:
    """Yield a page that was opened from a file, with the network off; what it complains of fails the test.

    Args:
        browser: the browser.
        path: the file.
        width: of the window, pixels.
        height: of the window, pixels.
        settings: of the browser's context, such as color_scheme, reduced_motion and locale.
    """
    context = browser.new_context(viewport={"width": width, "height": height}, offline=True, **settings)
    complaints, requests = list[str](), list[str]()
    page = context.new_page()
    page.on("console", lambda each: each.type in {"error", "warning"} and complaints.append(each.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    try:
        page.goto(path.absolute().as_uri())
        assert not complaints, complaints
        yield page
        assert not complaints, complaints
        assert [url for url in requests if not url.startswith(("data:", "blob:"))] == [
            path.absolute().as_uri()
        ]
    finally:
        context.close()


def until(frame: Page | Frame, expression: str, *, seconds: float = 20) -> None:
    """Wait until a JavaScript expression is true; Playwright's own way is forbidden by the pages' policy."""
    ends = time.monotonic() + seconds
    while not frame.evaluate(expression):
        assert time.monotonic() < ends, f"still not true after {seconds} seconds: {expression}"
        time.sleep(0.05)


def axe_violations(page: Page) -> list[str]:
    """What axe-core finds in a page: the names of the rules that it breaks."""
    page.evaluate((NPM / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
    found: list[str] = page.evaluate("axe.run(document).then(({violations}) => violations.map(({id}) => id))")
    return found
