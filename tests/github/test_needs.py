"""What the App asks GitHub for is exactly what it reads and does."""

from bot.events import EVENTS, OWN_KINDS
from bot.github import needs


def test_the_app_subscribes_to_exactly_what_is_handled() -> None:
    assert set(needs.EVENTS) | needs.COME_BY_THEMSELVES == set(EVENTS) - OWN_KINDS
    assert not set(needs.EVENTS) & needs.COME_BY_THEMSELVES


def test_each_event_has_the_permission_that_it_comes_with() -> None:
    assert set(needs.EVENTS.values()) == {one.name for one in needs.PERMISSIONS}
