"""Answer InvokeEndpoint in process: the model package's own code, called as SageMaker's scikit-learn container does.

The container unpacks `model.tar.gz` to /opt/ml/model, imports SAGEMAKER_PROGRAM from SAGEMAKER_SUBMIT_DIRECTORY, calls
`model_fn(model_dir)` once, and for each request `input_fn(body, content_type)`, `predict_fn(data, model)` and
`output_fn(prediction, accept)` (github.com/aws/sagemaker-scikit-learn-container, `serving.py`). Model packages of the
training pipeline carry their code as `code/inference.py` and name it in the container's environment.

Only packages that the embedded account itself stored are loaded: loading one runs its code in this process.
"""

from __future__ import annotations

import importlib.util
import io
import itertools
import shutil
import sys
import tarfile
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from mlops_pipelines.steps.archives import unpack

Handler = Callable[[bytes, str, str], tuple[bytes, str]]
"""Takes a request's body, content type and accepted type; returns the answer's body and content type."""

FUNCTIONS = ("model_fn", "input_fn", "predict_fn", "output_fn")
PROGRAM = "inference.py"
_loaded = itertools.count(1)


class ModelNotServable(RuntimeError):  # noqa: N818 -- the endpoint's state, as its failure reason says it
    """The container would not start: the package cannot be unpacked, or lacks code or a function."""


class ModelError(RuntimeError):
    """The model's code failed on a request, as InvokeEndpoint reports it (HTTP 424, original status 500)."""

    status, original_status = 424, 500

    def __init__(self, function: str, error: Exception) -> None:
        super().__init__(f"{function} raised {type(error).__name__}: {error}")
        self.original_message = str(error)


def load_endpoint_handler(model_tar: bytes, source: bytes | None = None, program: str = PROGRAM) -> Handler:
    """Load a model package and return what answers its requests.

    `source` is the source tarball where SAGEMAKER_SUBMIT_DIRECTORY is an S3 URI; by default the code lies in the
    package, under `code/`. `program` is SAGEMAKER_PROGRAM, a path inside either. All four functions have to be defined:
    the container's defaults for the last three are not emulated.

    Raises `ModelNotServable`; the handler raises `ModelError`. The unpacked files go when the handler does.
    """
    return _Endpoint(model_tar, source, program)


class _Endpoint:
    def __init__(self, model_tar: bytes, source: bytes | None, program: str) -> None:
        folder = Path(tempfile.mkdtemp(prefix="estate-endpoint-"))
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        model_dir = _unpacked(model_tar, folder / "model", "the model package")
        code = model_dir / "code" if source is None else _unpacked(source, folder / "source", "the source tarball")
        self._module = _imported(code, program)
        self._forget = weakref.finalize(self, sys.modules.pop, self._module.__name__, None)
        try:
            self._model = self._module.model_fn(str(model_dir))
        except Exception as error:
            raise ModelNotServable(f"model_fn raised {type(error).__name__}: {error}") from error

    def __call__(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        data = self._call("input_fn", body, content_type)
        prediction = self._call("predict_fn", data, self._model)
        answer = self._call("output_fn", prediction, accept)
        content, kind = answer if isinstance(answer, tuple) else (answer, accept)
        return content if isinstance(content, bytes) else str(content).encode(), kind

    def _call(self, function: str, *arguments: Any) -> Any:
        try:
            return getattr(self._module, function)(*arguments)
        except Exception as error:
            raise ModelError(function, error) from error


def _unpacked(archive: bytes, folder: Path, what: str) -> Path:
    folder.mkdir()
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            unpack(opened, folder)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ModelNotServable(f"{what} cannot be unpacked: {error}") from error
    return folder


def _imported(code: Path, program: str) -> ModuleType:
    path = (code / program).resolve()
    if not path.is_relative_to(code.resolve()) or not path.is_file():
        raise ModelNotServable(f"there is no {code.name}/{program} to serve the model with")
    name = f"_estate_endpoint_{next(_loaded)}"
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise ModelNotServable(f"{program} is no Python file")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # a dataclass looks its module up there
    sys.path.insert(0, str(path.parent))  # as in the container: the code may import its neighbours
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ModelNotServable(f"{program} cannot be imported: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(path.parent))
    if missing := [function for function in FUNCTIONS if not callable(getattr(module, function, None))]:
        del sys.modules[name]
        raise ModelNotServable(f"{program} does not define {', '.join(missing)}")
    return module
