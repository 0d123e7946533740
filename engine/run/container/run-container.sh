# Mounts a container's root and becomes its runtime. It has mounts of its own, which end with it and the container, so
# that nothing of a container is ever mounted on the machine.
#
# sh run-container.sh ERRORS UMOUNT MOUNT OPTIONS LAYERS ROOT [HIDDEN...] -- RUNTIME ARGUMENT...
#   ERRORS   file for what is to be said of a failed start
#   UMOUNT, MOUNT  the tools
#   OPTIONS  of the overlayfs, the directory its layers are named from, and where it is mounted; empty: ROOT is as it
#            stands
#   HIDDEN   mounts that the runtime must not see
__plinth_container() {
  errors=$1 umount=$2 mount=$3 options=$4 layers=$5 root=$6
  shift 6
  while [ "$1" != -- ]; do
    "$umount" "$1" 2>"$errors" || exit 125
    shift
  done
  shift
  if [ -n "$options" ]; then
    cd -- "$layers" 2>"$errors" && "$mount" -t overlay -o "$options" overlay "$root" 2>"$errors" || exit 125
  fi
  exec "$@"
}

__plinth_container "$@"
