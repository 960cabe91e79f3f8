"""A side of a comparison from git: the revision is unpacked aside, and its own program collects its graph."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path

from mlops_estate.comparison.model import Side
from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import ResourceGraph
from mlops_estate.graph_file import VERSION, load
from mlops_pipelines.steps.archives import unpack

ROOTS = ("stacks", "components", "pipelines", "policies")
_RUN_BY = ("pulumi", "pulumi-aws", "pulumi-aws-native")
"""What else decides the graph of a revision: the same program gives another graph under another SDK."""
NAME_UNKNOWNS = "--name-unknowns"
_COLLECT = "import sys; from mlops_estate.cli import main; main(sys.argv[1:])"


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit of the project's repository: `text` as it was asked for, `folder` of the project within it."""

    project_dir: Path
    text: str
    commit: str
    folder: str

    @property
    def label(self) -> str:
        """What people call it."""
        short = self.commit[:10]
        return short if self.text.startswith(short) else self.text


def resolve(text: str, project_dir: Path) -> Revision:
    """Return the commit that a revision names. Raises `FaultsFound` where there is no repository or no such commit."""
    _inside(project_dir, text)
    found = _git(project_dir, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}")
    if found.returncode:
        raise FaultsFound([_unknown(project_dir, text)])
    folder = _git(project_dir, "rev-parse", "--show-prefix").stdout.decode().strip()
    return Revision(project_dir, text, found.stdout.decode().strip(), folder)


def uncommitted(project_dir: Path) -> int:
    """Return how many files of the working tree differ from the last commit; 0 where there is no repository."""
    found = _git(project_dir, "status", "--porcelain", "--untracked-files=normal", "--", ".")
    return len(found.stdout.splitlines()) if not found.returncode else 0


