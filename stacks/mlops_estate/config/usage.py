"""How much a model and its environment are used: what cost and carbon are estimated from; nothing is declared by it."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mlops_estate.config.classes import Block

MOST = 10**12
"""Most of anything that is counted a month: a trillion is more than any service of AWS answers in one account."""
MOST_GB = 10**9
"""Most GB: a billion of them is an exabyte."""
MONTH_HOURS = 744
"""Hours of the longest month: 31 days."""


def used(description: str, example: float, *, most: float = MOST, above: float | None = None) -> Any:
    """Declare a figure of usage that isn't negative, at most `most`, and above `above` where that is given."""
    least = 0 if above is None else None
    return Field(default=None, ge=least, gt=above, le=most, description=description, examples=[example])


class UsageBlock(Block):
    """How much the model is used. What isn't written is assumed by environment class, as a range
    (docs/reference/cost.md); nothing here changes what is declared."""

    requests_per_month: float | None = used("Requests to the endpoint a month.", 1_000_000)
    request_kb: float | None = used("Average size of a request, in kB (1000 bytes).", 2, most=1_000_000)
    response_kb: float | None = used("Average size of an answer, in kB (1000 bytes).", 0.5, most=1_000_000)
    inference_ms: float | None = used(
        "Time that one request takes in the container, in milliseconds.", 20, most=3_600_000, above=0
    )
    active_hours_per_day: float | None = used(
        "Hours of an active day in which the requests come.", 12, most=24, above=0
    )
    active_days_per_week: float | None = used("Days of a week on which requests come.", 5, most=7, above=0)
    training_runs_per_month: float | None = used(
        "Runs of the training pipeline a month, scheduled and by hand.", 4, most=100_000
    )
    training_hours: float | None = used("Hours of one run of the training job.", 0.5, most=MONTH_HOURS)
    processing_hours: float | None = used(
        "Hours of one processing job of the training pipeline.", 0.2, most=MONTH_HOURS
    )
    monitoring_minutes: float | None = used("Minutes that one monitoring job runs.", 8, most=1440, above=0)
    raw_gb: float | None = used("Raw data that is kept, in GB.", 50, most=MOST_GB)
    curated_gb: float | None = used("Curated data and snapshots that are kept, in GB.", 100, most=MOST_GB)
    captured_gb: float | None = used(
        "Captured requests and answers that are kept, in GB. Default: computed from the requests, their size, the "
        "share that is captured and its retention.",
        20,
        most=MOST_GB,
    )
    artifacts_gb: float | None = used("Model versions, code and reports that are kept, in GB.", 10, most=MOST_GB)
    feature_reads_per_month: float | None = used("Records read from the online store a month.", 1_000_000)
    feature_writes_per_month: float | None = used("Records written to the feature group a month.", 100_000)
    feature_record_kb: float | None = used(
        "Average size of a feature record, in kB (AWS: at most 350).", 1, most=350, above=0
    )
    online_records: float | None = used("Records in the online store.", 100_000)


class EstateUsageBlock(Block):
    """How much the environment is used as a whole. What isn't written is assumed by environment class."""

    management_events: float | None = used("CloudTrail management events a month.", 200_000)
    data_events: float | None = used(
        "CloudTrail data events a month: calls to objects, endpoints and feature groups. Default: computed from the "
        "models' requests, feature reads and writes, and an assumed number of calls to objects.",
        2_000_000,
    )
    log_gb: float | None = used(
        "Logs of jobs, endpoints and functions that are ingested a month, in GB.", 5, most=MOST_GB
    )
    flow_log_gb: float | None = used("Flow logs of the network that are ingested a month, in GB.", 10, most=MOST_GB)
    private_traffic_gb: float | None = used(
        "Data that crosses the interface endpoints a month, in GB.", 50, most=MOST_GB
    )
    config_items: float | None = used("Configuration items that AWS Config records a month.", 2000)
    key_requests: float | None = used("Requests to the customer-managed keys a month.", 500_000)
    image_gb: float | None = used("Container images in the environment's repositories, in GB.", 10, most=MOST_GB)
    images_pushed: float | None = used("Container images pushed a month.", 10, most=1_000_000)
    query_gb: float | None = used("Data that queries of the audit logs scan a month, in GB.", 50, most=MOST_GB)
    alerts: float | None = used("Messages of alerts a month.", 100)
    studio_hours: float | None = used("Hours that one user's Studio space runs a month.", 60, most=MONTH_HOURS)
