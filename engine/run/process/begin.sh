# Puts a command into its place, and becomes it. The one place where an instance's command is executed.
#
# sh begin.sh STATE STRICT PLACE... JOINS JOIN... COMMAND ARGUMENT...
#   STATE    directory the files `begun` and `cannot-start` are written to
#   STRICT   1: the command does not run unless every JOIN worked
#   PLACE    "-": the place it is in already; else the five arguments MOUNT SYS RESOLV HOSTS NSSWITCH:
#            the tool, an empty directory, and what it shall see in /etc as resolv.conf, hosts and, unless empty,
#            nsswitch.conf. It must have mounts and a network of its own then.
#   JOINS    how many cgroup.procs files follow, which it is written into before it runs
#   COMMAND  with a PLACE: what takes capabilities away and then runs this file again, for the command itself
#
# Mounts come before the cgroups, whose limits may forbid the forks that `mount` needs.
__plinth_place() { # MOUNT SYS RESOLV HOSTS NSSWITCH
  # The host's /sys shows the host's network; the cgroups in it are everybody's.
  "$1" -t sysfs -o ro,nosuid,nodev,noexec sysfs "$2" || return
  if [ -e /sys/fs/cgroup/. ]; then "$1" --rbind /sys/fs/cgroup "$2/fs/cgroup" || return; fi
  "$1" --move "$2" /sys || return
  "$1" --bind "$3" /etc/resolv.conf || return
  "$1" --bind "$4" /etc/hosts || return
  if [ -n "$5" ]; then "$1" --bind "$5" /etc/nsswitch.conf || return; fi
  # Name caches answer over a socket, with what the host knows.
  if [ -d /run/nscd ]; then "$1" -t tmpfs -o size=4k tmpfs /run/nscd || return; fi
}

__plinth_begin() {
  __plinth_state=$1 __plinth_strict=$2
  shift 2
  if [ "$1" = - ]; then
    shift
    echo >"$__plinth_state/begun"
  else
    __plinth_place "$1" "$2" "$3" "$4" "$5" || exit 125
    shift 5
  fi
  __plinth_joins=$1
  shift
  while [ "$__plinth_joins" -gt 0 ]; do
    if ! echo 0 >"$1"; then
      printf 'join %s\n' "$1" >"$__plinth_state/cannot-start"
      [ "$__plinth_strict" = 1 ] && exit 125
    fi
    shift
    __plinth_joins=$((__plinth_joins - 1))
  done
  trap 'printf "exec %s\n" "$?" >"$__plinth_state/cannot-start"' EXIT # runs only when exec fails
  exec "$@"
}

__plinth_begin "$@"
