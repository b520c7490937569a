"""The hub's own forms: what the hub's client reads back is what was measured, and other results stay."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData, parse_eval_result_entries

from edgejson_bench import hub_results
from edgejson_bench.errors import SubmissionError
from edgejson_bench.submission_files import load

DATASET = "maker/EdgeJSON"


def test_result_files_are_what_the_hubs_client_reads(written: Path, tmp_path: Path) -> None:
    result, card = hub_results.write(load(written), tmp_path / "model", DATASET, "a" * 40)
    assert result == tmp_path / "model" / ".eval_results" / "edgejson_form.yaml"
    (entry,) = parse_eval_result_entries(yaml.safe_load(result.read_text()))
    assert (entry.dataset_id, entry.task_id, entry.dataset_revision) == (DATASET, "form", "a" * 40)
    assert entry.value == 83.3
    assert entry.notes is not None
    assert "JSONExact, protocol v3, test split, n = 6, 95 % interval 43.6 to 97.0" in entry.notes
    assert card == tmp_path / "model" / "README.md"


def test_the_card_has_every_metric_and_keeps_what_it_had(written: Path, tmp_path: Path) -> None:
    other = EvalResult("text-generation", "some/thing", "Some thing", "accuracy", 0.5)
    data = ModelCardData(model_name="Large-135M", license="mit", eval_results=[other])
    card = tmp_path / "README.md"
    ModelCard(f"---\n{data.to_yaml()}\n---\n\n# Large\n\nWords.\n").save(card)
    for _ in range(2):  # a second time replaces
        hub_results.write(load(written), tmp_path, DATASET)
    again = ModelCard.load(card)
    assert again.data.license == "mit"
    assert again.content.endswith("# Large\n\nWords.\n")
    values = {(r.dataset_type, r.metric_type): r.metric_value for r in again.data.eval_results or []}
    assert values == {
        ("some/thing", "accuracy"): 0.5,
        (DATASET, "json_exact"): 83.3,
        (DATASET, "field_f1"): pytest.approx(0.833333),
        (DATASET, "compliance"): pytest.approx(83.3, abs=17),
    }


def test_a_broken_card_is_one_line_and_left_alone(written: Path, tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text("---\nmodel-index: 3\n---\nWords.\n")
    with pytest.raises(SubmissionError, match=r"README.md: its metadata cannot be read"):
        hub_results.write(load(written), tmp_path, DATASET)
    assert card.read_text().endswith("Words.\n")
    assert "model-index: 3" in card.read_text()


def test_a_folder_that_cannot_be_made_is_one_line(written: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SubmissionError, match="not writable"):
        hub_results.write(load(written), tmp_path / "file", DATASET)
