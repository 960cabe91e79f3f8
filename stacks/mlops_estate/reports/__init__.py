"""Reports made from the collected resource graph."""
