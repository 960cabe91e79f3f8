"""Adding a block to an environment's file: nothing else changes, not a comment, not a space."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_estate.faults import FaultsFound
from mlops_estate.onboarding.insertion import insert_block

BLOCK = ["new:", "  data: data/new/x.csv  # here", "  label: y"]
HEAD = "# head\nconfig:\n  mlops-estate:estate: {a: 1}  # estate\n"


def _inserted(text: str) -> str:
    made = insert_block(text, BLOCK, "Pulumi.dev.yaml")
    before, after = yaml.safe_load(text), yaml.safe_load(made)
    assert after["config"]["mlops-estate:models"].pop("new") == {"data": "data/new/x.csv", "label": "y"}
    before["config"]["mlops-estate:models"] = before["config"]["mlops-estate:models"] or {}
    assert after == before
    return made


@pytest.mark.parametrize(
    "models",
    [
        "    one:\n      data: a.csv\n      label: z\n",
        "    one: {data: a.csv, label: z}  # a model\n",
        "    one:\n      data: a.csv\n      label: z",
        "    one:\n      data: a.csv\n      # label: w\n\n      # as deep as its keys\n",
        "    one:\n      card: |\n        some text\n        # no comment\n",
        "    one:\n      card: >-\n        some text\n",
        "    one:\n      list:\n        - a\n        - b: 1\n          c: [2,\n            3]\n",
        "    one:\n      list:\n      - a\n      - b\n",
        "    one: &x {data: a.csv}\n    two: *x\n",
        "    one:\n      list:\n        - &x {a: 1}\n        - b\n        - *x\n",
        "    one: &one\n      a: 1\n    two:\n      list: [*one,\n        1]\n",
        "    one:\n      label: 'x\n        y'\n",
        "    one: {\n      a: 1\n      }\n",
        "    one:\n      release:\n",
        "    one:\n      data: a.csv\n  # less deep than the model: stays below\n",
        "    one:\n      data: a.csv\n\n\n  other:key: {b: 2}\n",
        "    one:\n      data: a.csv\n  other:key:\n    - b\n# tail\n",
        "        one:\n            data: a.csv\n",
    ],
)
def test_the_block_goes_below_the_last_model_and_every_other_line_stays(models):
    text = f"{HEAD}  mlops-estate:models:\n{models}"
    made = _inserted(text)
    lines = iter(made.splitlines())
    assert all(line in lines for line in text.splitlines())  # in their order
    assert len(made.splitlines()) == len(text.splitlines()) + len(BLOCK)
    assert made.endswith("\n")


def test_a_comment_as_deep_as_the_keys_stays_with_its_model_and_another_below():
    text = f"{HEAD}  mlops-estate:models:\n    one:\n      a: 1\n      # its own\n    # of what follows\n  z:z: 1\n"
    assert _inserted(text).splitlines()[4:] == [
        "    one:", "      a: 1", "      # its own", "    new:", "      data: data/new/x.csv  # here", "      label: y",
        "    # of what follows", "  z:z: 1",
    ]  # fmt: skip


@pytest.mark.parametrize("braces", ["{}", "{ }", "{}  # none yet", "{\n  }"])
@pytest.mark.parametrize("after", ["", "\n", "\n  other:key: 1\n"])
def test_empty_braces_give_way(braces, after):
    made = _inserted(f"{HEAD}  mlops-estate:models: {braces}{after}")
    assert ("# none yet" in made) == ("# none yet" in braces)


def test_models_between_braces_are_refused():
    with pytest.raises(FaultsFound, match="lines of its own"):
        insert_block(f"{HEAD}  mlops-estate:models: {{one: {{a: 1}}}}\n", BLOCK, "Pulumi.dev.yaml")


def test_line_ends_of_the_file_are_kept():
    made = insert_block(f"{HEAD}  mlops-estate:models:\n    one: {{a: 1}}\n".replace("\n", "\r\n"), BLOCK, "f")
    assert made.count("\n") == made.count("\r\n") == 8


SCALARS = st.sampled_from(
    [
        "1",
        "'a b'",
        '"x # y"',
        "{p: q}",
        "[1, 2]",
        "",
        "&a@ [1]",
        "\n      - &b@ 1\n      - *b@",
        "\n        deep: &c@ {d: 1}\n        deeper: *c@",
        "|\n        text\n\n",
        ">\n        folded\n",
    ]
)


@settings(max_examples=30)
@given(
    st.lists(st.tuples(SCALARS, st.sampled_from(["", "      # own\n", "\n", "    # less\n", "# none\n"])), min_size=1),
    st.sampled_from(["", "  tail:x: 1\n", "other: 2\n"]),
)
def test_whatever_the_last_model_ends_in_the_rest_reads_the_same(entries, tail):
    models = "".join(
        f"    m{place}:\n      k: {value.replace('@', str(place))}" + ("" if value.endswith("\n") else "\n") + comment
        for place, (value, comment) in enumerate(entries)
    )
    _inserted(f"{HEAD}  mlops-estate:models:\n{models}{tail}")
