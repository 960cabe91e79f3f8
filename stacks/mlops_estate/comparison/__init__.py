"""What changes between two collections of an estate, and what that means for whoever has to decide on it."""
