"""The embedded AWS account: moto plus what it lacks, driven by the unchanged Pulumi program."""
