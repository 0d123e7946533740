# Mounts a container's root and becomes its runtime. It has mounts of its own, which end with it and the container, so
# that nothing of a container is ever mounted on the machine.
#
# sh run-container.sh ERRORS HIDDEN UMOUNT OPTIONS MOUNT LAYERS ROOT RUNTIME ARGUMENT...
#   ERRORS   file for what is to be said of a failed start
#   HIDDEN   a mount that the runtime must not see, and the tool that takes it away; empty: none
#   OPTIONS  of the overlayfs, the tool that mounts it, the directory its layers are named from, and where it is mounted;
#            empty: ROOT is as it stands
__plinth_container() {
  if [ -n "$2" ]; then "$3" "$2" 2>"$1" || exit 125; fi
  if [ -n "$4" ]; then
    cd -- "$6" 2>"$1" && "$5" -t overlay -o "$4" overlay "$7" 2>"$1" || exit 125
  fi
  shift 7
  exec "$@"
}

__plinth_container "$@"
