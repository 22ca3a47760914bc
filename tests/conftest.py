from __future__ import annotations

import pytest
from hypothesis import settings

# The gate tries the same cases each time: what it finds is a fault of the change at hand, and found again by everybody.
settings.register_profile("gate", derandomize=True, deadline=None)
settings.load_profile("gate")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests that play somebody else's contract or document have to tell: their property `summary`."""
    shown = set()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, told in getattr(report, "user_properties", ()):
                if name == "summary" and told not in shown and (report.when == "call" or report.skipped):
                    shown.add(told)
                    terminalreporter.section(report.nodeid)
                    terminalreporter.write_line(told)
