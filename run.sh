#!/bin/sh
# Starts the site: ./run.sh [--host H] [--port P]. Everything that matters happens in Tumor/starter.py.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/Tumor/find_python.sh"
exec "$python" "$here/Tumor/starter.py" run "$@"
