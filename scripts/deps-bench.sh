#!/usr/bin/env bash
# Build mongodump, mongorestore and bsondump for comparisons, into
# $B/peers. They come as a Go module, release 100.10, pinned by version and
# checksum. Needs Go 1.24 or newer on PATH; without it this says so and ends 0:
# the comparisons then skip, counted. $MM_PEERS names a directory that has them
# already.
set -euo pipefail

cd "$(dirname "$0")/.."
B=${B:-$PWD/build}
version=v0.0.0-20240724183527-6d4f001be3fc
module=github.com/mongodb/mongo-tools
sum=h1:BOTtfrCNuPnXgnEDvmXYiP0K8WF5JzDh3dQwZ9QThF0=
sum_mod=h1:mq5q2Rrbw6+VEtDc+p5haujgWoQv3foL2YS5YISr2UA=

if [[ -n ${MM_PEERS:-} && -x $MM_PEERS/mongorestore ]]; then
	echo "deps-bench: taking the tools in $MM_PEERS"
	exit 0
fi
have=$(go version 2>/dev/null | sed -nE 's/^go version go1\.([0-9]+).*/\1/p')
if [[ -z $have || $have -lt 24 ]]; then
	echo 'deps-bench: Go 1.24 or newer is not on PATH: comparisons will skip'
	exit 0
fi
out=$B/peers
mkdir -p "$out"
if [[ -x $out/mongodump && -x $out/mongorestore && -x $out/bsondump ]]; then
	echo "deps-bench: mongodump, mongorestore and bsondump are in $out"
	exit 0
fi
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
cat >go.mod <<-M
	module peers
	go 1.24
	require $module $version
M
printf '%s %s %s\n%s %s/go.mod %s\n' $module $version "$sum" \
	$module $version "$sum_mod" >go.sum
cat >tools.go <<-G
	//go:build tools

	package peers

	import (
		_ "$module/bsondump/main"
		_ "$module/mongodump/main"
		_ "$module/mongorestore/main"
	)
G
export GONOSUMDB=$module GOFLAGS=-mod=mod
go mod tidy >tidy.log 2>&1 || { cat tidy.log >&2; exit 1; }
for tool in mongodump mongorestore bsondump; do
	go build -o "$out/$tool" "$module/$tool/main"
done
echo "deps-bench: built mongodump, mongorestore and bsondump in $out"
