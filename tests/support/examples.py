"""How many examples Hypothesis tries: see tests/conftest.py for the profiles."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
NIGHTLY = 20  # times as many


def load_profile() -> None:
    """Register the profiles and load the chosen one."""
    settings.register_profile("dev", max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("ci", settings.get_profile("dev"), max_examples=50, derandomize=True)
    settings.register_profile("nightly", settings.get_profile("dev"), max_examples=50 * NIGHTLY, print_blob=True)
    settings.load_profile(PROFILE)


def at_most(count: int) -> settings:
    """Settings of a test whose examples are dear, or cheap: `count` of them, and NIGHTLY times as many by night."""
    return settings(max_examples=count * NIGHTLY if PROFILE == "nightly" else count)
