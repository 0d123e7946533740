# Runs a command inside a running instance: joins its cgroups, goes to a directory, then becomes the command.
# sh enter.sh JOINS JOIN... DIRECTORY COMMAND ARGUMENT...
# DIRECTORY may be empty: the one it is in.
__plinth_enter() {
  __plinth_joins=$1
  shift
  while [ "$__plinth_joins" -gt 0 ]; do
    echo 0 >"$1" || exit 125
    shift
    __plinth_joins=$((__plinth_joins - 1))
  done
  if [ -n "$1" ]; then cd -- "$1" || exit 126; fi
  shift
  exec "$@"
}

__plinth_enter "$@"
