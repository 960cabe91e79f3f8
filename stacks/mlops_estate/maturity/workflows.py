"""What the workflow files really run: triggers, jobs, and the commands of every step, local scripts included."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from mlops_estate.maturity.values import block, entries, texts

FOLDER = Path(".github") / "workflows"
DEEPEST = 4
"""How many scripts, actions and workflows within each other are followed."""
_NEVER = re.compile(r"(\$\{\{)?\s*false\s*(\}\})?", re.IGNORECASE)
_FILLED = re.compile(r"\$\{\{\s*((?:matrix|inputs)\.[\w-]+)\s*\}\}")
_OPERATOR = re.compile(r"[;&|()<>]+")
_ALWAYS = ("true", ":", "echo", "printf")
_WRAPPERS = ("exec", "time", "sudo", "env", "uv run", "poetry run", "pipx run", "uvx", "xvfb-run", "timeout")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job: `commands` as they run, without paths, wrappers and `python -m`; `uses` is an action.

    What a matrix or the caller fills in stands in them: `tests/{unit|end_to_end}`. Options that pytest takes from its
    environment are part of its command. `gates` says that the step's failure fails the job.
    """

    workflow: str
    job: str
    name: str
    uses: str
    arguments: Mapping[str, Any]
    commands: tuple[str, ...]
    condition: str
    gates: bool

    @property
    def where(self) -> str:
        """The place as `FILE:JOB:STEP`."""
        return f"{self.workflow}:{self.job}:{self.name}"


@dataclass(frozen=True, slots=True)
class Job:
    """One job; `environment` is the protected environment that it waits for, `permissions` its own, None for those of
    the workflow."""

    name: str
    needs: tuple[str, ...]
    environment: str
    permissions: Any
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Workflow:
    """One file: the events that start it, its permissions (None where it doesn't say), and its jobs that can run."""

    path: str
    triggers: tuple[str, ...]
    permissions: Any
    jobs: tuple[Job, ...]

    def steps(self) -> Iterator[Step]:
        """Yield the steps of all jobs."""
        for job in self.jobs:
            yield from job.steps


def read_workflows(project_dir: Path) -> tuple[list[Workflow], list[str]]:
    """Return the workflows below `.github/workflows`, and what couldn't be read, as sentences."""
    found, notes = [], []
    folder = project_dir / FOLDER
    for path in sorted((*folder.glob("*.yml"), *folder.glob("*.yaml"))):
        where = path.relative_to(project_dir).as_posix()
        data = _yaml(path)
        if isinstance(data, Mapping) and isinstance(data.get("jobs"), Mapping):
            found.append(_workflow(where, data, project_dir))
        else:
            notes.append(f"{where} is no workflow that can be read, and counts for nothing")
    return found, notes


def _yaml(path: Path) -> Any:
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    """Return what a text holds; an action that many jobs use is parsed once. Nobody changes what is returned."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 -- both are safe


def _workflow(where: str, data: Mapping[Any, Any], project_dir: Path) -> Workflow:
    started = data.get("on", data.get(True))  # YAML 1.1 reads the key `on` as true
    triggers = list(started) if isinstance(started, Mapping) else texts(started)
    jobs = [one for name, job in data["jobs"].items() if _runs(job)
            for one in _jobs(where, str(name), job, project_dir, 0, {})]  # fmt: skip
    return Workflow(where, tuple(map(str, triggers)), data.get("permissions"), tuple(jobs))


def _runs(block: Any) -> bool:
    """Return whether a job or step can run at all: not where its condition is plainly false."""
    return isinstance(block, Mapping) and not _NEVER.fullmatch(str(block.get("if", "")).strip() or "-")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where steps are read: the file, the job, and what stands for `${{ matrix.x }}` and `${{ inputs.x }}` there."""

    workflow: str
    job: str
    project_dir: Path
    values: Mapping[str, str]
    environment: Mapping[str, str]
    lenient: bool
    depth: int

    def filled(self, text: Any) -> str:
        """Return a text with what the job fills in."""
        return _FILLED.sub(lambda found: self.values.get(found[1], found[0]), str(text))


def _jobs(
    where: str, name: str, job: Mapping[str, Any], project_dir: Path, depth: int, values: Mapping[str, str]
) -> list[Job]:
    """Return a job, after the jobs of the workflow that it calls: `CALLER/JOB`, which wait for what the caller waits
    for, and for which the caller's own followers wait."""
    matrix = block(block(job.get("strategy")).get("matrix"))
    choices = {f"matrix.{key}": "|".join(map(str, many)) for key, many in matrix.items() if isinstance(many, list)}
    place = _Place(where, name, project_dir, {**values, **choices}, {}, bool(job.get("continue-on-error")), depth)
    place = replace(place, environment={key: place.filled(text) for key, text in block(job.get("env")).items()})
    environment = job.get("environment") or ""
    if isinstance(environment, Mapping):
        environment = environment.get("name") or ""
    wanted = tuple(texts(job.get("needs")))
    steps: list[Step] = []
    called: list[Job] = []
    if isinstance(job.get("uses"), str):
        steps.append(Step(where, name, job["uses"], job["uses"], block(job.get("with")), (), "", not place.lenient))
        called = [replace(one, needs=(*one.needs, *wanted)) for one in _called(place, job)]
    for index, step in enumerate(entries(job.get("steps"))):
        if _runs(step):
            steps += _steps(place, index, step)
    after = (*wanted, *(one.name for one in called))
    return [*called, Job(name, after, place.filled(environment), job.get("permissions"), tuple(steps))]


