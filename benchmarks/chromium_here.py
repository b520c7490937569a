"""Where a Chromium is that playwright can drive; tests and benchmarks start the same one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")

MISSING = "no Chromium here (python -m playwright install chromium, or Debian's package chromium)"


def executable(playwright: Any) -> str | None:
    """Playwright's own, or one on the path; None where there is neither."""
    own: str = playwright.chromium.executable_path
    return own if Path(own).exists() else next(filter(None, map(shutil.which, BROWSERS)), None)
