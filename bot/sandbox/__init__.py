"""A small GitHub with state on a real socket, for the demo and the tests. It knows nothing of the bot."""

from bot.sandbox.errors import HubError
from bot.sandbox.faults import Faults
from bot.sandbox.hub import Hub
from bot.sandbox.queue import MergeGroup
from bot.sandbox.runs import Program
from bot.sandbox.runstate import Run
from bot.sandbox.scenario import Scenario
from bot.sandbox.server import Sandbox
from bot.sandbox.state import Comment, Pull, Repo

__all__ = [
    "Comment",
    "Faults",
    "Hub",
    "HubError",
    "MergeGroup",
    "Program",
    "Pull",
    "Repo",
    "Run",
    "Sandbox",
    "Scenario",
]
