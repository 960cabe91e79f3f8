"""Rotation of secrets: the function that Secrets Manager calls step by step, and its package.

The function's file is sent as it is, so it imports nothing but the standard library and boto3, which Lambda has.
"""

from pathlib import Path

HANDLER = "handler.handle"
"""What Lambda calls: the module and the function in it."""


def package() -> dict[str, str]:
    """Return the files of the function's package by name: one text, the same on every machine."""
    return {"handler.py": Path(__file__).with_name("handler.py").read_text(encoding="utf-8")}
