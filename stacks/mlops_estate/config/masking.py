"""How a model's records are masked in the copy for other environments, by column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from mlops_estate.config.classes import Block
from mlops_estate.config.findings import Finding
from mlops_pipelines.masking.rules import HASH_LENGTH, LONGEST_HASH, SHORTEST_HASH, SMALLEST_GROUP

if TYPE_CHECKING:
    from mlops_pipelines.features import Schema

Method = Literal["drop", "hash", "generalise", "synthesise", "keep"]
Name = Annotated[str, Field(min_length=1, max_length=256)]


class MaskingRuleBlock(Block):
    """How one column is masked."""

    method: Method = Field(
        description="drop (the column is not in the copy), hash (a pseudonym of each value), generalise (bands, "
        "groups, a prefix or a year), synthesise (values drawn from the column's distribution), keep.",
        examples=["drop"],
    )
    domain: Name | None = Field(
        default=None,
        description="hash: what the values are of. Equal values of one domain get the same pseudonym in all copies of "
        "one key. Default: the column's name.",
        examples=["customer"],
    )
    length: int | None = Field(
        default=None,
        ge=SHORTEST_HASH,
        le=LONGEST_HASH,
        description=f"hash: hexadecimal digits of a pseudonym. Default: {HASH_LENGTH}.",
    )
    step: float | None = Field(default=None, gt=0, description="generalise numbers: width of a band.", examples=[5000])
    bands: list[float] | None = Field(
        default=None,
        min_length=2,
        max_length=100,
        description="generalise numbers: lower edge of each band, rising.",
        examples=[[0, 18, 30, 50, 65]],
    )
    prefix: int | None = Field(
        default=None, ge=1, le=32, description="generalise texts: how many characters stay.", examples=[2]
    )
    year: bool | None = Field(default=None, description="generalise dates: whether the year alone stays.")
    groups: dict[Name, list[Name]] | None = Field(
        default=None,
        description="generalise categories: groups by name, each with the values that it replaces.",
        examples=[{"degree": ["bachelor", "master"], "school": ["primary", "secondary"]}],
    )
    other: Name | None = Field(
        default=None, description="generalise categories: group of all values that no group has.", examples=["other"]
    )
    scan: Literal["refuse", "report"] | None = Field(
        default=None,
        description="keep texts: whether a copy is refused where e-mail addresses, telephone or account numbers are "
        "found in them, or they are only counted. Default: refuse.",
    )


class MaskingBlock(Block):
    """The copy for other environments, where the estate makes one (`protection.masked_copy`)."""

    columns: dict[Name, MaskingRuleBlock] = Field(
        default_factory=dict,
        description="Rule of each column. Default: identifiers, texts and ignored columns are dropped, others kept.",
        examples=[{"income": {"method": "generalise", "step": 5000}}],
    )
    minimum_group: int = Field(
        default=SMALLEST_GROUP,
        ge=2,
        le=1000,
        description="Records for which a generalised or drawn value of the copy stands at least.",
    )

    def rules(self) -> dict[str, Any]:
        """Return the rules as the masking job reads them from `masking.json`."""
        return self.model_dump(exclude_none=True)


def masking_findings(masking: MaskingBlock, schema: Schema) -> Iterator[Finding]:
    """Yield what the rules say of the schema's columns and can't be done; paths are relative to the model's block."""
    from mlops_pipelines.masking.rules import rule_faults

    for fault in rule_faults(masking.rules(), schema):
        yield Finding(("masking", *fault.where), fault.value, fault.rule, fault.fix)
