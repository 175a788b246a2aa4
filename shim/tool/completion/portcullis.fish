# Completion for fish. Verbs and options are what the command's own --help lists.

function __portcullis_verbs
    portcullis --help 2>/dev/null | string match -rg '^  ([a-z]+) +(.*)' | paste - -
end

function __portcullis_options
    portcullis (commandline -opc)[2] --help 2>/dev/null | string match -arg '(?:^|[ \[,])(--?[a-z][a-z-]*)' | sort -u
end

function __portcullis_formats
    portcullis (commandline -opc)[2] --help 2>/dev/null | string match -rg '^  ([a-z]{3,})  .*'
end

complete -c portcullis -n __fish_use_subcommand -f -a '(__portcullis_verbs)'
complete -c portcullis -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' \
    -a '(__portcullis_options)'
complete -c portcullis -n '__fish_seen_subcommand_from learn' -l backend -x -a 'ptrace notify'
complete -c portcullis -n '__fish_seen_subcommand_from learn' -l arguments -x -a 'none safe all'
complete -c portcullis -n '__fish_seen_subcommand_from export' -l engine -x -a 'crun runc docker'
complete -c portcullis -n '__fish_seen_subcommand_from export' -l to -x -a '(__portcullis_formats)'
complete -c portcullis -n '__fish_seen_subcommand_from import' -l from -x -a '(__portcullis_formats)'
complete -c portcullis -n '__fish_seen_subcommand_from groups' -f \
    -a '(portcullis groups 2>/dev/null | string match -rg "^ *(@[a-z-]+)")'
