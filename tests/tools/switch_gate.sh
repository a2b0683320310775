#!/usr/bin/env bash
# A block of writes for tests, which applications keep to: file gate.SIDE beside
# this program holds "open N" or "closed N", N being how often it changed. Who
# writes holds the file shared. Two open gates are noted in `violations`.
#
# usage: switch_gate.sh block|unblock|probe source|target JOB
set -u
dir=${0%/*} verb=$1 side=$2
file=$dir/gate.$side
exec 9<>"$file"
flock 9
read -r state n <"$file"
change() {
	[[ $state == "$1" ]] || printf '%s %d\n' "$1" $((n + 1)) >"$file"
}
case $verb in
block) change closed ;;
unblock)
	change open
	if grep -q open "$dir/gate.source" && grep -q open "$dir/gate.target"; then
		echo "both open" >>"$dir/violations"
	fi
	;;
probe)
	echo "$n"
	[[ $state == closed ]]
	exit
	;;
esac
