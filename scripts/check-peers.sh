#!/usr/bin/env bash
# The programs beside what others wrote: mongo-java-server as a target, and
# mongodump and mongorestore against our test server. Needs Maven and Java for
# the first, Go for the second; what cannot be had is skipped, and counted.
# Ends with "N passed, N failed, N skipped".
set -u

cd "$(dirname "$0")/.." || exit 70
B=${B:-$PWD/build}
export B
peers=$B/peers
mkdir -p "$peers"

fetch_java() {
	command -v mvn javac java >/dev/null || return 1
	[[ -e $peers/jars/mongo-java-server-1.47.0.jar ]] ||
		timeout 300 mvn -q -B -f tests/peers/pom.xml \
			dependency:copy-dependencies \
			-DoutputDirectory="$peers/jars" >"$peers/mvn.log" 2>&1 ||
		return 1
	javac -cp "$peers/jars/*" -d "$peers/classes" tests/peers/Peer.java
}

fetch_java || {
	echo 'check-peers: no mongo-java-server (needs Maven, Java and their' \
		"repository; see $peers/mvn.log)"
	export MM_NO_JAVA=1
}
scripts/deps-bench.sh || echo 'check-peers: no mongodump, no mongorestore'

out=$peers/peers.tap
BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-180} timeout -k 10 900 \
	bats --tap tests/peers/*.bats >"$out" 2>&1 </dev/null
status=$?
cat "$out"
failed=$(grep -c '^not ok' "$out")
skipped=$(grep '^ok' "$out" | grep -ci '# skip')
passed=$(($(grep -c '^ok' "$out") - skipped))
((status == 0 || failed > 0)) || failed=1
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
