/** Shells that completion is for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/**
 * bash breaks words at `:`, `@` and `=`, of which names of packages are made: the word is read from the line itself, and what stands
 * before its last break is taken off each answer, because readline puts the answer after it (`@` it replaces too). In quotes it
 * breaks at none.
 */
const BASH = `# hanse completion for bash: eval "$(hanse completion bash)"
_hanse() {
  local line="\${COMP_LINE:0:COMP_POINT}" current before quote="" answer
  current="\${line##*[[:space:]]}"
  read -ra before <<<"\${line:0:\${#line}-\${#current}}"
  before=("\${before[@]:1}")
  case "$current" in \\'*|\\"*) quote="\${current:0:1}"; current="\${current:1}" ;; esac
  local breaks="" mark
  for mark in : @ =; do [[ $COMP_WORDBREAKS == *"$mark"* ]] && breaks+="$mark"; done
  local typed="$current" cut=""
  [[ -z $quote && -n $breaks ]] && typed="\${current##*[$breaks]}"
  cut="\${current:0:\${#current}-\${#typed}}"
  cut="\${cut%@}"
  COMPREPLY=()
  while IFS= read -r answer; do
    [[ $answer == "$cut"* ]] || continue
    [[ $answer == *: ]] && compopt -o nospace 2>/dev/null
    COMPREPLY+=("\${answer#"$cut"}")
  done < <(command hanse completion words \${current:+--current="$current"} -- "\${before[@]}" 2>/dev/null)
}
complete -o default -F _hanse hanse`

const ZSH = `#compdef hanse
# hanse completion for zsh: eval "$(hanse completion zsh)" after compinit
_hanse() {
  local -a before answers
  local current="\${(Q)PREFIX}"
  before=("\${(@Q)words[2,CURRENT-1]}")
  answers=("\${(@f)$(command hanse completion words \${current:+--current=$current} -- $before 2>/dev/null)}")
  answers=(\${answers:#})
  if (( \${#answers} == 0 )); then
    _files
  else
    compadd -S '' -- \${(M)answers:#*:}
    compadd -- \${answers:#*:}
  fi
}
if [[ \${zsh_eval_context[-1]} == loadautofunc ]]; then _hanse "$@"; else compdef _hanse hanse; fi`

const FISH = `# hanse completion for fish: hanse completion fish | source
function __hanse_words
    set -l current (commandline -ct)
    set -l before (commandline -opc)
    if test -n "$current"
        command hanse completion words --current="$current" -- $before[2..-1] 2>/dev/null
    else
        command hanse completion words -- $before[2..-1] 2>/dev/null
    end
end
complete -c hanse -a '(__hanse_words)'`

/** What a shell reads to complete `hanse`. */
export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH }
