# shellcheck shell=bash
# Completion for bash. Verbs and options are what the command's own --help lists.

_portcullis_options()
{
    "${COMP_WORDS[0]}" "$1" --help 2>/dev/null | grep -oE -- '(^|[ [,])--?[a-z][a-z-]*' | tr -d ' [,' | sort -u
}

_portcullis()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]} i

    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" --help 2>/dev/null |
            sed -n 's/^  \([a-z]*\) .*/\1/p') --help --version" -- "$word")
        return
    fi
    # behind '--' there is a program of its own
    for ((i = 2; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -- ]] || continue
        if ((i + 1 == COMP_CWORD)); then
            mapfile -t COMPREPLY < <(compgen -c -- "$word")
        else
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
        fi
        return
    done
    case $verb$before in
    *--backend) mapfile -t COMPREPLY < <(compgen -W "ptrace notify" -- "$word") ;;
    *--arguments) mapfile -t COMPREPLY < <(compgen -W "none safe all" -- "$word") ;;
    *--engine) mapfile -t COMPREPLY < <(compgen -W "crun runc docker" -- "$word") ;;
    export--to | import--from)
        mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" "$verb" --help 2>/dev/null |
            sed -n 's/^  \([a-z]\{3,\}\)  .*/\1/p')" -- "$word")
        ;;
    groups*)
        mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" groups 2>/dev/null |
            grep -oE '^ *@[a-z-]+' | tr -d ' ')" -- "$word")
        ;;
    *)
        if [[ $word == -* ]]; then
            mapfile -t COMPREPLY < <(compgen -W "$(_portcullis_options "$verb")" -- "$word")
        else
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
        fi
        ;;
    esac
}

complete -F _portcullis portcullis
