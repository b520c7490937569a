"""Figures: the same bytes every time, hostile names as plain text, and a check that knows whose figures they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from edgejson_bench import leaderboard, workers
from edgejson_bench.errors import MissingExtra
from edgejson_bench.leaderboard import figures, files, palette, plots
from edgejson_bench.submission_files import Submission
from edgejson_bench.submission_files import load_all as load_submissions
from tests.leaderboard.claims import claim, rescored
from tests.leaderboard.pages import HOSTILE, both_styles, contents, sample

pytest.importorskip("matplotlib", reason="matplotlib is not installed (pip install -e '.[figures]')")

SVG = "{http://www.w3.org/2000/svg}"


def test_processes_that_share_the_drawing_import_what_draws_beforehand(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "edgejson_bench.leaderboard.paper", raising=False)
    monkeypatch.delattr(leaderboard, "paper", raising=False)
    figures.prepare(map)
    assert "edgejson_bench.leaderboard.paper" not in sys.modules, "without processes, nothing is to be done early"
    figures.prepare(lambda work, items: iter([work(item) for item in items]))
    assert "edgejson_bench.leaderboard.paper" in sys.modules


def test_every_chart_is_a_file_in_two_formats(measured: Submission, ruled: Submission):
    submissions = sample(measured, ruled)
    boards, records = rescored(submissions), contents(submissions)
    drawn = dict(figures.draw(boards, records))
    assert list(drawn) == figures.names(boards, records)
    (board,) = boards
    start = f"figures/little-{board.fingerprint[:8]}-v3"
    keys = ("parameters", "latency0", "tiers", "tasks", "errors")
    expected = [f"{start}-{style}-{key}" for style in ("form", "prose") for key in keys] + [f"{start}-gap"]
    assert list(drawn) == [f"{name}.{form}" for name in expected for form in ("svg", "pdf")]
    for name, content in drawn.items():
        assert figures.maker(content) == figures.made_with()
        assert content.startswith(b"%PDF" if name.endswith(".pdf") else b"<?xml"), name
        assert b"Date" not in content, name
        if name.endswith(".svg"):
            drawing = ElementTree.fromstring(content)
            width = float(drawing.get("width", "").removesuffix("pt"))
            assert width == pytest.approx(3.3 * 72)
        else:
            assert b"/FontFile2" in content, "the font is in the file, as TrueType"
            assert b"/Type3" not in content


@pytest.mark.parametrize("models", [1, figures.PAPER.tasks])
@pytest.mark.parametrize("key", ["tasks", "errors"])
def test_no_name_runs_over_the_edge_of_a_figure(key: str, models: int):
    from edgejson_bench.leaderboard import paper

    columns = tuple(plots.Column(name, 5) for name in ("multi_party_transaction", "rating"))
    rows = tuple(plots.Shares("Model-With-A-Name-That-Is-Long", False, (1.0, 0.5), (1.0, 0.5)) for _ in range(models))
    drawn = paper.figure(plots.Matrix(key, "Title", "note", "", columns, rows))
    (axes,) = drawn.axes
    places = [text.get_window_extent() for text in axes.texts]
    assert min(place.x0 for place in places) >= 0
    assert max(place.x1 for place in places) <= drawn.bbox.x1
    assert max(place.y1 for place in places) <= drawn.bbox.y1


def test_the_bytes_do_not_depend_on_the_process(root: Path, tmp_path: Path):
    program = """
