"""Debian's chromium, headless, with the network watched: `opened` gives a page from a file and what it did."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FLAGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync").split()
PATIENCE = 20.0  # seconds for a page to be ready


def binaries() -> tuple[str, str]:
    """Paths of chromium and chromedriver; skips the test where they or selenium are absent."""
    pytest.importorskip("selenium", reason="needs selenium (the extra 'test')")
    found = shutil.which("chromium"), shutil.which("chromedriver")
    if None in found:
        pytest.skip("needs Debian's chromium and chromium-driver")
    return found  # type: ignore[return-value]


@contextmanager
def browser(profile: Path) -> Iterator[Any]:
    """A driven browser with a new profile in the given empty folder."""
    chromium, driver = binaries()
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        chrome.get("about:blank")
        requests(chrome)  # those of the browser's own start page
        yield chrome
    finally:
        chrome.quit()


def show(chrome: Any, page: Path, width: int, height: int = 900) -> None:
    """Open a page from its file in a window of a given size, and wait until it says that it is ready."""
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})
    chrome.get(page.resolve().as_uri())
    wait(chrome, "document.body.dataset.ready == 'yes'")


def wait(chrome: Any, condition: str) -> None:
    """Until a JavaScript condition holds; fails the test if it never does."""
    end = time.monotonic() + PATIENCE
    while not chrome.execute_script(f"return {condition}"):
        assert time.monotonic() < end, f"never: {condition}"
        time.sleep(0.02)


def complaints(chrome: Any) -> list[str]:
    """Warnings and errors in the console since it was last asked."""
    return [entry["message"] for entry in chrome.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")]


def requests(chrome: Any) -> list[str]:
    """Addresses asked for since it was last asked."""
    events = [json.loads(entry["message"])["message"] for entry in chrome.get_log("performance")]
    return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
