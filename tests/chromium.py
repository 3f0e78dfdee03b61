"""A real browser for tests: Debian's chromium, without a window, driven over a pipe by its own debugging protocol.

    with Browser() as browser:
        page = browser.open(path, width=390)
        page.evaluate("document.title"); page.errors; page.requests

Nothing is installed for this but chromium itself. The network is off: a page gets what its file holds.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

FOUND = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ABSENT = "no chromium on this machine (Debian: apt-get install chromium)"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage")
# the protocol is spoken on descriptors 3 and 4, which only the child itself can put in place
_START = ("import fcntl, os, sys; r, w = (fcntl.fcntl(int(n), fcntl.F_DUPFD, 10) for n in sys.argv[1:3]); "
          "os.dup2(r, 3); os.dup2(w, 4); os.execv(sys.argv[3], sys.argv[3:])")


class Browser:
    """One chromium with a profile of its own; a context manager."""

    def __init__(self, patience: float = 60.0) -> None:
        assert FOUND, ABSENT
        self.patience, self.number, self.pending = patience, 0, b""
        self.profile = tempfile.mkdtemp(prefix="browser")
        read_child, self.writer = os.pipe()
        self.reader, write_child = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START, str(read_child), str(write_child), FOUND, *FLAGS,
             "--remote-debugging-pipe", f"--user-data-dir={self.profile}", "about:blank"],
            pass_fds=(read_child, write_child), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(read_child)
        os.close(write_child)
        self.pages: dict[str, Page] = {}

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: Any) -> None:
        try:
            self.call("Browser.close")
        except (OSError, TimeoutError):
            self.process.kill()
        self.process.wait(20)
        os.close(self.writer)
        os.close(self.reader)
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send a command, return its result; events meanwhile go to their pages. RuntimeError if refused."""
        self.number += 1
        wanted = self.number
        message: dict[str, Any] = {"id": wanted, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + self.patience
        while True:
            reply = self.receive(until)
            if reply.get("id") == wanted:
                if "error" in reply:
                    raise RuntimeError(f"{method}: {reply['error']['message']}")
                return dict(reply["result"])
            if reply.get("sessionId") in self.pages:
                self.pages[reply["sessionId"]].events.append(reply)

    def receive(self, until: float) -> dict[str, Any]:
        """The next message. TimeoutError if none comes in time, OSError if chromium is gone."""
        while b"\0" not in self.pending:
            if not select.select([self.reader], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError("chromium does not answer")
            received = os.read(self.reader, 1 << 20)
            if not received:
                raise OSError("chromium has left")
            self.pending += received
        message, _, self.pending = self.pending.partition(b"\0")
        return dict(json.loads(message))

    def open(self, path: Path, width: int = 1280, height: int = 800, dark: bool = False) -> Page:
        """A page from a file, with the network off, loaded to the end."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session, target)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        page.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1,
                  uploadThroughput=-1)
        page.size(width, height)
        page.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        page.call("Page.navigate", url=path.resolve().as_uri())
        page.wait("document.readyState === 'complete' && location.protocol === 'file:'")
        return page


class Page:
    """One tab."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self.browser, self.session, self.target, self.events = browser, session, target, list[dict[str, Any]]()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.browser.call(method, self.session, **parameters)

    def size(self, width: int, height: int = 800) -> None:
        """Make the viewport this large, in CSS pixels; narrow ones are phones."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression (awaited), as JSON has it. RuntimeError if it throws."""
        reply = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in reply:
            raise RuntimeError(str(reply["exceptionDetails"].get("exception", {}).get("description", reply)))
        return reply["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until a JavaScript condition is true. TimeoutError if it never is."""
        until = time.monotonic() + self.browser.patience
        while not self.evaluate(condition):
            if time.monotonic() > until:
                raise TimeoutError(condition)
            time.sleep(0.02)

    def key(self, name: str, code: int) -> None:
        """Press and release a key, such as ("Tab", 9)."""
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code)

    def screenshot(self, path: Path, top: float = 0, height: float = 800, left: float = 0,
                   width: float | None = None) -> None:
        """Save a part of the page as PNG, all its width unless told otherwise."""
        width = width or self.evaluate("document.documentElement.clientWidth")
        clip = {"x": left, "y": top, "width": width, "height": height, "scale": 1}
        image = self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(image))

    def close(self) -> None:
        self.browser.call("Target.closeTarget", targetId=self.target)

    @property
    def errors(self) -> list[str]:
        """What the console was told: errors, warnings, exceptions."""
        self.evaluate("0")  # whatever was under way has been reported once this returns
        found = []
        for event in self.events:
            what, held = event["method"], event["params"]
            if what == "Runtime.exceptionThrown":
                found.append(str(held["exceptionDetails"]))
            elif what == "Runtime.consoleAPICalled" and held["type"] in ("error", "warning", "assert"):
                found.append(str(held["args"]))
            elif what == "Log.entryAdded" and held["entry"]["level"] in ("error", "warning"):
                found.append(held["entry"]["text"])
        return found

    @property
    def requests(self) -> list[str]:
        """Addresses asked for, other than the page itself and data that it holds."""
        self.evaluate("0")
        asked = [event["params"]["request"]["url"] for event in self.events
                 if event["method"] == "Network.requestWillBeSent"]
        return [url for url in asked[1:] if not url.startswith(("data:", "blob:"))]
