"""ModelCard: write the model card from what people said of the model and what the run found out.

Facts: `model_uri`, `training_image`, `commit`, `execution`, `snapshot_uri`, `input`; a card says which are missing.
Writes model_card.json, and card.json with the same as text, as CreateModelPackage takes it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from mlops_pipelines.governance import card
from mlops_pipelines.steps import shell as shells
from mlops_pipelines.steps.gate import FOLDERS, read
from mlops_pipelines.steps.shell import Shell, StepFault


def assess(shell: Shell) -> dict[str, Any]:
    """Write the card. Raises `StepFault` naming every document that can't be read, and for a card that is too long."""
    given = [name for name in card.OPTIONAL if (shell.input / FOLDERS.get(name, name) / f"{name}.json").is_file()]
    try:
        content = card.compose(read(shell, [*card.REQUIRED, *given]), shell.settings, shell.facts)
    except card.CardTooLong as fault:
        raise StepFault(str(fault)) from fault
    shell.write("card", "model_card.json", content)
    text = card.as_text(content)
    rating = content["intended_uses"]["risk_rating"]
    shell.write("card", "card.json", {"content": text, "risk_rating": rating})
    return {"characters": len(text), "risk_rating": rating}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line."""
    return shells.run(__doc__, assess, arguments)


if __name__ == "__main__":
    sys.exit(main())