import sys
from pathlib import Path
from edgejson_bench.leaderboard import files
files.write(files.make(Path(sys.argv[1]), Path(sys.argv[2]), print), Path(sys.argv[2]))
"""
    subprocess.run([sys.executable, "-c", program, str(root), str(tmp_path)], check=True, env={"PYTHONHASHSEED": "5"})
    said: list[str] = []
    assert files.check(files.make(root, tmp_path, said.append), tmp_path, said.append) == []
    assert said == []


def test_processes_that_share_the_work_make_the_same_bytes(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    alone = files.make(root, tmp_path, pytest.fail)
    monkeypatch.setattr(workers, "MANY", 1)
    monkeypatch.setattr(workers, "usable_cores", lambda: 2)
    shared = files.make(root, tmp_path, pytest.fail)
    assert shared == alone
    assert list(shared.files) == list(alone.files)


def test_hostile_names_are_drawn_as_they_are(measured: Submission):
    names = [*HOSTILE, "$\\frac{1}{0}$", "a_b^c%#&~", "_hidden", "$x"]
    submissions = [both_styles(measured, text[:100], form=2, prose=1) for text in names]
    drawn = dict(figures.draw(rescored(submissions), contents(submissions)))  # a warning would be an error
    for name, content in drawn.items():
        if name.endswith(".svg"):
            tags = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(content).iter()}
            assert not tags & {"script", "image", "foreignObject", "a"}, name


def test_a_figure_of_other_versions_is_not_compared_and_one_of_a_board_that_is_gone_is_removed(
    root: Path, tmp_path: Path
):
    made = files.make(root, tmp_path, pytest.fail)
    files.write(made, tmp_path)
    name = next(name for name in made.files if name.endswith(".svg"))
    path = tmp_path / name
    good = path.read_bytes()
    said: list[str] = []
    path.write_bytes(good.replace(b"matplotlib ", b"matplotlib 1."))
    assert files.check(made, tmp_path, said.append) == []
    assert len(said) == 1
    assert said[0].startswith("1 figures are not compared: they are of edgejson-bench with matplotlib 1.")
    path.write_bytes(good.replace(b"<path", b"<path ", 1))
    assert files.check(made, tmp_path) == [f"{path} (line {1 + good[: good.index(b'<path')].count(10)} differs)"]
    path.unlink()
    assert files.check(made, tmp_path) == [f"{path} (missing)"]
    old, own = path.with_name("gone.svg"), path.with_name("mine.svg")
    old.write_bytes(good)
    own.write_text("<svg/>")
    path.write_bytes(good)
    assert files.check(made, tmp_path) == [f"{old} (of a board that is gone)"]
    files.write(made, tmp_path)
    assert not old.exists()
    assert own.exists()


def test_without_matplotlib_the_rest_is_made_and_figures_stay(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    figure = tmp_path / next(name for name in files.make(root, tmp_path).undrawn)
    figure.parent.mkdir()
    figure.write_bytes(figures.made_with().encode())
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    said: list[str] = []
    made = files.make(root, tmp_path, said.append)
    assert said == ["figures need matplotlib: pip install 'edgejson-bench[figures]'"]
    assert "index.html" in made.files
    files.write(made, tmp_path)
    assert figure.exists()
    assert files.check(made, tmp_path, pytest.fail) == []
    records = {one.folder: one.record for one in load_submissions(root)}
    with pytest.raises(MissingExtra, match=r"pip install 'edgejson-bench\[figures\]'"):
        list(figures.draw(made.boards, records))


def test_styles_that_one_file_name_would_hold_keep_apart(measured: Submission):
    one = both_styles(measured, "one", form=2, prose=1)
    record = one.record
    for part in (record["results"], record["errors"]["kinds"]):
        part["Form"] = part.pop("prose")
    record["board"]["styles"], record["layout_gap"] = ["form", "Form"], None
    names = figures.names(rescored([one]), contents([one]))
    assert len(set(names)) == len(names) == 2 * 2 * 5


def test_a_gap_has_its_zero_on_the_axis(measured: Submission, ruled: Submission):
    for gap in (0.02, 0.9, -0.9):
        submission = claim(measured, "one")
        submission.record["layout_gap"] = both_styles(measured, "one", form=3, prose=2).record["layout_gap"]
        exact = submission.record["layout_gap"]["json_exact"]
        exact |= {"difference": gap, "ci95": [gap - 0.01, gap + 0.01]}
        submission.record["results"]["prose"] = submission.record["results"]["form"]
        plot = plots.of_gaps(rescored([submission])[0].gaps, plots.PAGE)
        low, high = plot.range
        assert low <= gap - 0.01 < gap + 0.01 <= high
        assert 0 in plot.ticks
        assert all(low <= tick <= high for tick in plot.ticks)


@pytest.mark.parametrize("colours", [palette.HEAT, palette.ERROR_HEAT])
def test_numbers_on_colours_have_a_contrast_of_4_5(colours: tuple[str, ...]):
    for step, colour in enumerate(colours):
        text = 1.0 if step >= palette.FIRST_DARK else 0.0
        light, dark = sorted((luminance(colour), text), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (step, colour)


def luminance(colour: str) -> float:
    """Relative, as WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
