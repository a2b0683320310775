# Shared by the address modules, and put into each of them when it is built.
# shellcheck shell=bash
# shellcheck disable=SC2034 # variables for those that source this
#
# The contract is mm-address(7). A module names the settings that it knows in
# KEYS (with + those that may be given again) and defines do_probe, do_get,
# do_set, do_drain and do_verify.

MISMATCH=75    # an endpoint holds neither OLD nor NEW: nothing was changed
UNREACHABLE=69 # an endpoint does not answer: nothing was changed
UNKNOWN=70     # something may have been changed: ask `get`

complain() {
	printf '%s: %s\n' "$NAME" "$*" >&2
}

wrong_use() {
	complain "$1"
	complain "usage: $NAME probe|get|set|drain|verify KEY=VALUE... (mm-address(7))"
	exit 2
}

# redact TEXT: without what stands before the @ of a URI.
redact() {
	sed -E 's#(//)[^@/]*@#\1***@#g; s/[[:space:][:cntrl:]]+/_/g' <<<"$1"
}

# id_of TEXT: by which two values are told apart without showing them.
id_of() {
	local sum
	sum=$(printf %s "$1" | sha256sum) && printf %s "${sum:0:32}"
}

# tell ENDPOINT VALUE
tell() {
	printf 'endpoint=%s state=ok id=%s address=%s\n' "$1" \
		"$(id_of "$2")" "$(redact "$2")"
}

# value_in FILE: what a file that nobody else may read holds.
value_in() {
	local mode
	[[ -f $1 && -r $1 ]] || wrong_use "could not read \"$1\""
	mode=$(stat -c %a -- "$1") || exit 2
	((8#$mode % 8#100 == 0)) ||
		wrong_use "\"$1\" may be read by others (mode $mode): chmod 600"
	cat -- "$1"
}

declare -A setting=()
parse() {
	local word key value
	verb=${1:-}
	shift || wrong_use 'no verb'
	[[ $verb =~ ^(probe|get|set|drain|verify)$ ]] ||
		wrong_use "unknown verb \"$verb\""
	for word; do
		key=${word%%=*} value=${word#*=}
		[[ $word == *=* && " old new timeout bound $KEYS " =~ \ $key(\+?)\  ]] ||
			wrong_use "unknown setting \"$key\""
		[[ -n $value && $value != *[!A-Za-z0-9_./:@%,+-]* ]] || wrong_use \
			"\"$key\": only A-Z a-z 0-9 and _ . / : @ % , + - are taken"
		[[ $value != -* ]] || wrong_use "\"$key\" begins with -"
		if [[ ${BASH_REMATCH[1]} == + ]]; then
			setting[$key]+="${setting[$key]:+ }$value"
		elif [[ -n ${setting[$key]:-} ]]; then
			wrong_use "\"$key\" was given twice"
		else
			setting[$key]=$value
		fi
	done
	timeout=${setting[timeout]:-10} bound=${setting[bound]:-$BOUND}
	[[ $timeout =~ ^[1-9][0-9]{0,2}$ ]] || wrong_use 'timeout is no number'
	[[ $bound =~ ^[0-9]{1,4}$ ]] || wrong_use 'bound is no number'
	old='' new=''
	case $verb in
	set | verify)
		[[ -n ${setting[new]:-} ]] || wrong_use "$verb needs new=FILE"
		new=$(value_in "${setting[new]}") || exit 2
		[[ -n $new ]] || wrong_use 'the new address is empty'
		;;
	esac
	if [[ $verb == set ]]; then
		[[ -n ${setting[old]:-} ]] || wrong_use 'set needs old=FILE'
		old=$(value_in "${setting[old]}") || exit 2
		[[ $old != "$new" ]] || wrong_use 'old and new address are the same'
	fi
}

need() {
	local key
	for key; do
		[[ -n ${setting[$key]:-} ]] || wrong_use "needs $key="
	done
}

# program NAME: it is installed.
program() {
	command -v "$1" >/dev/null || {
		complain "$1 is not installed"
		exit 1
	}
}

# Verify for modules where `get` tells the whole truth.
all_new() {
	local out id
	id=$(id_of "$new")
	out=$(do_get) || return
	printf '%s\n' "$out"
	! grep -qv " id=$id " <<<"$out"
}
