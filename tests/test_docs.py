"""What README and docs tell people to type can be typed, and what they link to is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgejson_bench import cli

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

PROGRAM = "edgejson-bench"
SHELL = ("|", "||", "&&", ";", ">", ">>", "2>", "&")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Line:
    """One line of a fenced code block, continuation lines joined."""

    page: Path
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.number}: {self.text}"


def code_lines(page: Path) -> Iterator[Line]:
    fenced, joined, start = False, "", 0
    for number, text in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if text.lstrip().startswith(("```", "~~~")):
            fenced, joined = not fenced, ""
        elif fenced:
            start = start if joined else number
            joined += text
            if joined.endswith("\\"):
                joined = joined[:-1]
                continue
            yield Line(page, start, joined.strip().removeprefix("$ "))
            joined = ""


def commands(page: Path) -> Iterator[tuple[Line, list[str]]]:
    """The arguments of every command line of ours, up to a pipe or redirection. ``N`` stands for a number."""
    for line in code_lines(page):
        if PROGRAM not in line.text or "..." in line.text or "[" in line.text:
            continue  # usage patterns are no commands
        words = shlex.split(line.text, comments=True)
        for at, word in enumerate(words):
            if word.rpartition("/")[2] == PROGRAM and all("=" in before for before in words[:at]):
                arguments = words[at + 1 :]
                end = next((i for i, argument in enumerate(arguments) if argument in SHELL), len(arguments))
                yield line, ["1" if argument == "N" else argument for argument in arguments[:end]]


COMMANDS = [found for page in PAGES for found in commands(page)]
LINKS = [
    (page, target)
    for page in PAGES
    for match in LINK.finditer(page.read_text(encoding="utf-8"))
    for target in match.groups()
    if target and not re.match(r"[a-z]+:", target)
]


def test_there_are_commands_and_links_to_look_at() -> None:
    assert any(line.page == README for line, _ in COMMANDS)
    assert any(page == README for page, _ in LINKS)
    assert {"run", "tasks"} <= {arguments[0] for _, arguments in COMMANDS if arguments}


@pytest.mark.parametrize(("line", "arguments"), COMMANDS, ids=[str(line) for line, _ in COMMANDS])
def test_a_command_of_the_docs_can_be_parsed(
    line: Line, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        command = cli.build_parser().parse_args(arguments).command
        ended_with = None
    except SystemExit as ended:
        command, ended_with = None, ended.code
    told = f"{line}\n{capsys.readouterr().err}"
    assert ended_with in (None, 0), told  # --help and --version end at once
    assert command == arguments[0] or ended_with == 0, told


@pytest.mark.parametrize(("page", "target"), LINKS, ids=[f"{page.name} {target}" for page, target in LINKS])
def test_a_link_of_the_docs_leads_to_a_file_and_its_heading(page: Path, target: str) -> None:
    path, _, heading = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    assert file.exists(), f"{page.name} links to {target}"
    if heading:
        titles = re.findall(r"^#+ +(.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert heading in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_make_targets_that_the_docs_name_exist() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = {
        match
        for page in PAGES
        for match in re.findall(r"(?:^|`)make (\w+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    assert "test" in named
    assert named <= targets
