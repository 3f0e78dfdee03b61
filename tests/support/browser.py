"""Debian's chromium, headless, driven by selenium: `show` opens a page from its file and the rest tells what it did.

The network is off, and watched: a page gets what its file holds.
"""

from __future__ import annotations

import base64
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

FLAGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync --hide-scrollbars --disable-dev-shm-usage").split()
PATIENCE = 20.0  # seconds for a page to be ready
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
# why there is no browser, empty if there is one
ABSENT = ("needs a chromium and its driver (Debian: apt-get install chromium chromium-driver)"
          if not (CHROMIUM and DRIVER) else "" if find_spec("selenium") else "needs selenium (the extra 'test')")


@contextmanager
def browser(profile: Path) -> Iterator[Any]:
    """A driven browser with a new profile in the given empty folder; skips the test where there is none."""
    if ABSENT:
        pytest.skip(ABSENT)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        chrome.execute_cdp_cmd("Network.emulateNetworkConditions", {
            "offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1})
        yield chrome
    finally:
        chrome.quit()


def show(chrome: Any, page: Path, width: int, height: int = 900, dark: bool = False,
         ready: str = "document.body.dataset.ready == 'yes'") -> None:
    """Open a page from its file in a window of a given size, wait until it is ready; what went before is forgotten."""
    chrome.get("about:blank")
    complaints(chrome)
    requests(chrome)
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
    chrome.get(page.resolve().as_uri())
    wait(chrome, ready)


def wait(chrome: Any, condition: str) -> None:
    """Until a JavaScript condition holds; fails the test if it never does."""
    end = time.monotonic() + PATIENCE
    while not chrome.execute_script(f"return {condition}"):
        assert time.monotonic() < end, f"never: {condition}"
        time.sleep(0.02)


def screenshot(chrome: Any, left: float, top: float, width: float, height: float) -> bytes:
    """A part of the page, in the window or beyond it, in CSS pixels from the upper left corner, as PNG."""
    clip = {"x": left, "y": top, "width": width, "height": height, "scale": 1}
    return base64.b64decode(chrome.execute_cdp_cmd("Page.captureScreenshot", {
        "clip": clip, "captureBeyondViewport": True})["data"])


def complaints(chrome: Any) -> list[str]:
    """Warnings and errors in the console since it was last asked."""
    return [entry["message"] for entry in chrome.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")]


def requests(chrome: Any) -> list[str]:
    """Addresses asked for since it was last asked."""
    events = [json.loads(entry["message"])["message"] for entry in chrome.get_log("performance")]
    return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
