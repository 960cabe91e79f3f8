"""From a table to a schema: a type, a role and a range for each column, and what a person has to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.onboarding.contents import Content, content_of, is_constant, is_number, is_unique, words_of
from mlops_estate.onboarding.naming import feature_names
from mlops_estate.onboarding.ranges import range_of
from mlops_estate.onboarding.table import Table, TextColumn
from mlops_pipelines.settings import DataSettings

Role = Literal["feature", "label", "protected", "identifier", "ignored"]
MOST_CLASSES = 10
"""A label of at most that many distinct numbers is a class; of more, a number."""
MOST_GROUPS = 20
"""A protected column of at most that many distinct numbers is a category: fairness is measured by groups."""
MOST_FEATURES = 2500
"""Features of a feature group, identifier and event time included. Source: SageMaker, CreateFeatureGroup."""

_PROTECTED_WORDS = frozenset(
    {
        "sex", "gender", "race", "racial", "ethnicity", "ethnic", "age", "religion", "religious", "nationality",
        "disability", "disabled", "marital",
    }
)  # fmt: skip
_IDENTIFYING_WORDS = frozenset({"id", "uuid", "guid"})


@dataclass(frozen=True)
class Roles:
    """What the user says about columns, each by its name in the file or its feature name."""

    label: str
    protected: tuple[str, ...] = ()
    identifier: str | None = None
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column of the schema as it was made: `review` says what was guessed."""

    name: str
    header: str
    type: str
    role: Role
    description: str
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    nullable: bool = False
    review: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inferred:
    """A schema, and notes about what it leaves out or what a run would stop at."""

    columns: tuple[Column, ...]
    notes: tuple[str, ...]

    @property
    def label(self) -> Column:
        """What is predicted."""
        return next(column for column in self.columns if column.role == "label")

    @property
    def protected(self) -> tuple[Column, ...]:
        """The columns by which fairness is measured."""
        return tuple(column for column in self.columns if column.role == "protected")

    @property
    def identifier(self) -> Column | None:
        """The column that tells records apart."""
        return next((column for column in self.columns if column.role == "identifier"), None)


@dataclass
class _Given:
    """One column of the table, what it holds, and the role that the user has given it."""

    name: str
    cells: TextColumn
    content: Content
    role: Role | None
    notes: list[str] = field(default_factory=list)

    @property
    def shown(self) -> str:
        return f"`{self.cells.header}`"


def infer(table: Table, roles: Roles) -> Inferred:
    """Return the schema of a table.

    Raises `FaultsFound` with every fault of the roles at once: columns that are not there, that have two roles, or
    whose contents don't fit their role.
    """
    names = feature_names([column.header for column in table.columns])
    by_column = _resolved(table, names, roles)
    given = [
        _Given(name, cells, content_of(cells), by_column.get(cells.header))
        for name, cells in zip(names, table.columns, strict=True)
    ]
    if faults := [fault for one in given for fault in _misfits(one)]:
        raise FaultsFound(faults, "the columns don't fit their roles")
    identifier = _identifier(given)
    columns = tuple(_column(one, identifier) for one in given)
    if len(columns) + 2 > MOST_FEATURES:
        rule = f"{len(columns)} columns are too many: a feature group takes {MOST_FEATURES}, two of them for ingestion"
        raise FaultsFound([Fault("--data", len(columns), rule, f"keep at most {MOST_FEATURES - 2}")])
    if not any(column.role == "feature" for column in columns):
        raise FaultsFound([_without_features(given)])
    notes = [note for one in given for note in one.notes]
    return Inferred(columns, (*notes, *_protected_hints(columns, identifier), *_table_notes(table, columns)))


def _resolved(table: Table, names: Sequence[str], roles: Roles) -> dict[str, Role]:
    """Return the role of each column that the user names, by the column's header."""
    from mlops_estate.config.document import nearest

    headers = [column.header for column in table.columns]
    by_name = dict(zip(names, headers, strict=True)) | {header: header for header in headers}
    wanted: list[tuple[str, str, Role]] = [("--label", roles.label, "label")]
    wanted += [("--protected", name, "protected") for name in roles.protected]
    wanted += [("--identifier", roles.identifier, "identifier")] if roles.identifier is not None else []
    wanted += [("--ignore", name, "ignored") for name in roles.ignored]
    found: dict[str, Role] = {}
    options: dict[str, str] = {}
    faults = []
    for option, name, role in wanted:
        header = by_name.get(name.strip())
        if header is None:
            close = nearest(name, headers)
            fix = f"did you mean `{close}`?" if close else f"the file has {_listed(headers)}"
            faults.append(Fault(option, name, f"{table.path.name} has no column of that name", fix))
        elif found.get(header, role) != role:
            rule = f"the column is named by {options[header]} already: a column has one role"
            faults.append(Fault(option, name, rule, "name it in one place"))
        else:
            found[header], options[header] = role, option
    if faults:
        raise FaultsFound(faults, "the columns are not those of the file")
    return found


