"""The change report for a terminal, and the sentences and values that every form is made of."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from tests.support import change_documents as documents

from mlops_estate.graph import UNKNOWN
from mlops_estate.graph_file import MASK
from mlops_estate.reports.change import sections, text, values
from mlops_estate.reports.page import MINUS


def lines_of(document, **options):
    return text.render(document, **options).splitlines()


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", documents.EVERY)
def test_no_line_is_wider_than_a_terminal_and_nothing_in_it_acts(name, full):
    for line in lines_of(documents.EVERY[name](), full=full):
        assert cell_len(line) < 100
        assert not [sign for sign in line if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]


def test_one_screen_says_what_to_decide_on():
    found = lines_of(documents.small())
    screen = "\n".join(found[: found.index("")])
    assert len(found[: found.index("")]) <= 24
    assert "2 dangers, 2 warnings, 1 notice: look before you merge" in screen
    assert "From HEAD~1 (85265c9000, 1,593 resources) to the working tree (1,592 resources)" in screen
    assert "!! A feature is removed: income_ratio of mortgage-approval" in screen
    assert " !  ml.m5.large becomes ml.m5.xlarge" in screen
    assert " i  Costs rise by $166 a month" in screen
    assert "Resources    1 removed, 1 replaced, 2 changed, 1 added; 1,590 unchanged" in screen
    assert "Cost         +$116 (+$92.80 to +$162) a month: $1,594 before, $1,710 after; 86 % of the budget" in screen
    assert "Carbon       +3.20 (+2.00 to +4.00) kg CO2e a month: 41.20 kg before, 44.40 kg after" in screen
    assert "Policies     2 new (1 mandatory), 1 fixed; as before: 0 mandatory, 12 advisory, 1 exempt" in screen
    assert "Permissions  2 newly allowed (1 dangerous), 1 no longer allowed, 1 undecided" in screen


def test_resources_read_as_pulumi_shows_them():
    found = lines_of(documents.small())
    place = "stacks/mlops_estate/program/models.py:41"
    assert f"  -  sagemaker.FeatureGroup mortgage-features-income  {place}" in found
    assert f"  +- native sagemaker.EndpointConfig prod-mortgage-config  {place}" in found
    assert f"  +  s3.Bucket estate-prod-access-logs  {place}" in found
    assert '       ~ productionVariants[0].instanceType: "ml.m5.large" => "ml.m5.xlarge" [replaces]' in found
    assert "       ~ kmsKeyId: (unknown until up) => [secret]" in found
    assert "       + tags.reviewed: true" in found
    assert "mortgage-approval: 1 removed, 1 replaced, 2 changed" in found
    assert "shared: 1 added" in found


def test_long_values_stand_below_each_other():
    entry = documents.change(
        documents.BUCKET, "b", "change", properties=[documents.changed("tags", "a" * 60, "b" * 60)]
    )
    found = lines_of(documents.document([entry]))
    place = found.index("       ~ tags:")
    assert found[place + 1 : place + 3] == [f'            "{"a" * 60}"', f'         => "{"b" * 60}"']


def test_a_very_long_name_is_cut_to_its_line():
    document = documents.small()
    document["changes"] = [documents.change(f"aws:service/x:{'Kind' * 30}", "name-" * 40, "add")]
    document["cost"]["largest"][0]["name"] = "name-" * 40
    found = [line for line in lines_of(document) if "left out]" in line]
    assert [len(line) for line in found] == [98, 99]
    assert found[0].startswith("  +  service.Kind")
    assert found[1].endswith("instance hours: $83.95 to $250, +$166")


@pytest.mark.parametrize(("amount", "expected"), [(99.994, "99.99"), (100, "100"), (1234.5, "1,234"), (-3, "-3.00")])
def test_kilograms_have_decimals_below_a_hundred(amount, expected):
    assert sections.kilograms(amount) == expected


def test_of_a_model_the_changes_that_are_not_listed_are_counted():
    made = [documents.change(documents.BUCKET, f"b{place}", "add", "abb"[place % 3]) for place in range(9)]
    found, left_out = sections.groups(documents.document(made), 4)
    assert [(group.model, group.tally, group.left_out) for group in found] == [("a", "3 added", 1), ("b", "6 added", 4)]
    assert left_out == 5
    assert [group.left_out for group in sections.groups(documents.document(made))[0]] == [0, 0]


def test_of_a_long_list_the_first_are_named():
    assert sections.few(list("abcdef")) == "a, b, c, d, e, f"
    assert sections.few(list("abcdefgh")) == "a, b, c, d, e, f and 2 more"


def test_what_is_lost_and_what_depends_on_it_is_said_of_a_resource():
    found = "\n".join(lines_of(documents.small()))
    assert "holds the offline store's history" in found
    assert "protected: Pulumi refuses to delete it" in found
    assert "12 resources depend on it" in found
    assert "replaced because of productionVariants[0].instanceType (pulumi_aws_native" in found
    assert "not known whether a change of deploymentConfig replaces it" in found


@pytest.mark.parametrize(("action", "told"), [("remove", True), ("replace", True), ("change", False), ("add", False)])
def test_what_holds_data_and_is_protected_is_said_where_it_goes(action, told):
    entry = documents.change(documents.BUCKET, "b", action, stateful="objects", protected=True, retained=True)
    expected = ["holds objects", "protected: Pulumi refuses to delete it",
                "retained: stays in the account when it leaves the program"]  # fmt: skip
    assert sections.marks(entry) == (expected if told else [])


def test_release_permissions_findings_and_costs_follow():
    found = "\n".join(lines_of(documents.small()))
    assert "mortgage-approval, endpoint prod-mortgage-approval: version 3 to 4, linear, at least 25 min" in found
    assert "    0 s to 10 min            10 %  canary: a tenth of the capacity" in found
    assert "    from 20 min             100 %  all of it; the old fleet goes" in found
    assert "rolls back on mortgage-approval-5xx, mortgage-approval-latency" in found
    assert "  !! mortgage-training (by policy): s3:* on *" in found
    assert "action widened; a wildcard of a service; before: s3:GetObject" in found
    assert "  - old-role (by policy): s3:PutObject on arn:aws:s3:::estate-prod-raw/*" in found
    assert "  key-policy: its document is unknown until up" in found
    assert "  ! iam-no-service-wildcard (mandatory, high): mortgage-training-role-policy" in found
    assert "  - s3-logging (advisory, high): estate-prod-raw: Action is s3:*" in found
    assert "  mortgage-approval       $83.95         $250        +$166" in found
    assert "  2 values are unknown until the update" in found


def test_identical_trees_are_no_change_and_say_little():
    found = lines_of(documents.empty())
    assert found[2] == "No change"
    assert "Cost         ±0 a month: $83.95 before, $83.95 after" in found
    assert "Carbon       ±0 kg CO2e a month: 41.20 kg before, 41.20 kg after" in found
    assert len(found) < 15
    assert not [line for line in found if line.startswith(("Newly", "Release", "Cost by"))]


def test_a_long_report_is_cut_and_says_how_much_is_left_out():
    document = documents.huge()
    short, full = lines_of(document), lines_of(document, full=True)
    assert "and 260 more: --full" in short
    assert "    and 15 more headlines: --full" in short
    assert sum(line.startswith(("  -  ", "  +- ", "  ~  ", "  +  ")) for line in short) == 40
    assert sum(line.startswith(("  -  ", "  +- ", "  ~  ", "  +  ")) for line in full) == 300
    assert not [line for line in full if "--full" in line]
    assert "  and 15 more: --full" in short


def test_of_a_resource_that_changes_the_first_properties_are_listed():
    document = documents.huge(models=1, each=4)
    shown = lines_of(document)
    assert shown.count("       and 8 more properties: --full") == 2
    assert sum(line.startswith("       ~ tags.") for line in shown) == 2 * 12
    assert sum(line.startswith("       ~ tags.") for line in lines_of(document, full=True)) == 4 * 20


def test_the_gravest_are_those_that_are_listed():
    document = documents.huge(models=50, each=4)
    listed = [line for line in lines_of(document) if line.startswith(("  -  ", "  +- ", "  ~  ", "  +  "))]
    assert [line[:5] for line in listed] == ["  -  "] * 40


@pytest.mark.parametrize(
    ("levels", "changes", "expected", "tone"),
    [
        (["danger", "notice"], 3, "1 danger, 1 notice: look before you merge", "bad"),
        (["warning", "warning"], 3, "2 warnings: read them before you merge", "wait"),
        (["notice"], 1, "1 change, no danger and no warning; 1 notice", "good"),
        (["notice"], 0, "No resource changes; 1 notice", "good"),
        ([], 2, "2 changes, no danger and no warning", "good"),
        ([], 0, "No change", "good"),
    ],
)
def test_the_verdict_is_that_of_the_gravest_headline(levels, changes, expected, tone):
    made = [documents.change(documents.BUCKET, f"b{place}", "add") for place in range(changes)]
    document = documents.document(made, headlines=[documents.headline(level, "k", "t") for level in levels])
    top = sections.sections(document)
    assert (top.verdict, top.tone) == (expected, tone)


def figures_of(document):
    return {figure.label: (figure.short, figure.tone) for figure in sections.sections(document).figures}


def test_each_figure_has_its_number_and_its_tone():
    assert figures_of(documents.small()) == {
        "Permissions": (f"+2 {MINUS}1", "bad"), "Policies": (f"+2 {MINUS}1", "bad"), "Cost": ("+$116", "wait"),
        "Carbon": ("+3.20 kg", ""),
    }  # fmt: skip
    assert figures_of(documents.empty()) == {
        "Permissions": ("±0", ""), "Policies": ("±0", ""), "Cost": ("±0", ""), "Carbon": ("±0 kg", ""),
    }  # fmt: skip
    assert set(figures_of(documents.document([], policy=None)).values()) == {("±0", ""), ("–", "")}


@pytest.mark.parametrize(("state", "tone"), [("within", ""), ("near", "wait"), ("exceeded", "bad")])
def test_the_budget_gives_the_cost_its_tone(state, tone):
    document = documents.small()
    document["cost"]["budget"]["state"] = state
    assert figures_of(document)["Cost"][1] == tone


def test_new_advice_is_no_danger_and_neither_is_a_harmless_permission():
    document = documents.small()
    document["policy"]["new_mandatory"] = 0
    document["permissions"]["granted"][0]["severity"] = "warning"
    assert figures_of(document)["Policies"] == (f"+2 {MINUS}1", "wait")
    assert figures_of(document)["Permissions"] == (f"+2 {MINUS}1", "")
    assert "dangerous" not in text.render(document)


def test_a_first_deployment_is_called_one():
    top = sections.sections(documents.first_deployment())
    assert top.verdict == "First deployment of 60 resources, no danger and no warning"
    assert top.sides == "First deployment: the working tree (1,592 resources)"


def test_what_was_not_judged_or_estimated_is_said():
    document = documents.document([], policy=None)
    assert {figure.label: figure.text for figure in sections.sections(document).figures} == {
        "Permissions": "0 newly allowed, 0 no longer allowed", "Policies": "not judged", "Cost": "not estimated",
        "Carbon": "not estimated",
    }  # fmt: skip
    assert "not judged" in text.render(document)


def test_policies_that_nobody_can_read_are_counted():
    document = documents.small()
    document["permissions"]["unknown"] = ["urn"]
    assert "1 undecided; 1 policy is unknown before and after" in text.render(document).replace("\n             ", " ")


def test_types_without_a_price_are_noted():
    document = documents.small()
    document["cost"]["unpriced_types"] = [{"type": "aws:kms/key:Key", "count": 3, "why": "no row"}]
    assert "  Cost: no price for kms.Key (3)" in lines_of(document)


def test_colour_is_for_terminals_only():
    def printed(**options):
        target = io.StringIO()
        text.print_report(documents.small(), Console(file=target, width=100, **options))
        return target.getvalue()

    assert printed() == text.render(documents.small())
    coloured = printed(force_terminal=True, color_system="standard")
    assert "\x1b[1;31m !! A feature is removed" in coloured
    assert "\x1b[1;31m  ! iam-no-service-wildcard" in coloured
    assert "\x1b[33m  ! tag-owner" in coloured
    assert "\n  - s3-logging" in coloured


def test_markup_of_the_terminal_is_plain_text():
    target = io.StringIO()
    text.print_report(documents.hostile(), Console(file=target, width=100), full=True)
    assert "[bold red]rich[/]" in target.getvalue()


@given(st.text(), st.integers(30, 120))
def test_a_cut_text_fits_and_tells_how_much_is_missing(told, limit):
    cut = values.cut(told, limit)
    assert len(cut) <= limit
    if len(told) > limit:
        left_out = int(cut.partition("…[")[2].partition(" left out]")[0].replace(",", ""))
        kept = len(cut) - len(f"…[{left_out:,} left out]…")
        assert left_out + kept == len(told)
        assert cut[0] == told[0]
        assert cut[-1] == told[-1]
    else:
        assert cut == told


@given(st.text(max_size=300), st.text(max_size=30), st.text(max_size=30), st.text(max_size=300))
@example("x" * 300, "a", "aa", "a" * 300)
@example("x" * 300, "1", "22", "y" * 300)
@example("x" * 20, "1", "2" * 30, "y" * 300)
def test_of_long_values_the_part_that_differs_is_shown(front, one, other, back):
    left, right = values.value_pair(f"{front}{one}{back}", f"{front}{other}{back}", 120)
    assert max(len(left), len(right)) <= 120
    assert "[0 left out]" not in left + right
    assert (left == right) == (values.value(f"{front}{one}{back}") == values.value(f"{front}{other}{back}"))


def test_a_long_policy_shows_what_it_newly_says():
    before = {"Statement": [{"Sid": "a" * 200, "Action": "s3:GetObject", "Resource": "b" * 200}]}
    after = {"Statement": [{**before["Statement"][0], "Action": "s3:*"}]}
    left, right = values.value_pair(before, after, 80)
    assert '"s3:GetObject"' in left
    assert '"s3:*"' in right
    assert "left out]" in right


@given(st.text())
def test_clean_text_is_one_line_without_anything_that_acts(told):
    cleaned = values.clean(told)
    assert not [sign for sign in cleaned if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert cleaned == cleaned.strip()
    assert values.clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("ml.m5.large", '"ml.m5.large"'), (True, "true"), (None, "null"), (1.5, "1.5"), (MASK, "[secret]"),
        (UNKNOWN, "(unknown until up)"), ({"b": 1, "a": [UNKNOWN]}, '{"a": [(unknown until up)], "b": 1}'),
        (f"arn:{UNKNOWN}/x", '"arn:(unknown until up)/x"'), ("a\nb", '"a\\nb"'),
    ],
)  # fmt: skip
def test_values_read_as_pulumi_shows_them(data, expected):
    assert values.value(data) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (600, "10 min"),
        (5400, "1 h 30 min"),
        (172800, "2 d"),
        (90061, "1 d 1 h"),
        (0.4, "0 s"),
    ],
)
def test_durations_read_in_two_units(seconds, expected):
    assert values.duration(seconds) == expected


@pytest.mark.parametrize(
    ("versions", "seconds", "expected"),
    [
        (("3", "4"), 90, "m, endpoint e: version 3 to 4, canary, at least 1 min 30 s"),
        (("3", "3"), 60, "m, endpoint e: version 3, canary, at least 1 min"),
        ((None, "1"), 0, "m, endpoint e: version 1, canary, at once"),
        ((None, None), 60, "m, endpoint e: canary, at least 1 min"),
    ],
)
def test_a_release_is_told_in_one_line(versions, seconds, expected):
    before, after = versions
    made = documents.release("m", endpoint="e", from_version=before, to_version=after, strategy="canary",
                             seconds=seconds)  # fmt: skip
    assert sections.release_title(made) == expected


@pytest.mark.parametrize(
    ("at", "until", "expected"),
    [(0, 0, "at once"), (60, 60, "at 1 min"), (0, 60, "0 s to 1 min"), (60, None, "from 1 min")],
)
def test_a_stage_says_when_it_is(at, until, expected):
    assert sections.stage_time({"at_seconds": at, "until_seconds": until}) == expected
