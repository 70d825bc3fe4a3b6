"""HTTP at the edges: apps, problems, commands and their outcomes, tokens, streams."""

from chassis.http.app import create_app
from chassis.http.asking import Asked, Asking, InTenant, answer, refuse_if, tell, wrong_fields
from chassis.http.commands import Accepted, CommandClient, CommandDesk, Outcome, Pending, Rejected, body_hash
from chassis.http.problems import Problem, add_problem_handlers, problem
from chassis.http.streams import Broadcast, event_stream
from chassis.http.tokens import Seal, WrongToken

__all__ = [
    "Accepted",
    "Asked",
    "Asking",
    "Broadcast",
    "CommandClient",
    "CommandDesk",
    "InTenant",
    "Outcome",
    "Pending",
    "Problem",
    "Rejected",
    "Seal",
    "WrongToken",
    "add_problem_handlers",
    "answer",
    "body_hash",
    "create_app",
    "event_stream",
    "problem",
    "refuse_if",
    "tell",
    "wrong_fields",
]
