#!/usr/bin/env bash
# Install the Debian packages that build, tests, demo and bench need. Nothing
# is installed when all are there already, so no rights are needed then.
set -euo pipefail

packages=(
	# build
	gcc make pkg-config libmongoc-dev libbson-dev libzstd-dev
	libxxhash-dev libssl-dev libicu-dev uthash-dev
	# tests, demo, bench
	bats bats-assert bats-support bats-file clang libclang-rt-14-dev
	python3 python3-pymongo python3-bson python3-zstandard python3-xxhash
	zstd jq procps util-linux openssl haproxy socat etcd-server etcd-client
	spin
	# lint
	clang-format shellcheck mandoc
)

# The runtime of clang's sanitizers is named after its version.
clang_runtime() {
	apt-cache depends clang 2>/dev/null |
		sed -n 's/.*Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev/p' |
		head -n 1
}

missing() {
	local p
	for p; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
			grep -q 'ok installed' || echo "$p"
	done
}

command -v apt-get >/dev/null || {
	echo 'deps: this is no Debian: install by hand what' "$0" 'lists' >&2
	exit 1
}
mapfile -t want < <(missing "${packages[@]}")
if ((${#want[@]} == 0)); then
	echo 'deps: everything is installed'
	exit 0
fi
sudo=()
if (($(id -u) != 0)); then
	sudo=(sudo)
fi
"${sudo[@]}" apt-get update -q
runtime=$(clang_runtime)
if [[ -n $runtime && $runtime != libclang-rt-14-dev ]]; then
	mapfile -t want < <(printf '%s\n' "${want[@]}" |
		sed "s/^libclang-rt-14-dev$/$runtime/")
fi
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -q \
	--no-install-recommends "${want[@]}"
echo "deps: installed ${want[*]}"
