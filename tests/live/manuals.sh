#!/bin/bash
# The manuals are sound, and say what --help says; the completions load, and know as much.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$ROOT" || exit 1
PATH=$BUILD:$PATH

for page in shim/tool/portcullis.1 config/portcullis.ini.5 shim/libportcullis.7; do
    # whether other manuals are there is this machine's affair
    is "$(mandoc -T lint "$page" 2>/dev/null | grep -v 'referenced manual not found')" "" \
        "mandoc finds nothing in ${page##*/}"
done

# section VERB: what the manual says of it.
section()
{
    sed -n "/^\.Ss $1\$/,/^\.S[sh] /p" shim/tool/portcullis.1 | sed '$d'
}

# options VERB: those in its --help, but for --help.
options()
{
    portcullis "$1" --help | sed -nE '/^(usage:|  ? ? ? ? ? ?portcullis|  -)/{s/^  (-[^ ]+( [A-Z-]+|, -[^ ]+)*)  .*/\1/;p}' |
        grep -oE -- '(^|[ [,])--?[a-z][a-z-]*' | tr -d ' [,' | grep -vE '^(-h|--help)$' | sort -u
}

# documented VERB: the options in its section.
documented()
{
    section "$1" | grep -oE 'Fl (-[a-z][a-z-]*|[a-z])( |$)' | sed 's/^Fl //; s/ $//; s/^/-/' | sort -u
}

mapfile -t verbs < <(portcullis --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
is "$(sed -n 's/^\.Ss //p' shim/tool/portcullis.1 | sort)" "$(printf '%s\n' "${verbs[@]}" | sort)" \
    "every verb has a section"
is "$(options learn | wc -l) $(options doctor | wc -l)" "9 0" "options are found in --help"
for verb in "${verbs[@]}"; do
    is "$(documented "$verb")" "$(options "$verb")" "manual and --help of $verb have the same options"
done

is "$(sed -n 's/^\.It Ic \([a-z-]*\) .*/\1/p' config/portcullis.ini.5 | sort -u | paste -sd ' ')" \
    "audit children default include no-new-privileges program syscalls when" \
    "every key of the language has its place"
mapfile -t triggers < <(grep -oE '^    \{"[a-z0-9_]+"' config/triggers.c | tr -d ' {"')
is "$((${#triggers[@]} > 20))" 1 "there are functions that begin stages"
is "$(for trigger in "${triggers[@]}"; do
    grep -qE "(^|[ ,])${trigger}[,.]" config/portcullis.ini.5 || echo "$trigger"
done)" "" "all of them are in the manual"

# completed COMMAND...: what comes of it, in one line.
completed()
{
    "$@" </dev/null 2>&1 | tr -d '\r' | grep -vE '^ *$' | sort -u | paste -sd ' '
}

in_bash()
{
    bash -c '. shim/tool/completion/portcullis.bash; COMP_WORDS=(portcullis "$@")
        COMP_CWORD=$#; _portcullis; printf "%s\n" "${COMPREPLY[@]}"' - "$@"
}

is "$(completed in_bash ver)" "verify" "bash completes a verb"
is "$(completed in_bash verify --w)" "--wait" "bash completes an option"
is "$(completed in_bash groups @thr)" "@threads" "bash completes a group"
is "$(completed in_bash run x.ini -- bas | tr ' ' '\n' | grep -xE 'bash' | head -n 1)" bash \
    "bash completes a program"

# What stands in single quotes is for another shell.
# shellcheck disable=SC2016
if command -v fish >/dev/null; then
    in_fish()
    {
        HOME=$TMP fish --no-config -c 'source shim/tool/completion/portcullis.fish; complete -C "$argv"' -- "$@" |
            cut -f1
    }
    is "$(completed in_fish 'portcullis ver')" "verify" "fish completes a verb"
    is "$(completed in_fish 'portcullis verify --w')" "--wait" "fish completes an option"
    is "$(completed in_fish 'portcullis groups @thr')" "@threads" "fish completes a group"
else
    skip "fish completes a verb" "there is no fish"
fi
# shellcheck disable=SC2016
if command -v zsh >/dev/null; then
    # what a terminal shows for a tab
    in_zsh()
    {
        HOME=$TMP zsh -f -c 'zmodload zsh/zpty; zpty z "PS1= zsh -f -i"
            zpty -w z "fpath=($PWD/shim/tool/completion \$fpath); autoload -U compinit; compinit -D -u; PS1="
            zpty -w z "print rea\"\"dy"; zpty -m -r z line "*ready*"
            zpty -n -w z "$1"$'"'\t'"'; sleep 1; zpty -n -w z $'"'\x15'"'; zpty -w z "print do\"\"ne"
            zpty -m -r z line "*done*"; print -r -- "$line"' - "$1" | sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g'
    }
    like "$(in_zsh 'portcullis verif')" "portcullis verify " "zsh completes a verb"
    like "$(in_zsh 'portcullis verify --w')" "verify --wait " "zsh completes an option"
else
    skip "zsh completes a verb" "there is no zsh"
fi
finish
