"""What flows at run time: pipeline definitions, step scripts, state machines, function handlers."""
