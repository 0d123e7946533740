# The fixed launcher of the process driver. Nothing is ever spliced into this text: all that varies comes as
# positional parameters. It is the leader of the instance's session and outlives the daemon: it starts the command,
# waits, ends what the command left behind, and writes how it ended.
#
# It begins when its standard input says `go`. A daemon that dies earlier closes it instead: then nothing runs, and
# whoever looks for a launcher after its daemon's death finds it by the mark, or knows that it will never run anything.
#
# sh launcher.sh STATE MARK MV SLEEP GREP MEMBERS BEGIN...
#   STATE    directory the files `running`, `exit` and `cannot-start` are written to
#   MARK     value of PLINTH_INSTANCE_MARK in the environment of all that belongs to this start
#   MV SLEEP GREP  absolute paths, since PATH is the command's
#   MEMBERS  directory of the cgroup all members are in; empty: they are found by session and by MARK
#   BEGIN    what puts the command into its place and becomes it: begin.sh, inside the task's network where it has one
#
# Everything is in functions: the shell has read all of it before it runs any, so the file may be replaced meanwhile.
# The names are long because the command's environment shares the name space of this shell's variables.

__plinth_signal_members() { # SIGNAL: sends it to all but this process; false when there was nobody
  __plinth_found=1
  if [ -n "$__plinth_members" ]; then
    while IFS= read -r __plinth_pid; do
      kill -"$1" "$__plinth_pid" && __plinth_found=0
    done <"$__plinth_members/cgroup.procs"
    return "$__plinth_found"
  fi
  for __plinth_path in /proc/[0-9]*/stat; do
    IFS= read -r __plinth_line <"$__plinth_path" || continue
    __plinth_line=${__plinth_line##*) }
    case $__plinth_line in [ZX]*) continue ;; esac
    __plinth_line=${__plinth_line#* } # parent
    __plinth_line=${__plinth_line#* } # group
    __plinth_line=${__plinth_line#* } # session
    [ "${__plinth_line%% *}" = "$$" ] || continue
    __plinth_pid=${__plinth_path#/proc/}
    __plinth_pid=${__plinth_pid%/stat}
    [ "$__plinth_pid" = "$$" ] && continue
    kill -"$1" "$__plinth_pid" && __plinth_found=0
  done
  # Those that left the session still carry the mark. grep itself must not be among them.
  PLINTH_INSTANCE_MARK='' "$__plinth_grep" -lsxzF -e "PLINTH_INSTANCE_MARK=$__plinth_mark" \
    /proc/[0-9]*/environ >"$__plinth_state/marked" || return "$__plinth_found"
  while IFS= read -r __plinth_path; do
    __plinth_pid=${__plinth_path#/proc/}
    __plinth_pid=${__plinth_pid%/environ}
    [ "$__plinth_pid" = "$$" ] && continue
    kill -"$1" "$__plinth_pid" && __plinth_found=0
  done <"$__plinth_state/marked"
  return "$__plinth_found"
}

__plinth_end_members() { # a second to end by themselves, then by force; at most five seconds more
  # v1 has no cgroup.kill: the redirection fails and the loop kills them one by one.
  if ! __plinth_signal_members TERM; then
    # Cgroups that the command made below its own are not listed, but are killed along.
    [ -n "$__plinth_members" ] && echo 1 >"$__plinth_members/cgroup.kill"
    return
  fi
  __plinth_rounds=20
  while __plinth_signal_members 0; do
    [ "$__plinth_rounds" -gt 0 ] || break
    __plinth_rounds=$((__plinth_rounds - 1))
    "$__plinth_sleep" 0.05
  done
  __plinth_rounds=100
  while
    [ -n "$__plinth_members" ] && echo 1 >"$__plinth_members/cgroup.kill"
    __plinth_signal_members KILL
  do
    [ "$__plinth_rounds" -gt 0 ] || break
    __plinth_rounds=$((__plinth_rounds - 1))
    "$__plinth_sleep" 0.05
  done
}

__plinth_main() {
  __plinth_state=$1 __plinth_mark=$2 __plinth_mv=$3 __plinth_sleep=$4 __plinth_grep=$5
  __plinth_members=$6
  shift 6
  IFS= read -r __plinth_go && [ "$__plinth_go" = go ] || exit 125
  exec </dev/null
  # Trapped, not ignored: the command gets the default dispositions back, and signals to the whole group spare us.
  trap : HUP INT QUIT TERM USR1 USR2 ALRM PIPE
  IFS= read -r __plinth_boot </proc/sys/kernel/random/boot_id
  IFS= read -r __plinth_launcher <"/proc/$$/stat"
  # A shell reports killed commands on its standard error; that is the instance's log, and none of the shell's business.
  exec 3>&2 2>/dev/null
  # In the foreground: a shell makes background commands ignore SIGINT and SIGQUIT for good.
  (
    IFS= read -r __plinth_self </proc/self/stat
    # Recorded before it may run, and before its limits might forbid the fork that `mv` needs. BEGIN never forks away:
    # it stays this very process.
    printf '%s\n' "$__plinth_mark" "$__plinth_boot" "$__plinth_launcher" "$__plinth_self" \
      >"$__plinth_state/running.new" && "$__plinth_mv" -f "$__plinth_state/running.new" "$__plinth_state/running" ||
      exit 125
    exec "$@"
  ) 2>&3 3>&-
  __plinth_status=$?
  # Where the command could not be moved into its cgroup, members are found as if there were none.
  if [ -n "$__plinth_members" ]; then
    [ -e "$__plinth_state/cannot-start" ] && __plinth_members=
  fi
  __plinth_end_members
  printf '%s\n' "$__plinth_mark" "$__plinth_status" >"$__plinth_state/exit.new" &&
    "$__plinth_mv" -f "$__plinth_state/exit.new" "$__plinth_state/exit"
  exit "$__plinth_status"
}

__plinth_main "$@"
