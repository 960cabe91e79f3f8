"""Runs the plugin: `python -m mlops_estate.embedded.plugin PACKAGE ENGINE`, as plugins/*/pulumi-resource-* do."""

import sys

from mlops_estate.embedded.plugin.serving import main

main(sys.argv[1:])
