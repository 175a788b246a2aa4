#!/bin/sh
# Builds the two programs: build.sh FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
"${CC:-gcc}" -O2 -Wall -Wextra "$here/mkdir.c" -o mkdir
GO111MODULE=off CGO_ENABLED=1 GOCACHE="${GOCACHE:-$PWD/go-cache}" \
    go build -trimpath -o mkdir-go "$here/mkdir.go"
