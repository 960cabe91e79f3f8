"""Short traces: the same place as the SDK's own, and the SDK as it was afterwards."""

from __future__ import annotations

import pytest
from pulumi.runtime import resource

from mlops_estate.engine.traces import _own_frame, short_traces

SDK = resource._get_stack_trace


class Inner:
    def __init__(self, name: str) -> None:
        self.inits = name
        self.told = self.asked()

    def asked(self):
        return [self.first(each) for each in (SDK, _own_frame)]

    def first(self, ask):
        trace = Nested(ask).trace
        return [(frame.pc.uri, frame.pc.line) for frame in trace.frames[:1]]


class Nested:
    def __init__(self, ask) -> None:
        self.ask = ask
        self.trace = Deeper(self).trace


class Deeper:
    def __init__(self, nested) -> None:
        self.trace = nested.ask()


def test_it_is_the_frame_that_the_sdk_s_own_trace_begins_with():
    own, ours = Inner("x").told
    assert own == ours
    assert own[0][0].endswith("test_traces.py")


def test_without_three_constructors_there_is_no_frame():
    assert list(_own_frame().frames) == list(SDK().frames) == []


def test_the_sdk_is_as_it_was_afterwards_whatever_happens():
    def failing():
        with short_traces():
            assert resource._get_stack_trace is _own_frame
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert resource._get_stack_trace is SDK


def test_an_sdk_that_collects_traces_otherwise_is_left_alone(monkeypatch):
    monkeypatch.delattr(resource, "_get_stack_trace")
    with short_traces():
        assert not hasattr(resource, "_get_stack_trace")
