"""The rows of the operations table, by subject, each with the few exceptions that its types need."""
