"""Addresses of the feature store's run time."""

from mlops_estate.embedded.backends.feature_store_runtime.responses import FeatureStoreRuntimeResponse

url_bases = [r"https?://featurestore-runtime\.sagemaker\.(.+)\.amazonaws\.com"]

url_paths = {
    "{0}/FeatureGroup/(?P<FeatureGroupName>[^/]+)$": FeatureStoreRuntimeResponse.dispatch,
    "{0}/BatchGetRecord$": FeatureStoreRuntimeResponse.dispatch,
}
