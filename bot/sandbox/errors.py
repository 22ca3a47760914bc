"""What the sandbox refuses."""


class HubError(Exception):
    """Something that a person cannot do at GitHub either."""


class ApiError(Exception):
    """An answer of the API that is not a success."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
