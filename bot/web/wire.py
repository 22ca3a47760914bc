"""What waitress refuses before the app sees it: in the envelope as well, since it may have been a call of the CLI."""

from __future__ import annotations

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask

from bot.web.answers import unreadable
from bot.web.headers import secure


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Refuses addresses and lengths on which waitress alone would stumble, and hang up without a word."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read the first line and the headers; raises ParsingError."""
        try:
            super().parse_header(header_plus)
        except ValueError:
            raise ParsingError("a part of it is no sound text or number") from None


class _Refused(ErrorTask):  # type: ignore[misc]
    """Answers what could not be read. What waitress says of it is left out: it may quote a header with a key."""

    def execute(self) -> None:
        """Write the answer and hang up."""
        error = self.request.error
        answer = secure(unreadable(error.code))
        body = answer.get_data()
        self.status = answer.status
        self.response_headers.extend(answer.headers.to_wsgi_list())
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection."""

    parser_class = _Parser
    error_task_class = _Refused