class Collection:
    """The graph of a revision, collected in a process of its own beside whatever else goes on.

    Graphs are kept below `.estate/cache/graphs` by what decides them: the tree of the revision, the environment, the
    options, Python and the SDK.
    """

    def __init__(self, revision: Revision, environment: str, options: Sequence[str] = ()) -> None:
        self.revision, self.environment = revision, environment
        self._options = tuple(options)
        self._kept = _cache(revision.project_dir) / f"{self._key()}.json"
        self._process: subprocess.Popen[bytes] | None = None
        self._checkout: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> Collection:
        """Begin, where the graph isn't kept already."""
        if self._kept.is_file() or not self.there:
            return self
        self._checkout = tempfile.TemporaryDirectory(prefix="mlops-estate-")
        _unpack(self.revision, Path(self._checkout.name))
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        self._process = self._run(Path(self._checkout.name), *self._options, NAME_UNKNOWNS)
        return self

    def _run(self, root: Path, *options: str) -> subprocess.Popen[bytes]:
        paths = os.pathsep.join(str(root / each) for each in ROOTS)
        # -P: the checkout's own folders are no packages, and must hide none.
        command = [sys.executable, "-P", "-c", _COLLECT, "graph", self.environment, "--project", str(root), "--json"]
        return subprocess.Popen(  # noqa: S603 -- the project's own program, of another revision
            [*command, "-o", str(root / ".graph.json"), *options],
            env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    @property
    def there(self) -> bool:
        """Whether the revision has the environment at all."""
        name = f"{self.revision.folder}Pulumi.{self.environment}.yaml"
        return not _git(self.revision.project_dir, "cat-file", "-e", f"{self.revision.commit}:{name}").returncode

    def side(self, waiting: Callable[[], None] = lambda: None) -> tuple[ResourceGraph, Side]:
        """Wait for the graph and return it; empty where the revision doesn't have the environment.

        Raises `FaultsFound` where the revision's own program refuses its configuration or fails.
        """
        label, commit = self.revision.label, self.revision.commit
        if not self._kept.is_file() and not self.there:
            empty = ResourceGraph("mlops-estate", self.environment)
            return empty, Side("nothing", f"{label}, which has no Pulumi.{self.environment}.yaml", commit, 0)
        try:
            self._finish(waiting)
            graph = load(self._kept)
        finally:
            self.close()
        return graph, Side("revision", label, commit, sum(1 for _ in graph.custom_nodes()))

    def close(self) -> None:
        """Stop what runs still, and remove what was unpacked."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
        if self._checkout is not None:
            self._checkout.cleanup()
            self._checkout = None

    def _finish(self, waiting: Callable[[], None]) -> None:
        if self._process is None or self._checkout is None:
            return
        waiting()
        out, err = self._process.communicate()
        root = Path(self._checkout.name)
        if self._process.returncode and NAME_UNKNOWNS.encode() in out + err:  # a program of before the option
            self._process = self._run(root, *self._options)
            out, err = self._process.communicate()
        written = root / ".graph.json"
        if self._process.returncode or not written.is_file():
            raise FaultsFound(_failed(self.revision, out, err), f"{self.revision.label} can't be collected")
        os.replace(_copied(written, self._kept.parent), self._kept)

    def _key(self) -> str:
        tree = _git(self.revision.project_dir, "rev-parse", f"{self.revision.commit}:{self.revision.folder}")
        parts = [
            tree.stdout.decode().strip(), self.environment, *self._options, f"graph {VERSION}", sys.version,
            *(f"{name} {_version(name)}" for name in _RUN_BY),
        ]  # fmt: skip
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _cache(project_dir: Path) -> Path:
    return project_dir / ".estate" / "cache" / "graphs"


def _copied(written: Path, folder: Path) -> Path:
    """Return a copy beside where it shall stand: a rename is whole or not at all within one file system alone."""
    handle, name = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(written.read_bytes())
    return Path(name)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def _unpack(revision: Revision, root: Path) -> None:
    spec = f"{revision.commit}:{revision.folder}" if revision.folder else revision.commit
    packed = _git(revision.project_dir, "archive", "--format=tar", spec.rstrip("/"))
    if packed.returncode:
        rule = f"git can't unpack it: {packed.stderr.decode(errors='replace').strip()}"
        raise FaultsFound([Fault("--against", revision.text, rule, "fetch the revision whole: git fetch")])
    try:
        with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
            unpack(archive, root)
    except tarfile.TarError as error:
        rule = f"it can't be unpacked: {error}"
        fix = "take the link or special file out of the revision, or run this with Python 3.11.4 or newer"
        raise FaultsFound([Fault("--against", revision.text, rule, fix)]) from None


def _inside(project_dir: Path, text: str) -> None:
    try:
        found = _git(project_dir, "rev-parse", "--is-inside-work-tree")
    except FileNotFoundError:
        rule, fix = "git is not installed, and a revision is read by it", "install git, or name a file to compare with"
        raise FaultsFound([Fault("--against", text, rule, fix)]) from None
    if found.returncode:
        rule = f"{project_dir} is in no git repository, so there is no revision to compare with"
        fix = "clone the project with git, or name a file: estate graph ENV -o FILE.json writes one"
        raise FaultsFound([Fault("--against", text, rule, fix)])


def _unknown(project_dir: Path, text: str) -> Fault:
    """Say why a revision isn't there: a shallow clone lacks most of them."""
    if _git(project_dir, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        rule = "there is no such revision here: this clone is shallow, and holds the newest commits alone"
        fix = "git fetch --unshallow (in a workflow: actions/checkout with fetch-depth: 0)"
        return Fault("--against", text, rule, fix)
    listed = _git(project_dir, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags")
    names = listed.stdout.decode().split()
    near = get_close_matches(text, names, 1)
    there = f"there are {', '.join(names[:8])}" if names else "there are no branches or tags"
    fix = f"did you mean {near[0]}?" if near else f"git fetch origin, or name a commit; {there}"
    return Fault("--against", text, "there is no such revision, and no such file", fix)


def _failed(revision: Revision, out: bytes, err: bytes) -> list[Fault]:
    """Return the faults that the revision's own program reports, or the end of what it printed."""
    fix = "compare with a revision that can be previewed"
    try:
        told = json.loads(out)["faults"]
        return [Fault(f"{revision.label}: {each['where']}", each["value"], each["rule"], fix) for each in told]
    except (ValueError, KeyError, TypeError):
        lines = (err or out).decode(errors="replace").strip().splitlines()
        rule = "the program of that revision fails: " + " ".join(lines[-6:])[:600]
        return [Fault("--against", revision.text, rule, fix)]


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    # No configuration of the repository may run a program or page: it is read, nothing else.
    quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, check=False, env={**os.environ, **quiet})  # noqa: S603 -- arguments, no shell
