"""The exceptions a caller may want to catch. All of them say what is wrong, where, and what to do.

    EdgeJSONError
    ├── UsageError          the request itself is wrong: unknown task, bad flag value (exit code 2)
    ├── DataError           examples, schemas or a data folder cannot be used as they are
    │   └── OfflineError    the released files are not in the cache and cannot be fetched
    ├── ModelError          a model cannot be found, loaded or trusted
    │   └── MissingExtra    an optional package is absent; the message holds the install line
    ├── TrainingError   a training folder is of another recipe, or training cannot go on
    ├── RunError            a run directory is unusable, incomplete, or of another run
    ├── SubmissionError     a submission cannot be written or does not check out
    └── CheckFailed         the work ran, and found a difference it was asked to look for

The command line prints ``str(error)`` on one line and exits with ``error.exit_code``.
"""


class EdgeJSONError(Exception):
    """Base of every error this package raises on purpose."""

    exit_code = 1


class UsageError(EdgeJSONError):
    """The request is wrong before any work has begun."""

    exit_code = 2


class DataError(EdgeJSONError):
    """Examples, schemas or a data folder cannot be used as they are."""


class OfflineError(DataError):
    """The released files are neither cached nor reachable."""


class ModelError(EdgeJSONError):
    """A model cannot be found, loaded or trusted."""


class MissingExtra(ModelError):
    """An optional package is absent; the message holds the exact install line."""


class TrainingError(EdgeJSONError):
    """A training folder belongs to another recipe or base, or training cannot go on."""


class RunError(EdgeJSONError):
    """A run directory is unusable, incomplete, or belongs to another run."""


class SubmissionError(EdgeJSONError):
    """A submission cannot be written, or does not check out."""


class CheckFailed(EdgeJSONError):
    """The work ran and found a difference it was asked to look for."""
