"""Security and compliance rules; importing this package never starts a policy pack."""
