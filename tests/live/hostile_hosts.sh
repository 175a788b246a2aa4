#!/bin/bash
# Programs that define functions of libc, libseccomp and inih themselves, and differently. A library
# that calls one of them by name calls the program's. The shim must not notice.
. "$(dirname "$0")/../helpers/tap.sh"
. "$ROOT/tests/helpers/hosts.sh"

# What a shim might call: to read its whitelist, to know its environment, to make a filter and to
# load it, to end the process.
SYMBOLS=(
    seccomp_init seccomp_rule_add seccomp_rule_add_array seccomp_load seccomp_export_bpf
    seccomp_syscall_resolve_name seccomp_attr_set seccomp_release
    ini_parse ini_parse_file ini_parse_stream ini_parse_string
    syscall open open64 openat read pread64 write close fstat dup ioctl lseek memfd_create
    mmap munmap mprotect prctl unshare
    getenv secure_getenv unsetenv setenv getauxval dl_iterate_phdr
    malloc calloc realloc free memcpy memmove memset memcmp memchr
    strlen strcmp strncmp strchr strrchr strdup
    _exit exit abort __errno_location __ctype_b_loc vsnprintf fprintf fopen fclose
)
# How they lie: nothing done and said so; failure; something made up; and whoever calls is dead.
LIES=("zero|return 0" "minus_one|return -1" "garbage|return 0x5eed5eed"
    "death|SYSTEM_CALL(SYS_exit_group, STATUS_CALLED)")
SPEAK='return SYSTEM_CALL(SYS_write, 1, "called ", 7)'
BUILTIN=(-fno-builtin -w -rdynamic)

# What the tests of single functions rest on: the program runs without a shim, it lies where a
# library can see it, and the shim's variables alone change nothing.
compile "${CC:-gcc}" host hostile "${BUILTIN[@]}" -DSYMBOL=getppid '-DLIE=return 0'
run "$TMP/host"
told 0 allowed "" "host_is_not_refused_anything_by_itself"
filtered "$TMP/host"
told 0 refused "" "host_without_a_lie_is_filtered"
compile "${CC:-gcc}" host hostile "${BUILTIN[@]}" -DSYMBOL=unsetenv "-DLIE=$SPEAK"
compile_library "${CC:-gcc}" unset.so unset
run env DROPPED=1 LD_PRELOAD="$TMP/unset.so" "$TMP/host"
told 0 "called allowed" "" "library_that_calls_unsetenv_calls_the_host_s"

for symbol in "${SYMBOLS[@]}"; do
    for lie in "${LIES[@]}"; do
        compile "${CC:-gcc}" "host-${lie%%|*}" hostile "${BUILTIN[@]}" -DSYMBOL="$symbol" \
            "-DLIE=${lie#*|}" &
    done
    wait
    results=
    for lie in "${LIES[@]}"; do
        # Some hosts cannot even start, with or without a shim: the loader and libc's own
        # constructors call the function as well. Those must not run with one, either.
        run "$TMP/host-${lie%%|*}"
        alone="$STATUS $OUT"
        filtered "$TMP/host-${lie%%|*}"
        if [[ $alone == "0 allowed" ]]; then
            [[ "$STATUS $OUT$ERR" == "0 refused" ]] || results+=" ${lie%%|*}: $STATUS $OUT $ERR"
        elif [[ $OUT == *allowed* ]]; then
            results+=" ${lie%%|*}: runs unfiltered"
        fi
        [[ $alone == "0 allowed" ]] || diag "$symbol, ${lie%%|*}: alone $alone"
    done
    is "$results" "" "host_with_its_own_${symbol}_is_filtered_whatever_that_does"
done

# All of them at once.
for symbol in "${SYMBOLS[@]}"; do
    printf 'long %s(void);\n__attribute__((visibility("default"))) long %s(void)
{\n    SYSTEM_CALL(SYS_exit_group, STATUS_CALLED);\n    return 0;\n}\n' "$symbol" "$symbol"
done >"$TMP/all.c"
cat "$ROOT/tests/victims/hostile.c" "$TMP/all.c" |
    "${CC:-gcc}" "${HOST_FLAGS[@]}" "${BUILTIN[@]}" -DSYMBOL=one_more '-DLIE=return 0' \
        -I "$ROOT/tests/victims" -x c - -o "$TMP/host"
filtered "$TMP/host"
told 0 refused "" "host_with_all_of_them_is_filtered"

# bash has a getenv, setenv and unsetenv of its own, and exports them. It does a job: functions,
# a pipeline, a here document, files, arithmetic, children.
like "$(nm -D "$(command -v bash)")" ' T unsetenv' "bash_defines_unsetenv"
cat >"$TMP/bash.ini" <<'END'
[allow]
syscalls = @stdio @files @process @signals @info @exec @loader
[deny]
mkdir    = ENODATA
END
# shellcheck disable=SC2016
filtered_by "$TMP/bash.ini" bash -c '
    square() { echo $(($1 * $1)); }
    for i in 1 2 3; do square "$i"; done | sort -r | tr "\n" " "
    cat <<<"preload ${LD_PRELOAD-unset}, whitelist ${PORTCULLIS_WHITELIST-unset}."
    echo text >"$0/file" && read -r word <"$0/file" && echo "$word"
    env | grep -E "^(LD_PRELOAD|PORTCULLIS_WHITELIST)=" | sort
    tr "\0" "\n" </proc/self/environ | grep -E "^(LD_PRELOAD|PORTCULLIS_WHITELIST)=." || echo none
    grep -E "^Seccomp(_filters)?:" /proc/self/status
    mkdir "$0/folder" 2>&1' "$TMP"
told 1 "9 4 1 preload , whitelist .
text
LD_PRELOAD=
PORTCULLIS_WHITELIST=
none
$(printf 'Seccomp:\t2\nSeccomp_filters:\t1')
mkdir: cannot create directory '$TMP/folder': No data available" "" \
    "bash_does_a_job_under_a_whitelist_and_its_children_see_no_shim"
finish
