"""How values read in the report: numbers, shares, sizes, intervals, and what stands where there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

NONE = "–"
"""Stands for a value that a document does not have, or has as null."""
_KEY = re.compile(r"[A-Za-z0-9]+(_[A-Za-z0-9]+)*")
_WRITTEN = {
    "arn": "ARN", "au": "AU", "auc": "AUC", "f1": "F1", "f2": "F2", "mae": "MAE", "onnx": "ONNX", "prc": "PRC",
    "psi": "PSI", "r2": "R²", "rmse": "RMSE", "roc": "ROC", "sha256": "SHA-256", "shap": "SHAP", "uri": "URI",
    "ovr": "one against the rest",
}  # fmt: skip
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def number(value: Any, digits: int = 3) -> str:
    """Return a value as text: whole numbers in groups of three, others with `digits` decimals.

    Large ones have fewer, and of ones too small for that the first two digits are shown.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return _minus(f"{value:,}")
    if isinstance(value, float):
        size = abs(value)
        if size >= 1e9 or 0 < size < 10**-digits:
            return _minus(f"{value:.2g}")
        shown = 0 if size >= 10_000 else min(digits, 1) if size >= 100 else digits
        return _minus(f"{value:,.{shown}f}")
    return NONE if _absent(value) else str(value)


def compact(value: Any) -> str:
    """Return a number with at most four digits that count, for columns whose numbers have different units."""
    if not isinstance(value, float) or abs(value) >= 10_000:
        return number(value)
    return _minus(f"{value:.4g}")


def signed(value: Any, digits: int = 3) -> str:
    """Return a difference with its sign."""
    text = number(value, digits)
    return f"+{text}" if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else text


def percent(value: Any, digits: int = 1) -> str:
    """Return a number that is in percent already."""
    return (
        _minus(f"{value:.{digits}f} %")
        if isinstance(value, int | float) and not isinstance(value, bool)
        else number(value)
    )


def interval(measured: Any, digits: int = 3) -> str:
    """Return `{"value", "low", "high"}` as "0.842 (0.810 to 0.871)"; a plain number as it is."""
    if not isinstance(measured, Mapping):
        return number(measured, digits)
    text = number(measured.get("value"), digits)
    low, high = measured.get("low"), measured.get("high")
    return text if low is None or high is None else f"{text} ({number(low, digits)} to {number(high, digits)})"


def size(value: Any) -> str:
    """Return a count of bytes in a unit that keeps it short (1 kB = 1,000 bytes)."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return number(value)
    left, unit = float(value), 0
    while left >= 1000 and unit < len(_UNITS) - 1:
        left, unit = left / 1000, unit + 1
    return f"{left:.0f} {_UNITS[unit]}" if unit == 0 else f"{left:.1f} {_UNITS[unit]}"


def words(name: Any) -> str:
    """Return a key as words, known abbreviations as they are written: selection_rate, roc_auc -> ROC AUC.

    What is no plain key (a file's name, an ARN) stays as it is.
    """
    text = str(name)
    if not _KEY.fullmatch(text):
        return text
    return " ".join(_WRITTEN.get(part, part) for part in text.split("_")).replace("f0 5", "F0.5")


def plain(value: Any, most: int = 6) -> str:
    """Return any JSON value on one line: lists and mappings by their first entries."""
    if isinstance(value, Mapping):
        shown = [f"{key}: {plain(item)}" for key, item in list(value.items())[:most]]
        return ", ".join([*shown, *(["…"] if len(value) > most else [])]) or NONE
    if isinstance(value, Sequence) and not isinstance(value, str):
        shown = [plain(item) for item in list(value)[:most]]
        return ", ".join([*shown, *(["…"] if len(value) > most else [])]) or NONE
    return compact(value)


def flat(value: Any) -> bool:
    """Whether a JSON value is an object of plain values, which reads well on one line."""
    return isinstance(value, Mapping) and not any(isinstance(item, Mapping | list) for item in value.values())


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}", 1) if text.startswith("-") else text


def _absent(value: Any) -> bool:
    from jinja2 import Undefined

    return value is None or value == "" or isinstance(value, Undefined)
