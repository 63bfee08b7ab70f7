#!/bin/sh
# Makes .venv from the pinned, hash-checked requirements ("install.sh dev" adds the tools of the tests); a second call returns at once.
set -eu
cd "$(dirname "$0")/.."
unset PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT

die() { echo "$1" >&2; exit 1; }

in_range() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }

# Prints the first Python in the range, one that can make a complete environment if there is one.
find_python() {
    fallback=
    for python in ${PYTHON:-} python3.13 python3.12 python3.11 python3 /usr/bin/python3; do
        in_range "$python" || continue
        if "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then echo "$python"; return; fi
        fallback=${fallback:-$python}
    done
    echo "$fallback"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

make_venv() {
    python=$(find_python)
    [ -n "$python" ] || die "Qiyue needs Python 3.11, 3.12 or 3.13 and found none: install it (Debian, Ubuntu: apt install python3 python3-venv)."
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        echo "Python's venv module is missing; trying to install $package …"
        (as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y "$package") >install.log 2>&1 &&
            "$python" -c 'import ensurepip, venv' >>install.log 2>&1 ||
            die "Python's venv module is missing: install it (Debian, Ubuntu: apt install $package) and run make again."
    fi
    "$python" -m venv --clear .venv >install.log 2>&1 || die "Could not make .venv with $python; see install.log."
    rm -f install.log
}

case ${1:-} in
    dev) requirements=requirements-dev.txt ;;
    *) requirements=requirements.txt ;;
esac
stamp=.venv/installed-$requirements

# What a stamp says: these requirements, for this Python.
state_of() { echo "$(cksum <"$1") $(.venv/bin/python -V 2>&1)"; }

if in_range .venv/bin/python && [ "$(cat "$stamp" 2>/dev/null)" = "$(state_of "$requirements")" ]; then exit 0; fi

if ! { in_range .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; }; then make_venv; fi

echo "Installing $requirements into .venv (about a minute) …"
log=.venv/pip.log
if ! .venv/bin/python -m pip install --require-hashes --disable-pip-version-check --no-input --retries 3 -r "$requirements" >"$log" 2>&1; then
    if grep -qE 'Retrying|ConnectionError|ConnectTimeout|ReadTimeout|Temporary failure|Connection broken|ProxyError|SSLError|timed out' "$log"; then
        die "The packages could not be downloaded: check the network (pip's account is in $log) and run make again."
    fi
    die "pip could not install $requirements: $(grep -m1 '^ERROR' "$log" || echo 'no reason given') (all of it in $log)"
fi
state_of "$requirements" >"$stamp"
# The development requirements hold the others, at the same versions.
if [ "$requirements" = requirements-dev.txt ]; then state_of requirements.txt >.venv/installed-requirements.txt; fi
