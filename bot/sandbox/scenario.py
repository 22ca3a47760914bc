"""How long runs take and how they end."""

from collections.abc import Callable, Mapping

Seconds = Callable[[str, Mapping[str, str]], float]
Conclusion = Callable[[str, Mapping[str, str], int], str]


class Scenario:
    """Decide durations and conclusions; replace `seconds` or `conclusion` by a function of your own.

    `speed` divides all times. `seconds(workflow_file, inputs)` is the time between in_progress and
    completed; `conclusion(workflow_file, inputs, attempt)` is how it ends.
    """

    def __init__(self) -> None:
        self.speed = 1.0
        self.queue_seconds = 2.0
        self.cancel_seconds = 1.0
        self.seconds: Seconds = lambda _file, _inputs: 10.0
        self.conclusion: Conclusion = self._planned
        self._failures: list[_Failure] = []

    def fail(
        self, *, component: str | None = None, stack: str | None = None, workflow: str | None = None, times: int = 1
    ) -> None:
        """Let the next `times` runs end in failure whose inputs and file name are these; None matches all."""
        wanted = {name: value for name, value in (("component", component), ("stack", stack)) if value is not None}
        self._failures.append(_Failure(wanted, workflow, times))

    def _planned(self, file: str, inputs: Mapping[str, str], _attempt: int) -> str:
        for failure in self._failures:
            if failure.takes(file, inputs):
                return "failure"
        return "success"


class _Failure:
    def __init__(self, inputs: Mapping[str, str], workflow: str | None, times: int) -> None:
        self.inputs, self.workflow, self.times = inputs, workflow, times

    def takes(self, file: str, inputs: Mapping[str, str]) -> bool:
        fits = self.workflow in (None, file) and all(inputs.get(name) == value for name, value in self.inputs.items())
        if not fits or self.times < 1:
            return False
        self.times -= 1
        return True
