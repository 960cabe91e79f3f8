"""The JSON Schema of a whole `Pulumi.<environment>.yaml`, so that editors complete and check it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from mlops_estate.config.blocks import block_of
from mlops_estate.config.classes import ClassDefault
from mlops_estate.config.estate import EstateBlock
from mlops_estate.config.models import ModelBlock
from mlops_estate.config.names import MODEL_NAME

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the schema as plain data. Defaults that depend on the environment's class are in each description."""
    definitions: dict[str, Any] = {}
    for root in (EstateBlock, ModelBlock):
        schema = root.model_json_schema(ref_template="#/$defs/{model}")
        definitions.update(schema.pop("$defs", {}))
        definitions[root.__name__] = schema
        _describe_class_defaults(root, definitions)
    # The environment's own name decides the class where it is dev, staging or prod.
    definitions["EstateBlock"]["required"].remove("environment_class")
    return {
        "$schema": DIALECT,
        "title": "Configuration of an environment",
        "description": "Pulumi.<environment>.yaml of mlops-estate",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "required": ["mlops-estate:estate", "mlops-estate:models"],
                "properties": {
                    "mlops-estate:estate": {"$ref": "#/$defs/EstateBlock"},
                    "mlops-estate:models": {
                        "type": "object",
                        "description": "One block for each model, by name.",
                        "propertyNames": {"pattern": f"^{MODEL_NAME.pattern}$"},
                        "additionalProperties": {"$ref": "#/$defs/ModelBlock"},
                    },
                },
            }
        },
        "$defs": dict(sorted(definitions.items())),
    }


def _describe_class_defaults(model: type[BaseModel], definitions: dict[str, Any]) -> None:
    properties = definitions[model.__name__]["properties"]
    for name, field in model.model_fields.items():
        inner = block_of(field.annotation)
        properties[name].setdefault("description", field.description)  # pydantic leaves it out beside a reference
        if inner is not None:
            _describe_class_defaults(inner, definitions)
        if isinstance(field.default_factory, ClassDefault):
            values = field.default_factory.values
            shown = ", ".join(f"{key} {_shown(value)}" for key, value in values.items())
            same = len({str(value) for value in values.values()}) == 1
            text = _shown(values["prod"]) if same else shown
            properties[name]["description"] += f" Default: {text}."
            properties[name]["x-default-by-class"] = values


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
