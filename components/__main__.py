"""Serve the components to every Pulumi language."""

from pulumi.provider.experimental import component_provider_host

from mlops_components import __version__, all_components

if __name__ == "__main__":
    component_provider_host(name="mlops", version=__version__, components=all_components())
