#!/usr/bin/env bash
# Makes the Python environments of the live tests and the fixtures: `bash scripts/oracle/make.sh`.
#
#   .oracle/          Orbax 0.12.8 and Datarax 0.1.4     about 0.8 GB
#   .oracle-0.11.20/  Orbax 0.11.20                      about 0.7 GB
#
# Names of environments as arguments make only those. An environment whose pins did not change is left alone
# (a file in it holds their hash); one that is unfinished or has other pins is made anew.
# Needs Python 3.11: the first of $PYTHON, python3.11, python3, python that is one.
set -euo pipefail

scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$scripts/../.." && pwd)"

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3.11 python3 python; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; then
      command -v "$candidate"
      return
    fi
  done
  echo "make.sh: no Python 3.11 found; set PYTHON to one" >&2
  return 1
}

# Debian keeps ensurepip, without which venv makes no pip, in a package of its own.
require_ensurepip() {
  "$python" -c 'import ensurepip' 2>/dev/null && return
  echo "make.sh: this Python lacks ensurepip: installing python3-venv" >&2
  apt-get update -qq && apt-get install -y -qq python3-venv >&2
  "$python" -c 'import ensurepip'
}

# make_environment NAME REQUIREMENTS [REQUIREMENTS_WITHOUT_DEPENDENCIES]
make_environment() {
  local name="$1" requirements="$2" bare="${3:-}"
  local place="$root/$name" stamp="$root/$name/pins.sha256" pins started=$SECONDS
  pins="$(cat "$scripts/$requirements" ${bare:+"$scripts/$bare"} | sha256sum | cut -d' ' -f1)"
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$pins" ] && [ -x "$place/bin/python" ]; then
    echo "$name: complete"
    return
  fi
  [ -n "$python" ] || { python="$(find_python)"; require_ensurepip; }
  echo "$name: making it with $python"
  rm -rf "$place"
  "$python" -m venv "$place"
  "$place/bin/python" -m pip install --quiet --disable-pip-version-check -r "$scripts/$requirements"
  if [ -n "$bare" ]; then
    "$place/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$scripts/$bare"
  fi
  JAX_PLATFORMS=cpu TF_CPP_MIN_LOG_LEVEL=3 "$place/bin/python" -W ignore -c 'import orbax.checkpoint'
  echo "$pins" >"$stamp"
  echo "$name: made in $((SECONDS - started)) s"
}

# One at a time: a second run waits, then finds everything complete.
exec 9<"$scripts"
if command -v flock >/dev/null; then flock 9; fi

python=""
[ $# -gt 0 ] || set -- .oracle .oracle-0.11.20
for name in "$@"; do
  case "$name" in
    .oracle) make_environment "$name" requirements.txt requirements-datarax.txt ;;
    .oracle-0.11.20) make_environment "$name" requirements-0.11.20.txt ;;
    *) echo "make.sh: unknown environment $name: .oracle or .oracle-0.11.20" >&2; exit 2 ;;
  esac
done
