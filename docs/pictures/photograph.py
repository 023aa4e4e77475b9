"""Photographs a page that plays at work: python photograph.py PAGE PICTURE WIDTH HEIGHT [SELECTOR].

The page writes at once until it ends; with a selector, the picture shows the element that it selects.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

page_file, picture, width, height, *selector = sys.argv[1:]
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": int(width), "height": int(height)}, locale="en")
    page.goto(Path(page_file).absolute().as_uri())
    page.evaluate("for (const {player} of rnnlab.pages) { player.set({rate: Infinity}); player.start(); }")
    while page.evaluate("rnnlab.pages.some(({player}) => player.running)"):
        page.wait_for_timeout(100)
    page.wait_for_timeout(2000)  # the rows of the slider are computed between frames
    if selector:
        page.locator(selector[0]).first.screenshot(path=picture)
    else:
        page.screenshot(path=picture)
    browser.close()
