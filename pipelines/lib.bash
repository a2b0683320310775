# Shared by the pipelines, and put into each of them when it is built (in
# place of its line `. .../lib.bash`): options, children and their end.
# shellcheck shell=bash
# shellcheck disable=SC2034 # variables for those that source this
# shellcheck disable=SC2153,SC2154 # and theirs
#
# A pipeline only composes programs. Its children are started by itself, so
# that it can end them: a signal asks the leftmost to drain, and the others
# end with the end of their input; a second signal goes to all. Should it be
# killed with -9, its children are told by the kernel (setpriv).

MM_VERSION='@VERSION@' # put in by the Makefile
export TMPDIR=${TMPDIR:-/tmp}

say() { # say LEVEL MESSAGE
	[[ $1 == info && -n ${quiet:-} ]] ||
		printf '%s: %s: %s\n' "$NAME" "$1" "$2" >&2
}

wrong_use() {
	say error "$1"
	say hint "${2:-see \"$NAME --help\"}"
	exit 2
}

# ------------------------------------------------------------------- options
#
# One row an option: KEY|NAME|ARGUMENT|WHERE|HELP. WHERE is a variable (set to
# the value, or to 1), or one or more arrays with a + in front, to which the
# option is appended as it is to be passed on.

SELECTION=(
	'd|db|NAME|+selection|the database'
	'c|collection|NAME|+selection|the collection, with -d'
	'|nsInclude|PATTERN|+selection|namespaces to take, with * (repeatable)'
	'|nsExclude|PATTERN|+selection|namespaces to leave out, with * (repeatable)'
)
RENAMING=(
	'|nsFrom|PATTERN|+renaming|rename namespaces that match (repeatable)'
	'|nsTo|PATTERN|+renaming|to this, in pairs with --nsFrom'
)
SOURCE=(
	'|source-server|HOST:PORT|source_server|read this member of the source'
	'|source-password-file|FILE|source_password|first line: the password of the source'
)
TARGET=(
	'|target-password-file|FILE|target_password|first line: the password of the target'
)
COMMON=(
	'v|verbose||verbose|say more'
	'|quiet||quiet|only errors and warnings'
	'|status-file|FILE|status_file|write the state to FILE as JSON, once a second'
	'|help||help|print this and end'
	'|version||version|print name and version and end'
)
selection=() renaming=()

show() { # show TEXT: and the end
	printf '%s\n' "$1" 2>/dev/null || {
		say error 'could not write to standard output'
		exit 7
	}
	exit 0
}

