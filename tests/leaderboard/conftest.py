"""One real submission of each kind, made once, to build boards from."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgejson_bench import evaluate, submissions
from edgejson_bench.models.rules import Rules
from edgejson_bench.submission_files import Submission, load
from edgejson_bench.verification import ledger
from edgejson_bench.verification.verdicts import Verdict, exact_bits
from tests.submitted import CLEAN_CODE, DATASET, run, scripted


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with a scripted model (four of six right) and the rules on one board. Shared by all tests: read only."""
    folder = tmp_path_factory.mktemp("boards")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "code_state", lambda: CLEAN_CODE)
        for model in (scripted(wrong=2), Rules()):
            submissions.write(
                run(folder / "runs", model), DATASET, folder / "submissions", submitter=None, training_data=None
            )
    made = [load(path) for path in sorted((folder / "submissions").rglob("submission.yaml"))]
    ledger.record(
        folder / "submissions",
        [
            Verdict(one.path, "rescored", exact=exact_bits(submissions.rescore(one, DATASET).scores), submission=one)
            for one in made
        ],
    )
    return folder / "submissions"


@pytest.fixture(scope="session")
def measured(root: Path) -> Submission:
    """The scripted model's."""
    (path,) = root.glob("*/large-135m")
    return load(path)


@pytest.fixture(scope="session")
def ruled(root: Path) -> Submission:
    """The rules'."""
    (path,) = root.glob("*/rules")
    return load(path)
