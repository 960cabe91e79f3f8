"""What decides whether a model may be registered, and how: champion, semantic version, gates, model card, metadata."""
