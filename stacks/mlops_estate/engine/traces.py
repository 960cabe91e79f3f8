"""Where a program registers each resource, without the whole stack of calls that the SDK collects for the engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

_CONSTRUCTORS = 3
"""Constructors between the SDK and the program: `Resource`, its kind, and the resource's own."""


@contextmanager
def short_traces() -> Iterator[None]:
    """Tell one frame of each registration, the program's own, while the block runs.

    The SDK formats every frame up to the interpreter's start, and asks the file system about each: a tenth of the time
    at 100 models, for what the graph does not keep. An SDK that collects its traces otherwise is left as it is.
    """
    before = getattr(resource, "_get_stack_trace", None)
    if before is None:
        yield
        return
    resource._get_stack_trace = _own_frame
    try:
        yield
    finally:
        resource._get_stack_trace = before


def _own_frame() -> source_pb2.StackTrace:
    """Return the frame that the SDK's own trace begins with."""
    frame: FrameType | None = sys._getframe(1)
    constructors = 0
    while frame is not None:
        if frame.f_code.co_name == "__init__":
            constructors += 1
            if constructors == _CONSTRUCTORS:
                return _trace(frame.f_back)
        frame = frame.f_back
    return source_pb2.StackTrace()


def _trace(frame: FrameType | None) -> source_pb2.StackTrace:
    if frame is None:
        return source_pb2.StackTrace()
    try:
        uri = Path(frame.f_code.co_filename).as_uri()
    except ValueError:  # code that lies in no file
        return source_pb2.StackTrace(frames=[source_pb2.StackFrame()])
    position = source_pb2.SourcePosition(uri=uri, line=frame.f_lineno)
    return source_pb2.StackTrace(frames=[source_pb2.StackFrame(pc=position)])
