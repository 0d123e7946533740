# Runs a command inside a running instance: joins its cgroups, then becomes the command.
# sh enter.sh JOINS JOIN... COMMAND ARGUMENT...
__plinth_enter() {
  __plinth_joins=$1
  shift
  while [ "$__plinth_joins" -gt 0 ]; do
    echo 0 >"$1" || exit 125
    shift
    __plinth_joins=$((__plinth_joins - 1))
  done
  exec "$@"
}

__plinth_enter "$@"
