#!/bin/bash
# portcullis diff: what two whitelists do not agree on, whatever they are written like.
. "$(dirname "$0")/../helpers/tap.sh"
PORTCULLIS=$BUILD/portcullis
cd "$TMP" || exit 1

# file NAME LINE...: a whitelist.
file()
{
    local name=$1
    shift
    printf '%s\n' "$@" >"$name"
}

# same ONE OTHER NAME: lines of [allow] that come to the same.
same()
{
    file a.ini '[allow]' 'syscalls = read' "$1"
    file b.ini '[allow]' 'syscalls = read' "$2"
    run "$PORTCULLIS" diff a.ini b.ini
    is "$STATUS:$OUT" "0:no difference: every system call gets the same from a.ini and b.ini" "$3"
}

# differ ONE OTHER WHAT: lines of [allow], and what is told of them.
differ()
{
    file a.ini '[allow]' 'syscalls = read' "$1"
    file b.ini '[allow]' 'syscalls = read' "$2"
    run "$PORTCULLIS" diff a.ini b.ini
    is "$STATUS:$OUT" "1:$3" "$4"
}

same 'syscalls = write close' 'syscalls = close write' "the_order_of_names_is_no_difference"
same 'syscalls = @aio' 'syscalls = io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit' \
    "a_group_is_its_members"
same 'syscalls = write' 'syscalls = 1' "a_name_is_its_number"
same 'write = fd in 1..2' 'write = fd > 0 and fd <= 2' "a_condition_can_be_written_in_two_ways"
same 'write = fd in 1 2 3 4' 'write = fd in 1..4' "a_list_can_be_a_range"
same 'openat = flags without O_CREAT' 'openat = flags & O_CREAT == 0' "flags_can_be_a_mask"
same $'write = fd == 1\nwrite = fd == 2' 'write = fd in 1..2' "two_lines_can_be_one"
same $'write = fd < 100\nwrite = fd >= 100' 'syscalls = write' "two_halves_are_a_whole"
same 'write = fd in 1 2 and count <= 10' $'write = count <= 10 and fd == 2\nwrite = fd == 1 and count < 11' \
    "two_arguments_can_be_two_lines"
same 'syscalls = exit' '; nothing' "what_is_allowed_in_any_case_need_not_be_listed"
same 'dup = oldfd != 3' $'syscalls = dup\n[deny]\ndup = EPERM if oldfd == 3' \
    "a_denial_can_be_a_narrower_line"

differ 'syscalls = write' '; nothing' "write
  a.ini: allow  (a.ini:3 [allow]  syscalls = write)
  b.ini: EPERM  (the default)" "a_call_that_one_allows_is_told"
differ '; nothing' 'syscalls = clone3' "clone3
  a.ini: ENOSYS  (programs do without it, @fallback)
  b.ini: allow  (b.ini:3 [allow]  syscalls = clone3)" "fallback_is_a_verdict"
differ 'write = fd in 1..2' 'write = fd in 1..3' "write, for example with fd = 3
  a.ini: EPERM  (the default)
  b.ini: allow  (b.ini:3 [allow]  write = fd in 1..3)" "a_wider_condition_is_told_with_an_example"
differ 'openat = flags without O_CREAT' 'openat = flags without O_CREAT|O_TRUNC' \
    "openat, for example with flags = O_RDONLY|O_TRUNC
  a.ini: allow  (a.ini:3 [allow]  openat = flags without O_CREAT)
  b.ini: EPERM  (the default)" "one_flag_more_is_told"
differ 'syscalls = @aio' $'syscalls = @aio\n[deny]\nio_setup = kill' "io_setup
  a.ini: allow  (a.ini:3 [allow]  syscalls = io_setup, by @aio)
  b.ini: kill  (b.ini:5 [deny]  io_setup = kill)" "a_denial_is_told"
differ 'syscalls = 2000' '; nothing' "2000
  a.ini: allow  (a.ini:3 [allow]  syscalls = 2000)
  b.ini: ENOSYS  (newer than this portcullis)" "a_number_without_a_name_is_told"

differ $'[deny]\nptrace = EIO' $'[deny]\nptrace = EACCES' "ptrace
  a.ini: EIO  (a.ini:4 [deny]  ptrace = EIO)
  b.ini: EACCES  (b.ini:4 [deny]  ptrace = EACCES)" "another_error_is_a_difference"

file a.ini '[filter]' 'default = kill' 'audit = yes' 'children = reload' 'program = /bin/a' \
    'no-new-privileges = no' '[allow]' 'syscalls = read'
file b.ini '[allow]' 'syscalls = read'
run "$PORTCULLIS" diff a.ini b.ini
is "$STATUS:$OUT" "1:default, what a call gets that no line allows
  a.ini: kill
  b.ini: EPERM
audit
  a.ini: yes
  b.ini: no
children
  a.ini: reload
  b.ini: inherit
no-new-privileges
  a.ini: no
  b.ini: yes
program
  a.ini: /bin/a
  b.ini: any" "settings_are_told_once_not_for_every_call"

# Conditions that multiply: thousands of regions, compared all the same.
python3 - <<'EOF'
import random
random.seed(3)
lines = ['mmap = length in %d..%d and flags without %d' % (a, a + random.randrange(1000), 16 << random.randrange(8))
         for a in random.sample(range(100000), 12)]
open('a.ini', 'w').write('[allow]\n' + '\n'.join(lines) + '\n')
random.shuffle(lines)
open('b.ini', 'w').write('[allow]\n' + '\n'.join(lines) + '\n')
EOF
run "$PORTCULLIS" diff a.ini b.ini
is "$STATUS" 0 "twelve_lines_on_two_arguments_are_compared"
MMAP='mmap = length != 5 and offset != 7 and flags != 11
mmap = length != 9 and prot != 3 and offset != 11 and addr == 0
mmap = addr == 0 and prot != 5 and length != 77 and flags != 2'
file a.ini '[allow]' "$MMAP" 'syscalls = mmap'
file b.ini '[allow]' "${MMAP/!= 9/!= 8}" 'syscalls = mmap'
run "$PORTCULLIS" diff a.ini b.ini
is "$STATUS:$OUT" "0:no difference: every system call gets the same from a.ini and b.ini" \
    "lines_that_another_makes_superfluous_are_not_multiplied_out"

file bad.ini '[allow]' 'syscalls = raed'
run "$PORTCULLIS" diff bad.ini nowhere.ini
is "$STATUS:$OUT:$ERR" "78::bad.ini:2: error: unknown syscall 'raed'; did you mean 'read'?
nowhere.ini: error: cannot read 'nowhere.ini': no such file" "mistakes_in_both_are_told"

help="see 'portcullis diff --help'"
run "$PORTCULLIS" diff a.ini
is "$STATUS:$ERR" "2:portcullis diff: two whitelists are compared; $help" \
    "one_file_is_a_usage_error"
run "$PORTCULLIS" diff a.ini b.ini a.ini
is "$STATUS:$ERR" "2:portcullis diff: two whitelists are compared; $help" "so_are_three"
run "$PORTCULLIS" diff -u a.ini b.ini
is "$STATUS:$ERR" "2:portcullis diff: unknown option '-u'; $help" "so_is_an_unknown_option"
run "$PORTCULLIS" diff --help
is "$STATUS:$ERR" "0:" "help_is_no_error"
like "$OUT" "What is compared is what calls get, not how it is written" "help_says_what_is_compared"
finish
