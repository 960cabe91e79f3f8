"""The estate as a picture: sound, complete, readable, and nothing in it that should not be."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import combinations

import pytest
from tests.support.previews import previewed

from mlops_components import all_components
from mlops_estate.graph import STACK_TYPE, UNKNOWN, ResourceGraph, ResourceNode
from mlops_estate.reports.picture import COLOURS, picture

SVG = "{http://www.w3.org/2000/svg}"
NASTY = '</script><b x="1">&amp;'


def node(urn, type_="aws:s3/bucket:Bucket", custom=True, **more):
    return ResourceNode(urn, type_, more.pop("name", urn), custom, **{"parent": "stack", **more})


def graph_of(*nodes):
    stack = ResourceNode("stack", STACK_TYPE, "s", False)
    return ResourceGraph("mlops-estate", "dev", nodes={each.urn: each for each in (stack, *nodes)})


def component(urn, kind="DataLake"):
    return node(urn, f"mlops:index:{kind}", custom=False)


def chain() -> ResourceGraph:
    """Return a -> b -> c, with a -> c as well."""
    return graph_of(
        component("a"), component("b"), component("c"),
        node("x", parent="a"), node("y", parent="b", dependencies=["x"]),
        node("z", parent="c", dependencies=["x", "y"]),
    )  # fmt: skip


def boxes(svg: str) -> dict[str, tuple[float, float, float, float]]:
    """Return each box's left, top, width and height."""
    found = {}
    for group in ET.fromstring(svg).iter(f"{SVG}g"):
        if group.get("class") == "box":
            x, y = map(float, re.findall(r"[\d.]+", group.get("transform")))
            rect = group.find(f"{SVG}rect")
            assert group.get("data-urn") not in found
            found[group.get("data-urn")] = (x, y, float(rect.get("width")), float(rect.get("height")))
    return found


def parents(graph, node):
    """Return what a node is in, at any depth: a component may hold nothing but another one."""
    while node.parent in graph.nodes:
        node = graph.nodes[node.parent]
        yield node.urn


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_component_that_holds_resources_is_drawn_once_in_the_picture_and_apart(environment):
    graph = previewed(environment)
    svg = picture(graph)
    placed = boxes(svg)
    holding = {above for each in graph.custom_nodes() for above in parents(graph, each)}
    top = {each.urn for each in graph.components() if graph.nodes[each.parent].type == STACK_TYPE} & holding
    assert len(top) >= 10
    assert set(placed) - {""} == top
    width, height = (float(ET.fromstring(svg).get(side)) for side in ("width", "height"))
    for x, y, wide, high in placed.values():
        assert 0 <= x <= x + wide <= width
        assert 60 <= y <= y + high <= height
    for one, other in combinations(placed.values(), 2):
        apart = (
            one[0] + one[2] <= other[0] or other[0] + other[2] <= one[0]
            or one[1] + one[3] <= other[1] or other[1] + other[3] <= one[1]
        )  # fmt: skip
        assert apart


def test_text_fits_its_box():
    graph = graph_of(component("lake"), node("long", type_=f"aws:s3/x:{'VeryLong' * 8}", parent="lake"))
    ((*_, width, _height),) = boxes(picture(graph)).values()
    assert width >= len("s3." + "VeryLong" * 8) * 6


def test_what_builds_on_something_stands_to_its_right():
    placed = boxes(picture(chain()))
    assert placed["a"][0] + placed["a"][2] < placed["b"][0]
    assert placed["b"][0] + placed["b"][2] < placed["c"][0]


def test_an_arrow_that_follows_from_others_is_left_out():
    arrows = [path for path in ET.fromstring(picture(chain())).iter(f"{SVG}path") if path.get("marker-end")]
    assert len(arrows) == 2


def test_components_that_build_on_each_other_are_drawn_all_the_same():
    graph = graph_of(
        component("a"), component("b"), node("a1", parent="a"), node("b1", parent="b", dependencies=["a1"]),
        node("a2", parent="a", dependencies=["b1"]),
    )  # fmt: skip
    assert set(boxes(picture(graph))) == {"a", "b"}


def test_resources_of_an_inner_component_belong_to_the_outermost():
    inner = node("inner", "mlops:index:Inner", custom=False, parent="outer")
    graph = graph_of(component("outer"), inner, node("x", parent="inner"))
    assert set(boxes(picture(graph))) == {"outer"}


def test_resources_outside_of_any_component_have_a_box():
    svg = picture(graph_of(node("x"), node("p", "pulumi:providers:aws")))
    assert set(boxes(svg)) == {""}
    assert "Resources" in svg


def test_an_empty_graph_is_a_picture():
    assert boxes(picture(graph_of())) == {}


@pytest.mark.parametrize("html", [False, True])
def test_no_secret_is_in_it(html):
    secret = "correct-horse-battery"
    graph = graph_of(
        node("x", inputs={"password": secret, "url": f"https://u:{secret}@h"}, secret_inputs=["password"]),
        node("y", inputs={"again": [secret]}),
    )
    assert secret not in picture(graph, html=html)


def test_names_are_escaped_in_the_picture():
    graph = graph_of(component(NASTY), node("x", parent=NASTY, type_="aws:s3/x:A<B>"))
    texts = "".join(ET.fromstring(picture(graph)).itertext())
    assert NASTY in texts
    assert "s3.A<B>" in texts


class _Page(HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("environment", ["prod"])
def test_the_page_lists_every_resource_with_its_inputs_and_loads_nothing(environment):
    graph = previewed(environment)
    text = picture(graph, html=True)
    page = _Page(text)
    for each in graph.custom_nodes():
        if not each.is_provider:
            assert each.name in page.text
            assert each.type in page.text
    assert not {"link", "img", "iframe", "object", "embed", "base"} & set(page.tags)
    assert not {"src", "srcset", "href", "xlink:href", "action"} & {key for key, _ in page.attributes}
    assert not re.search(r"@import|url\((?!#)|fetch\(|XMLHttpRequest|import\(", text)
    assert UNKNOWN not in page.text
    assert "(unknown until up)" in page.text


def test_names_and_values_are_escaped_in_the_page():
    page = _Page(
        picture(graph_of(node("x", name=NASTY, inputs={"k": NASTY}, source="a.py:1", protect=True)), html=True)
    )
    assert page.tags.count("script") == 1
    assert "b" not in page.tags
    assert NASTY in page.text
    assert "a.py:1" in page.text
    assert "protected" in page.text


def test_each_box_of_the_page_leads_to_its_list():
    text = picture(chain(), html=True)
    page = _Page(text)
    ids = {value for key, value in page.attributes if key == "id"}
    assert {value for key, value in page.attributes if key == "data-urn"} == {"a", "b", "c"} <= ids


def test_every_component_has_the_colour_of_its_subject():
    assert {component.__name__ for component in all_components()} == set(COLOURS)
