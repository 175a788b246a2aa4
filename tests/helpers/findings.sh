#!/bin/bash
# findings.sh FOLDER: what the sanitizers found, of the files findings.* in FOLDER. Status 1 if there
# is anything. That a stack is not a thread's own, as the watcher's, is a warning and no finding.
shopt -s nullglob
files=("$1"/findings.*)
found=()
for file in "${files[@]}"; do
    ! grep -qE 'ERROR: |runtime error: ' "$file" || found+=("$file")
done
for file in "${found[@]:0:5}"; do
    cat "$file"
done
echo "findings of the sanitizers: ${#found[@]}"
((${#found[@]} == 0))
