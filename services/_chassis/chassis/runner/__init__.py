"""The loop: reads a partition, decides or reacts or projects, writes, resumes; and the service that runs it."""

from chassis.decider import EventContext, To
from chassis.runner.parts import Entity, Env, HttpEdge, Outbox, Policy, Progress, Projection, Task, Transform
from chassis.runner.service import Service, run_service
from chassis.runner.wiring import Wiring, wire

__all__ = [
    "Entity",
    "Env",
    "EventContext",
    "HttpEdge",
    "Outbox",
    "Policy",
    "Progress",
    "Projection",
    "Service",
    "Task",
    "To",
    "Transform",
    "Wiring",
    "run_service",
    "wire",
]
