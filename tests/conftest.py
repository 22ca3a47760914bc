from __future__ import annotations

import pytest


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
