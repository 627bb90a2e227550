#!/bin/sh
# Runs the tests: ./test.sh [--all] [pytest arguments]. Everything that matters happens in Tumor/starter.py.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/Tumor/find_python.sh"
exec "$python" "$here/Tumor/starter.py" test "$@"