def _listed(headers: Sequence[str], most: int = 12) -> str:
    more = f" and {len(headers) - most} more" if len(headers) > most else ""
    return ", ".join(headers[:most]) + more


def _misfits(given: _Given) -> Iterator[Fault]:
    """What a column holds and its role can't take."""
    cells, role, content = given.cells, given.role, given.content
    option = f"--{role}"
    fix_empty = f"fill in or remove {'these records' if cells.empty > 1 else 'this record'}"
    if role in ("label", "protected", "identifier"):
        if content.kind == "empty":
            yield Fault(option, cells.header, f"every cell of the {role} column is empty", "name another column")
            return
        if cells.empty:
            first = cells.cells.index("") + 1
            rule = (
                f"{cells.empty} of {len(cells.cells)} cells are empty (the first in record {first}): a {role} has none"
            )
            yield Fault(option, cells.header, rule, fix_empty)
    if role in ("label", "protected") and is_constant(cells):
        rule = f"every record has the same value: there is nothing to {'learn' if role == 'label' else 'compare'}"
        yield Fault(option, cells.header, rule, "name another column, or add records")
    elif role in ("label", "protected") and content.kind in ("text", "date"):
        rule = (
            f"{content.distinct} distinct texts are no few {'classes' if role == 'label' else 'groups'}, and no number"
        )
        if content.strays:
            rule += f"; it would be a number but for {_listed([repr(value) for value in content.strays], 3)}"
        yield Fault(option, cells.header, rule, "group its values in the data, or name another column")
    if role == "identifier" and not is_unique(cells) and not cells.empty:
        value, count = cells.counts.most_common(1)[0]
        rule = f"{value!r} occurs {count} times: an identifier tells records apart"
        yield Fault(option, cells.header, rule, "name a column whose values are unique, or leave the option out")


def _identifier(given: Sequence[_Given]) -> _Given | None:
    """Return the identifier: the one that was named, else the first unique column whose name says so, else the first
    that holds another text in every record."""
    named = [one for one in given if one.role == "identifier"]
    free = [one for one in given if one.role is None and is_unique(one.cells) and not is_constant(one.cells)]
    by_name = [
        one for one in free if one.content.kind in ("integer", "text", "words") and _names_an_identifier(one.cells)
    ]
    by_content = [one for one in free if one.content.kind == "text" and not one.content.strays]
    return next(iter((*named, *by_name, *by_content)), None)


def _names_an_identifier(cells: TextColumn) -> bool:
    words = words_of(cells.header)
    return bool(words) and words[-1] in _IDENTIFYING_WORDS


def _column(given: _Given, identifier: _Given | None) -> Column:
    cells, role = given.cells, given.role
    if given is identifier:
        why = () if role else ("role guessed: every record has another value; it is never trained on",)
        return _made(given, "text", "identifier", review=why)
    if role == "label":
        return _label(given)
    if role == "protected":
        return _protected(given)
    if role == "ignored":
        return _ignored(given)
    if cells.empty < len(cells.cells) and _names_an_identifier(cells) and is_unique(cells):
        return _ignored(given, "it tells records apart, and there is another identifier")
    return _BY_KIND[given.content.kind](given)


def _label(given: _Given) -> Column:
    content, cells = given.content, given.cells
    values = _ordered(cells)
    if content.kind == "words":
        return replace(_category(given, "label", values), review=(_classes(values),))
    if content.distinct <= MOST_CLASSES:
        override = "for a regression write type, minimum and maximum in place of values"
        return replace(_category(given, "label", values), review=(f"{_classes(values)}; {override}",))
    made = _number(given, "label")
    return replace(made, review=(f"regression: {content.distinct} distinct numbers", *made.review))


def _classes(values: Sequence[str]) -> str:
    if len(values) == 2:
        return f"binary: the second value, {values[1]!r}, is the positive class"
    return f"multiclass: {len(values)} values"


def _protected(given: _Given) -> Column:
    content = given.content
    if content.kind == "words" or content.distinct <= MOST_GROUPS:
        return _category(given, "protected", _ordered(given.cells))
    given.notes.append(
        f"{given.shown} is protected and has {content.distinct} distinct numbers: fairness is compared between groups, "
        "so a column of bands (such as 18-29, 30-49) says more"
    )
    return _number(given, "protected")


def _ordered(cells: TextColumn) -> tuple[str, ...]:
    """Return a column's values: numbers by size, texts by their letters."""
    values = list(cells.counts)
    if all(map(is_number, values)):
        return tuple(sorted(values, key=lambda value: (float(value), value)))
    return tuple(sorted(values, key=lambda value: (value.casefold(), value)))


