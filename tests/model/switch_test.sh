#!/usr/bin/env bash
# The model of mm-switch (switch.pml) holds, and each rule in it is
# needed: taken out, a check fails. Output is TAP.
set -u

B=${B:-$(cd "$(dirname "$0")/../.." && pwd)/build}
cd "$(dirname "$0")" || exit 70
model=$PWD/switch.pml
work=$(mktemp -d "${TMPDIR:-/tmp}/mm-model.XXXXXX") || exit 7
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 7

# WHAT | -D taken out | what must then fail
checks='
safety||
m4||
m5||
safety|NO_TXN_WAIT|fwd==src_w
safety|NO_DRAIN|fwd==src_w
safety|NO_BLOCK_TOKEN|src_open&&tgt_open
safety|UNBLOCK_IN_SWITCHING|src_open&&tgt_open
safety|NO_RB_TXN_WAIT|rev==tgt_w
safety|NO_RB_DRAIN|rev==tgt_w
safety|NO_ARM_CHECK|fwd_on&&rev_on
safety|NO_FWD_END|fwd_on&&rev_on
safety|NO_REV_END|fwd_on&&rev_on
safety|NO_RB_REV_END|fwd_on&&rev_on
safety|NO_DEADLINE|invalid end state
m4|DELETE_EARLY|deleted
safety|UNDO_IN_DELETING|deleted
safety|DELETE_FROM_QUARANTINING|away
'

# verify WHAT DEFINE: into the file `out`
verify() {
	local claim=() flags=(-DNFAIR=3)
	case $1 in
	safety) flags=(-DSAFETY -DNOCLAIM) ;;
	m5) claim=(-a -f -N m5) ;;
	*) claim=(-a -N "$1") ;;
	esac
	spin ${2:+-D"$2"} -a "$model" >spin.out 2>&1 &&
		"${CC:-cc}" -O1 -DCOLLAPSE "${flags[@]}" -o pan pan.c 2>cc.out &&
		timeout 300 ./pan "${claim[@]}" -m2000000 >out 2>&1
}

command -v spin >/dev/null || {
	echo '1..0 # skip spin is not installed'
	exit 0
}
n=0 bad=0
while IFS='|' read -r what define fails; do
	[[ -n $what ]] || continue
	n=$((n + 1)) name="$what${define:+, $define}"
	if ! verify "$what" "$define" || grep -q 'Search not completed' out &&
		[[ -z $define ]]; then
		echo "not ok $n - $name: no answer"
		bad=1
	elif [[ -z $define ]]; then
		if grep -q 'errors: 0$' out; then
			echo "ok $n - $name holds:" \
				"$(grep -oE '[0-9]+ states, stored' out)"
		else
			echo "not ok $n - $name is violated"
			bad=1
		fi
	elif grep -qF "$fails" out; then
		echo "ok $n - $name: found"
	else
		echo "not ok $n - $name: no check fails without this rule"
		bad=1
	fi
done <<<"$checks"

# What follows what is the same in the model and in the program. The verifier
# has numbers for the names: the last one declared is 1.
records() {
	local names
	names=$(sed -n '/^mtype = {/,/}/p' "$model" | tr -d ' \t\n' |
		sed 's/.*{//; s/}.*/,/' | tr , '\n' | tac)
	verify safety RECORDS || return
	awk 'NR == FNR { name[FNR] = tolower($1); next }
		$1 == "FOLLOWS" { print name[$2], name[$3] }' \
		<(printf '%s\n' "$names") out |
		sed 's/rb_/back-/g' | sort -u
}
n=$((n + 1))
records >model.txt
"$B/tests/tools/switch_table" | sort -u >program.txt
if [[ -s model.txt ]] && diff model.txt program.txt >differences; then
	echo "ok $n - records follow each other as in the program:" \
		"$(wc -l <model.txt) pairs"
else
	echo "not ok $n - records follow each other otherwise in the program"
	sed 's/^/# /' differences
	bad=1
fi
echo "1..$n"
exit $bad
