#!/usr/bin/env bash
# Makes the Python environments of scripts/make-release-fixtures.py: `bash scripts/oracle/make-releases.sh [VERSION ...]`.
#
# One a file of scripts/oracle/releases (all by default), each with Orbax at that version and the JAX, Flax and
# TensorStore of its time, in $ORBAX_RELEASES or <temporary folder>/orbax-releases. About 0.5 GB each. Those of Orbax
# 0.12.8 and 0.11.20 are made by make.sh. An environment whose pins did not change is left alone.
# Needs Python 3.11: the first of $PYTHON, python3.11, python3, python that is one.
set -euo pipefail

scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
place="${ORBAX_RELEASES:-${TMPDIR:-/tmp}/orbax-releases}"

python=""
for candidate in "${PYTHON:-}" python3.11 python3 python; do
  [ -n "$candidate" ] || continue
  if "$candidate" -c 'import sys, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; then
    python="$(command -v "$candidate")"
    break
  fi
done
[ -n "$python" ] || { echo "make-releases.sh: no Python 3.11 with ensurepip found; set PYTHON to one" >&2; exit 1; }

mkdir -p "$place"
# uv resolves nothing here (everything is pinned), but installs several times faster than pip, and links files
# that two environments share.
if [ ! -x "$place/tools/bin/uv" ]; then
  "$python" -m venv "$place/tools"
  "$place/tools/bin/python" -m pip install --quiet --disable-pip-version-check uv==0.13.9
fi

make_environment() {
  local version="$1" pins="$scripts/releases/$1.txt" folder="$place/$1" started=$SECONDS hash
  [ -f "$pins" ] || { echo "make-releases.sh: no $pins" >&2; return 1; }
  hash="$(sha256sum <"$pins" | cut -d' ' -f1)"
  if [ "$(cat "$folder/pins.sha256" 2>/dev/null)" = "$hash" ]; then
    echo "$version: complete"
    return
  fi
  rm -rf "$folder"
  "$python" -m venv --without-pip "$folder"
  "$place/tools/bin/uv" pip install --quiet --no-deps --python "$folder/bin/python" -r "$pins"
  JAX_PLATFORMS=cpu TF_CPP_MIN_LOG_LEVEL=3 "$folder/bin/python" -W ignore -c 'import orbax.checkpoint, flax, optax'
  echo "$hash" >"$folder/pins.sha256"
  echo "$version: made in $((SECONDS - started)) s"
}

if [ $# -eq 0 ]; then
  for pins in "$scripts"/releases/*.txt; do set -- "$@" "$(basename "$pins" .txt)"; done
fi
for version in "$@"; do make_environment "$version"; done
