#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
A real browser without a window, by its debugging pipe.

    with Browser() as browser:
        browser.open("/path/page.html", width=360)
        browser.evaluate("document.title")

Pages are opened from files. What a page asks of anybody else is in browser.requests.
"""
import base64
import json
import os
import shutil
import subprocess
import tempfile

NAMES = ("chromium", "chromium-browser")


class Failed(Exception):
    """What the browser refused."""


def find():
    """The path of a browser, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    """One tab of a new browser, with a profile that goes away."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="imastage-browser-")
        self.last = 0
        self.session = None
        self.events = []
        self.requests = []

    def __enter__(self):
        to_child, self.to = os.pipe()
        self.come, from_child = os.pipe()

        # The browser reads descriptor 3 and writes to 4, whatever numbers ours have.
        def descriptors():
            here = [os.dup(fd) for fd in (to_child, from_child)]
            here = [fd if fd > 4 else os.dup(fd) for fd in here]
            os.dup2(here[0], 3)
            os.dup2(here[1], 4)

        self.process = subprocess.Popen(
            [find(), "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--disable-background-networking",
             "--disable-component-update", "--remote-debugging-pipe",
             "--user-data-dir=" + self.profile, "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=descriptors, close_fds=False)
        os.close(to_child)
        os.close(from_child)
        self.left = b""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target,
                                flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self.ask(domain + ".enable")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.to)
        os.close(self.come)
        shutil.rmtree(self.profile, ignore_errors=True)

    def _next(self):
        while b"\0" not in self.left:
            data = os.read(self.come, 1 << 16)
            if not data:
                raise Failed("the browser has ended")
            self.left += data
        message, self.left = self.left.split(b"\0", 1)
        return json.loads(message)

    def _note(self, message):
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        self.events.append(message.get("method"))

    def ask(self, method, **params):
        """Gives a command and returns its result."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.last:
                break
            self._note(answer)
        if "error" in answer:
            raise Failed("%s: %s" % (method, answer["error"]["message"]))
        return answer["result"]

    def open(self, path, width=1024, dark=False, medium=""):
        """Shows the file in a window of that width, and waits until it is loaded."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900,
                 deviceScaleFactor=1, mobile=width < 600)
        self.ask("Emulation.setEmulatedMedia", media=medium, features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.requests = []
        self.events = []
        self.ask("Page.navigate", url="file://" + os.path.abspath(path))
        while "Page.loadEventFired" not in self.events:
            self._note(self._next())

    def evaluate(self, expression):
        """The value of an expression of JavaScript, whatever the page allows itself."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise Failed(answer["exceptionDetails"]["text"])
        return answer["result"].get("value")

    def key(self, name):
        """Presses a key."""
        code, text = {"Tab": (9, "\t"), "Enter": (13, "\r")}[name]
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=name, code=name, text=text,
                     windowsVirtualKeyCode=code)

    def picture(self, path):
        """Writes all of the page as PNG."""
        data = self.ask("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
