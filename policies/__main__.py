"""The policy pack: `pulumi preview --policy-pack policies`. The one place where a PolicyPack is built."""

from pathlib import Path

from pulumi_policy import PolicyPack

from mlops_policies.starting import pack_of

pack = pack_of(Path(__file__).parent / "policies.yaml")
PolicyPack("mlops-estate", pack.policies())
