"""What the workflows call: comments and issues on GitHub, and whether a deployed environment is healthy.

`github`, `comment` and `issue` need the standard library alone, so that a privileged workflow installs nothing.
"""
