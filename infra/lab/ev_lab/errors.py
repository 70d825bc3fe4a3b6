"""What can stand in the lab's way, each said in words that name the port, file or process.

LabError
├── PortTaken       another program holds a port that is ours
├── ArtifactBroken  an artifact cannot be fetched, or is not the one of the lock
├── PartDied        a process ended before it was ready
└── PartSilent      a process runs and was not ready in time
"""


class LabError(Exception):
    """The text is for a person; the command line prints it without a trace and exits 1."""


class PortTaken(LabError):
    """Raised before anything is started."""


class ArtifactBroken(LabError):
    """Raised after the retries; the broken file is gone."""


class PartDied(LabError):
    """Carries the end of its log."""


class PartSilent(LabError):
    """Carries the end of its log; the process still runs."""
