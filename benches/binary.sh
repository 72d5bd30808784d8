# shellcheck shell=bash disable=SC2034
# For the other scripts, from the root of the repository: `httpwhy` is the binary that is measured, `target` the folder of
# what is built. HTTPWHY names a binary that is there; without it one is built as people install it.
target="$(cargo metadata --no-deps --format-version 1 | sed -E 's/.*"target_directory":"([^"]*)".*/\1/')"
httpwhy="${HTTPWHY:-}"
if [ -z "$httpwhy" ]; then
    cargo build --profile dist --quiet --package httpwhy
    httpwhy="$target/dist/httpwhy"
fi
