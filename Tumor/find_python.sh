# Sourced by run.sh and test.sh: sets `python` to an interpreter that the pinned packages exist for, or ends the script.
# Expects `here`, the folder of the script that sources it.

# A name on the PATH proves nothing (version managers leave names that only print an error), so each one is really run.
is_usable() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

python=
# The environment made at the first start comes before the system's names: it stays the same when those change.
for candidate in "${PYTHON:-}" "$here/.venv/bin/python" python3 python3.13 python3.12 python3.11; do
    [ -n "$candidate" ] || continue
    if is_usable "$candidate"; then
        python=$candidate
        break
    fi
    if [ "$candidate" = "${PYTHON:-}" ]; then
        echo "PYTHON=$candidate is not Python 3.11, 3.12 or 3.13; looking for another one." >&2
    fi
done

if [ -z "$python" ]; then
    echo "Python 3.11, 3.12 or 3.13 is needed and was not found." >&2
    echo "Please install one of them, or name it: PYTHON=/path/to/python $0" >&2
    exit 1
fi
