"""The change report's page in a browser: no error, nothing from the network, no scrolling sideways."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support import change_documents as documents

from mlops_estate.reports.change import write

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions",
    "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
MEASURE = """<!doctype html><title>wait</title><body style="margin:0">
<iframe src="change.html" style="width:{width}px;height:900px;border:0"></iframe>
<script>addEventListener("load", () => {{
  const page = frames[0].document;
  for (const fold of page.querySelectorAll("details")) fold.open = true;
  document.title = page.documentElement.scrollWidth + " of " + page.documentElement.clientWidth;
}});</script>"""

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on PATH")


def opened(page: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Open a page in a browser of its own, and return the page as it stands then and what the browser said."""
    profile = page.parent / "profile"
    command = [
        BROWSER, *QUIET, f"--user-data-dir={profile}", "--enable-logging=stderr", "--v=0",
        f"--log-net-log={page.parent / 'net.json'}", "--virtual-time-budget=5000", *options,
        "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def addresses(log: Path) -> set[str]:
    """Return every address that a page asked for; what the browser wants for itself has no origin."""
    asked = (event.get("params", {}) for event in json.loads(log.read_text(encoding="utf-8"))["events"])
    return {
        params["url"] for params in asked
        if not params.get("url", "file:").startswith(("file:", "data:", "about:"))
        and params.get("initiator", "not an origin") != "not an origin"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["small", "hostile"])
def test_the_page_opens_without_an_error_and_without_the_network(name, tmp_path):
    page = tmp_path / "change.html"
    write(documents.EVERY[name](), page)
    found = opened(page)
    assert "CONSOLE" not in found.stderr
    assert "<h1>Change of " in found.stdout
    assert addresses(tmp_path / "net.json") == set()


def test_what_a_page_asks_for_and_what_it_breaks_would_be_seen(tmp_path):
    page = tmp_path / "change.html"
    page.write_text('<img src="http://192.0.2.1/x.png"><script>missing()</script>', encoding="utf-8")
    found = opened(page)
    assert "missing is not defined" in found.stderr
    assert "CONSOLE" in found.stderr
    assert "http://192.0.2.1/x.png" in addresses(tmp_path / "net.json")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["small", "hostile"])
def test_the_page_never_scrolls_sideways(name, width, tmp_path):
    write(documents.EVERY[name](), tmp_path / "change.html")
    frame = tmp_path / "frame.html"
    frame.write_text(MEASURE.format(width=width), encoding="utf-8")
    found = opened(frame, "--allow-file-access-from-files", "--disable-web-security", "--window-size=1400,1000")
    measured = re.search(r"<title>(\d+) of (\d+)</title>", found.stdout)
    assert measured is not None, found.stderr
    scrolled, shown = map(int, measured.groups())
    assert 0.9 * width < shown <= width
    assert scrolled <= shown