# For --help, from the rows in OPTIONS.
usage() {
	local row key name arg left
	printf 'usage: %s %s\n%s\n\nOptions:\n' "$NAME" "$SYNOPSIS" "$PURPOSE"
	for row in "${OPTIONS[@]}" "${COMMON[@]}"; do
		IFS='|' read -r key name arg _ row <<<"$row"
		left="${key:+-$key,}"
		printf -v left '%-3s --%s%s' "$left" "$name" "${arg:+ $arg}"
		if ((${#left} > 30)); then
			printf '  %s\n  %-30s  %s\n' "$left" '' "$row"
		else
			printf '  %-30s  %s\n' "$left" "$row"
		fi
	done
	printf '\n%s\n%s\n\nSee %s(1) and mm-migrate(7).\n' \
		"The addresses are taken from \$MM_SOURCE_URI and \$MM_TARGET_URI," \
		'so that no secret stands in an argument list.' "$NAME"
}

# Sets row_* from the row with this key or name (in both spellings).
find_row() {
	local row flat letter
	for row in "${OPTIONS[@]}" "${COMMON[@]}"; do
		IFS='|' read -r row_key row_name row_arg row_where _ <<<"$row"
		[[ -n $1 && $1 == "$row_key" ]] && return 0
		[[ -n $2 ]] || continue
		flat=$row_name
		for letter in {A..Z}; do
			flat=${flat//$letter/-${letter,}}
		done
		[[ $2 == "$row_name" || $2 == "$flat" ]] && return 0
	done
	return 1
}

take_value() {
	local where
	for where in $row_where; do
		if [[ $where == +* ]]; then
			local -n list=${where#+}
			list+=("--$row_name")
			[[ -z $row_arg ]] || list+=("$1")
		else
			printf -v "$where" %s "${1:-1}"
		fi
	done
}

parse_options() {
	local word value letters
	while (($#)); do
		word=$1
		shift
		case $word in
		--) break ;;
		--*)
			word=${word#--} value=
			[[ $word != *=* ]] || value=${word#*=}
			find_row '' "${word%%=*}" || wrong_use \
				"unknown option \"--${word%%=*}\""
			if [[ -z $row_arg ]]; then
				[[ $word != *=* ]] || wrong_use \
					"option \"--$row_name\" takes no value"
			elif [[ $word != *=* ]]; then
				(($#)) || wrong_use \
					"option \"--$row_name\" needs $row_arg"
				value=$1
				shift
			fi
			take_value "$value"
			;;
		-?*)
			letters=${word#-}
			while [[ -n $letters ]]; do
				word=${letters:0:1} letters=${letters:1}
				find_row "$word" '' ||
					wrong_use "unknown option \"-$word\""
				if [[ -z $row_arg ]]; then
					take_value ''
				elif [[ -n $letters ]]; then
					take_value "$letters"
					letters=
				else
					(($#)) || wrong_use \
						"option \"-$word\" needs $row_arg"
					take_value "$1"
					shift
				fi
			done
			;;
		*) wrong_use "unexpected operand \"$word\"" ;;
		esac
	done
	(($# == 0)) || wrong_use "unexpected operand \"$1\""
	[[ -z ${help:-} ]] || show "$(usage)"
	[[ -z ${version:-} ]] || show "$NAME $MM_VERSION"
	tell_all=()
	[[ -z ${verbose:-} ]] || tell_all+=(-v)
	[[ -z ${quiet:-} ]] || tell_all+=(--quiet)
	# What programs that read the source, and those that write the target,
	# are given. Only the latter rename.
	from_source=("${selection[@]}" "${tell_all[@]}")
	to_target=("${selection[@]}" "${renaming[@]}" "${tell_all[@]}")
	[[ -z ${source_server:-} ]] || from_source+=(--server "$source_server")
	[[ -z ${source_password:-} ]] ||
		from_source+=(--password-file "$source_password")
	[[ -z ${target_password:-} ]] ||
		to_target+=(--password-file "$target_password")
}

# need_uri MM_SOURCE_URI...: they are set, else wrong use.
need_uri() {
	local name
	for name; do
		[[ -n ${!name:-} ]] || wrong_use "no address: \$$name is not set" \
			"export $name='mongodb://...' (no secret is taken from arguments)"
	done
}

# ------------------------------------------------------------------ children

children=() # their process ids, leftmost first, while they run
signals=0   # that came
signalled=  # set by each one, to tell an interrupted wait
told=' '    # those that were asked to drain: asked twice they would not
tell() { # tell PID...
	local pid
	for pid; do
		[[ $told != *" $pid "* ]] || continue
		told+="$pid "
		kill -TERM "$pid" 2>/dev/null
	done
}
on_signal() {
	signals=$((signals + 1))
	signalled=1
	if ((${#children[@]} == 0)); then
		return
	elif ((signals == 1)); then
		tell "${children[0]}"
	else
		kill -TERM "${children[@]}" 2>/dev/null
	fi
}
on_exit() {
	local status=$?
	trap 'kill -TERM "${children[@]}" 2>/dev/null' INT TERM HUP
	((${#children[@]} == 0)) || kill -TERM "${children[@]}" 2>/dev/null
	wait
	exit "$status"
}
trap on_signal INT TERM HUP
trap on_exit EXIT

# A program as our child. What a terminal sends to all of us is told to it by
# us alone, as SIGTERM, or it would take it for the second signal; and it gets
# SIGTERM also when we are killed with -9 (where that was before it asked for
# it, it does not begin).
# shellcheck disable=SC2317 # called with & by others
child() {
	trap '' INT HUP
	if command -v setpriv >/dev/null; then
		# shellcheck disable=SC2016 # expanded by that shell
		exec setpriv --pdeathsig TERM sh -c '[ "$PPID" = "$0" ] || exit 143
			exec "$@"' "$$" "$@"
	fi
	exec "$@"
}

# A signal may have come before `children` was set.
told_late() {
	((signals == 0)) || tell "${children[0]}"
}

# await PID: waits for it through signals; sets `status`.
await() {
	while :; do
		signalled=
		wait "$1" 2>/dev/null # what killed it is ours to say
		status=$?
		[[ -n $signalled ]] || return 0
	done
}

# Leftmost status that is neither 0 nor 141 (SIGPIPE): the cause.
root_status() {
	local s r=0
	for s; do
		case $s in
		0) ;;
		141) r=141 ;;
		*) echo "$s" && return ;;
		esac
	done
	echo "$r"
}

# meaning STATUS: for messages.
meaning() {
	case $1 in
	1) echo 'the answer is no' ;;
	2) echo 'wrong use' ;;
	3) echo 'its input is damaged or cut' ;;
	4) echo 'source unreachable or failed' ;;
	5) echo 'target unreachable or failed' ;;
	6) echo 'position gone: dump again' ;;
	7) echo 'local input or output failed' ;;
	8) echo 'refused' ;;
	9) echo 'stopped early, can be resumed' ;;
	127) echo 'not found' ;;
	255) echo 'ssh failed, or unexpected' ;;
	*) (($1 > 128)) && echo "signal $(($1 - 128))" || echo 'unexpected' ;;
	esac
}

# failed NAME STATUS: which program failed, and how.
failed() {
	(($2 == 0)) || say error "$1 ended with status $2: $(meaning "$2")"
}

# one COMMAND...: runs it as the only child; returns its status.
one() {
	((signals == 0)) || return 9
	child "$@" &
	children=($!)
	told_late
	await "${children[0]}"
	children=()
	failed "$1" "$status"
	return "$status"
}

# two LEFT RIGHT: names of two arrays; runs LEFT | RIGHT; returns the root
# status, and names the program it is of.
two() {
	local -n left=$1 right=$2
	local dir in out statuses
	((signals == 0)) || return 9
	dir=$(mktemp -d "$TMPDIR/mm-pipe.XXXXXX") || return 7
	mkfifo "$dir/pipe" || return 7
	# Opened both ways once, so that opening either end does not wait.
	# shellcheck disable=SC2094
	exec {both_ends}<>"$dir/pipe" {in}<"$dir/pipe" {out}>"$dir/pipe" \
		{both_ends}>&-
	rm -r "$dir"
	child "${left[@]}" >&"$out" {out}>&- {in}<&- &
	children=($!)
	child "${right[@]}" <&"$in" {out}>&- {in}<&- &
	children+=($!)
	exec {out}>&- {in}<&-
	told_late
	await "${children[0]}"
	statuses=("$status")
	children=("${children[1]}")
	await "${children[0]}"
	statuses+=("$status")
	children=()
	status=$(root_status "${statuses[@]}")
	if ((status == statuses[0])); then
		failed "${left[0]}" "$status"
	else
		failed "${right[0]}" "$status"
	fi
	return "$status"
}

# nap SECONDS: ends at once with a signal.
nap() {
	((signals == 0)) || return 0
	child sleep "$1" &
	children=($!)
	told_late
	await "${children[0]}"
	children=()
}

# again FUNCTION...: runs it until it ends with a status that is not to be
# tried again, with a growing pause; returns that status. A run of a minute is
# a success as far as the pause is concerned.
again() {
	local pause=1 began result
	while :; do
		began=$SECONDS
		"$@"
		result=$?
		((signals == 0)) || return "$result"
		case $result in
		4 | 5 | 9 | 137 | 255) ;;
		*) return "$result" ;;
		esac
		((SECONDS - began < 60)) || pause=1
		say info "tries again in $pause s"
		nap "$pause"
		((signals == 0)) || return 9
		pause=$((pause < 30 ? pause * 2 : 60))
	done
}
