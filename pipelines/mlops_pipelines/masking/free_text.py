"""Personal data in free text: e-mail addresses, telephone numbers and bank account numbers, found by their form.

Names and addresses have no form that a pattern knows: a text without findings is not thereby free of personal data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_PHONE = re.compile(r"(?<![\w.])(\+|00)[1-9][0-9]{0,2}[ ./()-]*([0-9][ ./()-]*){6,12}(?!\w)|"
                    r"(?<![\w.])\(?0[1-9][0-9]{1,4}\)?[ ./-]+([0-9][ ./-]*){5,9}(?!\w)|"
                    r"(?<![\w.])\(?[2-9][0-9]{2}\)?[ .-][2-9][0-9]{2}[ .-][0-9]{4}(?!\w)")  # fmt: skip
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}[0-9]{2}( ?[A-Z0-9]){11,30}(?!\w)")


def patterns_in(text: str) -> list[str]:
    """Return the kinds of personal data that a text holds: email, phone, iban."""
    rest = text
    for match in _IBAN.finditer(text):
        if number := _account_number(match.group()):
            rest = rest.replace(number, " ")  # its digits are no telephone number
    found = {"email": _EMAIL.search(text), "phone": _PHONE.search(rest), "iban": rest != text}
    return [kind for kind, there in found.items() if there]


def scan(cells: Iterable[str]) -> Mapping[str, int]:
    """Return in how many cells each kind of personal data was found; kinds that were not are left out."""
    counts: dict[str, int] = {}
    for cell in cells:
        for kind in patterns_in(cell):
            counts[kind] = counts.get(kind, 0) + 1
    return dict(sorted(counts.items()))


def _account_number(text: str) -> str:
    """Return the account number that a text begins with, or an empty string; words may follow it."""
    ends = [match.start() for match in re.finditer(" |$", text)]
    return next((text[:end] for end in reversed(ends) if _checks_out(text[:end].replace(" ", ""))), "")


def _checks_out(number: str) -> bool:
    """Whether an account number has its right check digits (ISO 13616: the rearranged number modulo 97 is 1)."""
    if not 15 <= len(number) <= 34:
        return False
    moved = number[4:] + number[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1
