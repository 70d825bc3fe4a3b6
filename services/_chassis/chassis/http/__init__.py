"""HTTP at the edges: apps, problems, commands and their outcomes, tokens, streams."""

from chassis.http.app import create_app
from chassis.http.commands import Accepted, CommandClient, CommandDesk, Outcome, Pending, Rejected, body_hash
from chassis.http.problems import Problem, add_problem_handlers, problem
from chassis.http.streams import Broadcast, event_stream
from chassis.http.tokens import Seal, WrongToken

__all__ = [
    "Accepted",
    "Broadcast",
    "CommandClient",
    "CommandDesk",
    "Outcome",
    "Pending",
    "Problem",
    "Rejected",
    "Seal",
    "WrongToken",
    "add_problem_handlers",
    "body_hash",
    "create_app",
    "event_stream",
    "problem",
]
