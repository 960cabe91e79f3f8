"""Data: reading raw files, checking them against their schema, quality, drift, the snapshot, and the split."""
