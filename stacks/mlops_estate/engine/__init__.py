"""Runs the unchanged Pulumi program in process: collect, preview, apply, re-apply, tear down."""
