import type { Context } from "../command.ts";

/**
 * Each script asks `plinth __complete WORD...` for the candidates of the last word, one per line with a tab before
 * its description; ":files" and ":directories" leave it to the shell.
 */
const scripts: Readonly<Record<string, string>> = {
  bash: `# bash completion for plinth: eval "$(plinth completion bash)"
_plinth() {
  local candidate description
  local -a names
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate description; do
    case $candidate in
      :files)
        mapfile -t names < <(compgen -f -- "$2")
        COMPREPLY+=("\${names[@]}")
        compopt -o filenames
        ;;
      :directories)
        mapfile -t names < <(compgen -d -- "$2")
        COMPREPLY+=("\${names[@]}")
        compopt -o filenames
        ;;
      *=) COMPREPLY+=("$candidate"); compopt -o nospace ;;
      *) COMPREPLY+=("$candidate") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _plinth plinth
`,
  zsh: `#compdef plinth
# zsh completion for plinth: eval "$(plinth completion zsh)"
_plinth() {
  local -a candidates
  local line
  while IFS= read -r line; do
    case $line in
      :files) _files ;;
      :directories) _files -/ ;;
      *) candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( $#candidates )) && _describe plinth candidates
}
if [ "$funcstack[1]" = "_plinth" ]; then _plinth "$@"; else compdef _plinth plinth; fi
`,
  fish: `# fish completion for plinth: plinth completion fish > ~/.config/fish/completions/plinth.fish
function __plinth_candidates
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in (plinth __complete $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path "$current"
            case ':directories'
                __fish_complete_directories "$current"
            case '*'
                echo $line
        end
    end
end
complete -c plinth -f -a '(__plinth_candidates)'
`,
};

export async function run(context: Context): Promise<void> {
  context.output.stdout.write(scripts[context.required("SHELL")]!);
}
