"""The configuration and the components agree: what one accepts the other takes, under the names that were checked."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.support.programs import MODEL, configured, declared

from mlops_estate.config import names
from mlops_estate.config.monitoring import MONITORS
from mlops_estate.faults import FaultsFound


def test_resources_have_the_names_that_the_configuration_measured():
    config = configured("prod", version=1)
    prefix = config.prefix
    recorder = declared(config)

    def of(kind: str, key: str) -> set[str]:
        return {node.inputs[key] for node in recorder.registered.values() if node.type == kind}

    assert of("aws-native:sagemaker:Endpoint", "endpointName") == {names.endpoint(prefix, MODEL)}
    assert of("aws-native:sagemaker:FeatureGroup", "featureGroupName") == {names.feature_group(prefix, MODEL)}
    assert of("aws:sagemaker/pipeline:Pipeline", "pipelineName") == {
        names.pipeline(prefix, MODEL),
        f"{prefix}-{MODEL}-masking",  # shorter, so what fits one fits the other
    }
    assert of("aws:sagemaker/monitoringSchedule:MonitoringSchedule", "name") == {
        names.monitor(prefix, MODEL, kind) for kind in MONITORS
    }
    assert of("aws:sagemaker/modelPackageGroup:ModelPackageGroup", "modelPackageGroupName") == {
        names.model_package_group(config.estate.registry.prefix, MODEL)
    }
    assert of("aws:iam/role:Role", "name") >= {f"{prefix}-{MODEL}-{suffix}" for suffix in names.ROLE_SUFFIXES}
    assert of("aws:s3/bucket:Bucket", "bucket") == {
        names.bucket(prefix, purpose, "123456789012", "eu-west-1")
        for purpose in (*names.BUCKET_PURPOSES, *names.AUDIT_BUCKETS, "masked")
    }
    assert of("aws:budgets/budget:Budget", "name") == {f"{prefix}-monthly"}


MODELS = st.fixed_dictionaries(
    {},
    optional={
        "release": st.fixed_dictionaries(
            {"version": st.integers(1, 99_999)},
            optional={
                "strategy": st.sampled_from(["all_at_once", "canary", "linear", "rolling"]),
                "step_percent": st.integers(1, 100),
                "wait_seconds": st.integers(0, 3600),
                "termination_wait_seconds": st.integers(0, 3600),
                "max_execution_seconds": st.integers(600, 28_800),
                "previous": st.integers(1, 99_999),
            },
        ),
        "serving": st.fixed_dictionaries(
            {},
            optional={
                "instance_count": st.integers(1, 4),
                "serverless_memory_mb": st.sampled_from([1024, 6144]),
                "capture_percent": st.integers(0, 100),
            },
        ),
        "autoscaling": st.fixed_dictionaries(
            {}, optional={"enabled": st.booleans(), "max_instances": st.integers(1, 6)}
        ),
        "monitoring": st.fixed_dictionaries(
            {},
            optional={
                "enabled": st.booleans(),
                "max_runtime_seconds": st.integers(60, 86_400),
                "bias": st.booleans(),
                "explainability": st.booleans(),
                "label_delay_hours": st.integers(0, 8760),
            },
        ),
        "risk": st.sampled_from(["minimal", "limited", "high"]),
        "training": st.fixed_dictionaries(
            {"use_spot": st.booleans()}, optional={"max_runtime_seconds": st.integers(1, 1_000_000)}
        ),
        "features": st.fixed_dictionaries({"online": st.booleans()}, optional={"ttl_days": st.integers(1, 3650)}),
    },
)


@settings(deadline=None, max_examples=8, derandomize=True)
@given(environment=st.sampled_from(["dev", "staging", "prod"]), model=MODELS)
def test_the_components_take_whatever_the_configuration_accepts(environment, model):
    try:
        config = configured(environment, model=model)
    except FaultsFound:
        assume(False)
    recorder = declared(config)
    outputs = recorder.stack_outputs["models"][MODEL]
    assert ("endpoint" in outputs) == ("release" in model)
