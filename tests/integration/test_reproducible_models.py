"""The same data, settings and seed give the same model and metadata, byte for byte, in any process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.problems import PROBLEMS

from mlops_pipelines.settings import FAMILIES

ROOT = Path(__file__).resolve().parents[2]
FEW = {
    "gradient_boosting": {"trees": 40}, "random_forest": {"trees": 40}, "linear": {}, "neural_network": {"epochs": 20}
}  # fmt: skip
SCRIPT = """
import hashlib, json, sys
from pathlib import Path
from mlops_pipelines.modelling.training import train
from tests.support.problems import problem

folder, few = Path(sys.argv[1]), json.loads(sys.argv[2])
digests = {}
for kind in sys.argv[3].split(","):
    given = problem(kind)
    for family, values in few.items():
        own = folder / f"{kind}-{family}"
        settings = given.settings(family=family, hyperparameters=values)
        train(given.sets, given.schema, settings, own / "model", own / "checkpoints")
        for name in ("model.joblib", "metadata.json"):
            digests[f"{kind} {family} {name}"] = hashlib.sha256((own / "model" / name).read_bytes()).hexdigest()
print(json.dumps(digests))
"""


def test_every_family_gives_the_same_bytes_for_every_kind_of_problem(tmp_path):
    running = []
    for hash_seed in ("0", "4711"):
        command = [sys.executable, "-c", SCRIPT, str(tmp_path / hash_seed), json.dumps(FEW), ",".join(PROBLEMS)]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": f"{ROOT / 'pipelines'}:{ROOT}"}
        running.append(subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE))
    one, two = (json.loads(process.communicate(timeout=120)[0]) for process in running)
    assert len(one) == len(FAMILIES) * len(PROBLEMS) * 2
    assert one == two
