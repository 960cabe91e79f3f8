# Sourced by ./estate and ./check: an isolated .venv from a hash-pinned lock, rebuilt only when the lock changes.

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$candidate"
            return 0
        fi
    done
    echo "mlops-estate needs Python 3.11 or newer on PATH (or named by PYTHON=...); none was found." >&2
    return 3
}

# prepare FOLDER LOCK [project]: with `project`, install this project editable on top of the lock.
prepare() {
    folder=$1
    lock=$2
    stamp=$(cat "$lock" pyproject.toml | cksum)
    [ "$(cat "$folder/.ready" 2>/dev/null)" = "$stamp" ] && return 0
    # The development lock holds everything of the run-time lock at the same versions, so it serves both.
    if [ "$lock" = requirements.lock ] && [ "$(cat "$folder/.ready" 2>/dev/null)" = "$(cat requirements-dev.lock pyproject.toml | cksum)" ]; then
        return 0
    fi
    python=$(find_python) || return 3
    echo "Setting up $folder from $lock with $("$python" --version) (once; a minute or two) ..." >&2
    rm -f "$folder/.ready"
    [ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    if [ "${3:-}" = project ]; then
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
    fi
    echo "$stamp" >"$folder/.ready"
}