def _steps(place: _Place, index: int, step: Mapping[str, Any]) -> Iterator[Step]:
    uses = place.filled(step.get("uses") or "")
    name = place.filled(step.get("name") or step.get("id") or uses or f"step {index + 1}")
    own = {**place.environment, **{key: place.filled(text) for key, text in block(step.get("env")).items()}}
    commands = tuple(
        f"{command} {own['PYTEST_ADDOPTS']}" if command.startswith("pytest") and "PYTEST_ADDOPTS" in own else command
        for command in _expanded(place.filled(step.get("run") or ""), place.project_dir, place.depth)
    )
    gates = not place.lenient and not step.get("continue-on-error")
    condition = str(step.get("if") or "")
    yield Step(place.workflow, place.job, name, uses, block(step.get("with")), commands, condition, gates)
    if uses.startswith("./") and place.depth < DEEPEST:
        folder = place.project_dir / uses
        action = next((data for end in ("action.yml", "action.yaml") if (data := _yaml(folder / end))), None)
        inner = entries(block(block(action).get("runs")).get("steps"))
        given = {f"inputs.{key}": place.filled(text) for key, text in block(step.get("with")).items()}
        within = replace(
            place, values={**place.values, **given}, environment=own, lenient=not gates, depth=place.depth + 1
        )
        for at, part in enumerate(inner):
            if _runs(part):
                yield from _steps(within, at, part)


def _called(place: _Place, job: Mapping[str, Any]) -> list[Job]:
    """Return the jobs of a workflow of this project that a job calls."""
    uses = str(job["uses"])
    data = _yaml(place.project_dir / uses) if uses.startswith("./") and place.depth < DEEPEST else None
    jobs = data.get("jobs") if isinstance(data, Mapping) else None
    given = {f"inputs.{key}": place.filled(text) for key, text in block(job.get("with")).items()}
    found = []
    for name, own in block(jobs).items():
        if _runs(own):
            inner = _jobs(place.workflow, str(name), own, place.project_dir, place.depth + 1, given)
            found += [_within(one, place.job) for one in inner]
    return found


def _within(job: Job, caller: str) -> Job:
    name = f"{caller}/{job.name}"
    steps = tuple(replace(step, job=f"{caller}/{step.job}") for step in job.steps)
    return replace(job, name=name, needs=tuple(f"{caller}/{one}" for one in job.needs), steps=steps)


def _expanded(script: str, project_dir: Path, depth: int) -> Iterator[str]:
    """Yield the commands of a script; a script of the project that it calls is followed."""
    for words in commands_of(script):
        command = normal(words)
        if command:
            yield command
        inner = _script(words, project_dir)
        if inner is not None and depth < DEEPEST:
            yield from _expanded(inner, project_dir, depth + 1)


def commands_of(script: str) -> Iterator[list[str]]:
    """Yield the words of each simple command of a shell script.

    Left out are comments, here-documents, targets of redirections, labels of `case`, and commands whose failure is
    swallowed (`|| true`).
    """
    ending, text = "", ""
    for line in script.replace("\\\n", " ").splitlines():
        if ending:
            ending = "" if line.strip() == ending else ending
            continue
        text += line
        try:
            parts = _parts(text)
        except ValueError:  # a quote that goes on over lines
            text += "\n"
            continue
        if here := re.search(r"<<-?\s*['\"]?(\w+)['\"]?", text):
            ending = here[1]
        text = ""
        for index, (words, operator) in enumerate(parts):
            following = parts[index + 1][0] if index + 1 < len(parts) else []
            swallowed = operator == "||" and following[:1] and following[0] in _ALWAYS
            if words and not swallowed:
                yield words


def _parts(line: str) -> list[tuple[list[str], str]]:
    """Return the commands of a line, each with the operator that ends it. Raises `ValueError` for an open quote."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    parts: list[tuple[list[str], str]] = []
    words: list[str] = []
    opened, redirected = 0, False
    for token in lexer:
        if not _OPERATOR.fullmatch(token):
            if not redirected:
                words.append(token)
            redirected = False
            continue
        redirected = "<" in token or ">" in token
        if redirected:
            words = words[:-1] if words[-1:] and words[-1].isdigit() else words  # `2>` is no argument
            continue
        label = token.startswith(")") and not opened
        opened = max(0, opened + token.count("(") - token.count(")"))
        parts.append(([] if label else words, token))
        words = []
    return [*parts, (words, "")]


def normal(words: list[str]) -> str:
    """Return a command without assignments, wrappers, the path of its program and `python -m`."""
    while words and (re.match(r"\w+=", words[0]) or words[0] in {"if", "then", "else", "do", "while", "!", "{"}):
        words = words[1:]
    text = " ".join(words)
    for wrapper in _WRAPPERS:
        if text.startswith(f"{wrapper} "):
            rest = text[len(wrapper) + 1 :].split(" ")
            while rest and (rest[0].startswith("-") or re.fullmatch(r"\d+[smh]?|\w+=.*", rest[0])):
                rest = rest[1:]
            return normal(rest)
    program, _, arguments = text.partition(" ")
    program = program.rpartition("/")[2]
    if re.fullmatch(r"python[\d.]*", program) and arguments.startswith("-m "):
        return arguments[3:]
    return f"{program} {arguments}".strip()


def _script(words: list[str], project_dir: Path) -> str | None:
    """Return the text of a shell script of the project that a command runs, None for anything else."""
    named = words[1] if len(words) > 1 and words[0] in {"sh", "bash", "."} else words[0] if words else ""
    if "/" not in named or named.startswith(("/", "$")):
        return None
    path = (project_dir / named).resolve()
    if not path.is_relative_to(project_dir.resolve()) or not path.is_file() or path.stat().st_size > 100_000:
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
    return text if re.match(r"#!.*\b(ba|da|z)?sh\b", text) else None
