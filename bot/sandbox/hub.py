"""The whole small GitHub: every doing of people, and the state it leaves."""

from bot.sandbox.actions import Actions
from bot.sandbox.apps import Apps
from bot.sandbox.queue import MergeQueue
from bot.sandbox.releases import Releases
from bot.sandbox.talk import Talk


class Hub(Apps, MergeQueue, Releases, Talk, Actions):
    """The app, repositories, pull requests, comments, checks and Actions; everything sends its webhooks.

    `accepts_return_run_details` set to False refuses that key of a dispatch, as older servers do.
    """

    accepts_return_run_details = True