def _numeric_feature(given: _Given) -> Column:
    if is_constant(given.cells):
        return _ignored(given, "every cell that is not empty has the same value: there is nothing to learn from it")
    if _dated(given):
        return _ignored(given, "its whole numbers are dates by name and form: derive a number from it, such as an age")
    return _number(given, "feature")


def _dated(given: _Given) -> bool:
    words = set(words_of(given.cells.header))
    values = given.cells.counts
    return "date" in words and all(len(value) == 8 and value[:2] in ("19", "20") for value in values)


def _words_feature(given: _Given) -> Column:
    if is_constant(given.cells):
        return _ignored(given, "every cell that is not empty has the same value: there is nothing to learn from it")
    _name_strays(given, "it became a category")
    values = _ordered(given.cells)
    return replace(_category(given, "feature", values), review=(f"{len(values)} values seen: a new one ends a run",))


def _text_feature(given: _Given) -> Column:
    _name_strays(given, "it is ignored")
    return _ignored(given, f"{given.content.distinct} distinct texts are no category")


def _name_strays(given: _Given, meanwhile: str) -> None:
    strays = given.content.strays
    if strays:
        records = sum(given.cells.counts[value] for value in strays)
        listed = _listed([repr(value) for value in strays], 3)
        given.notes.append(
            f"{given.shown} would hold numbers but for {listed} in {records} record{'s' * (records != 1)}, so "
            f"{meanwhile}: empty these cells (missing values are empty cells) and add the model again"
        )


def _ignored(given: _Given, why: str = "") -> Column:
    """Return a column that is not used; as text, which takes any cell of later data."""
    if why:
        given.notes.append(f"{given.shown} is ignored: {why}")
    return _made(given, "text", "ignored", review=("role guessed",) if why else ())


def _category(given: _Given, role: Role, values: tuple[str, ...]) -> Column:
    return replace(_made(given, "category", role), values=values)


def _number(given: _Given, role: Role) -> Column:
    whole = given.content.kind == "integer"
    numbers = [float(value) for value in given.cells.counts]
    found = range_of(given.cells.header, min(numbers), max(numbers), whole=whole)
    return replace(
        _made(given, "integer" if whole else "number", role), minimum=found.minimum, maximum=found.maximum,
        review=(found.why,),
    )  # fmt: skip


def _made(given: _Given, kind: str, role: Role, review: tuple[str, ...] = ()) -> Column:
    header = given.cells.header
    nullable = given.cells.empty > 0 and role == "feature"
    return Column(given.name, header, kind, role, f"To be described: {header}.", nullable=nullable, review=review)


_BY_KIND: dict[str, Callable[[_Given], Column]] = {
    "empty": lambda given: _ignored(given, "every cell is empty"),
    "integer": _numeric_feature,
    "number": _numeric_feature,
    "date": lambda given: _ignored(given, "it holds dates: derive a number from them, such as an age in days"),
    "words": _words_feature,
    "text": _text_feature,
}


def _without_features(given: Sequence[_Given]) -> Fault:
    rule = "no column is left to predict the label from: " + "; ".join(note for one in given for note in one.notes)
    return Fault("--data", None, rule, "add columns of numbers or of few distinct texts")


def _protected_hints(columns: Sequence[Column], identifier: _Given | None) -> Iterator[str]:
    """Name the columns that look like protected attributes: whether they are is for a person to say."""
    for column in columns:
        if column.role == "feature" and set(words_of(column.header)) & _PROTECTED_WORDS:
            yield (
                f"`{column.header}` may be a protected attribute by its name, and is trained on: if it is one, add the "
                f"model with --protected {_quoted(column.header)}, or write `role: protected` in the schema"
            )
    if identifier is not None and identifier.role is None:
        yield (
            f"`{identifier.cells.header}` became the identifier, which is never trained on; another one: --identifier "
            "COLUMN"
        )


def _quoted(name: str) -> str:
    return f"'{name}'" if " " in name else name


def _table_notes(table: Table, columns: Sequence[Column]) -> Iterator[str]:
    """Name what a run with the defaults of `data_quality` would stop at."""
    limits = DataSettings()
    if table.records < limits.min_records:
        yield f"{table.records} records are few: a run needs {limits.min_records} (data_quality.min_records)"
    used = [column.header for column in columns if column.role in ("feature", "label", "protected")]
    repeated = 100 * table.repeated(used) / table.records
    if repeated > limits.max_duplicate_percent:
        yield (
            f"{repeated:.0f} % of the records repeat another: a run takes {limits.max_duplicate_percent:g} % "
            "(data_quality.max_duplicate_percent)"
        )
    for column, made in zip(table.columns, columns, strict=True):
        missing = 100 * column.empty / table.records
        if missing > limits.max_missing_percent and made.role == "feature":
            yield (
                f"`{column.header}` is empty in {missing:.0f} % of the records: a run takes "
                f"{limits.max_missing_percent:g} % (data_quality.max_missing_percent)"
            )
