# The part of mm-migrate that moves applications, and what comes after it; put
# into it when it is built. The journal of mm-switch in DIR/switch says how far
# it is, whoever wrote to it.
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of mm-migrate

postpone=${postpone:-$work/postpone}

# The commands of mm-switch for this move, for people: DIR/mm-switch COMMAND.
# No secret is in it: addresses come from the environment.
write_command() {
	local words=(--state "$work/switch" "${on_target[@]}"
		"${source_words[@]}" "${switch[@]}")
	local forward=(--diff-status "$work/diff.status"
		--apply-status "$work/apply.status")
	# shellcheck disable=SC2016 # expanded by that shell
	if ! {
		printf '#!/bin/bash\ncase $1 in check | run | abort)\n\tset -- "$@"'
		printf ' %q' "${forward[@]}"
		printf ' ;;\nesac\nexec mm-switch "$@"'
		printf ' %q' "${words[@]}"
		echo
	} >"$work/mm-switch.new" || ! chmod 700 "$work/mm-switch.new" ||
		! mv "$work/mm-switch.new" "$work/mm-switch"; then
		finish 7
	fi
}

# What mm-switch says of this move; of one that nobody has begun, its state.
switch_status() {
	if [[ -d $work/switch ]]; then
		mm-switch status --state "$work/switch" 2>/dev/null
	else
		echo 'state none'
	fi
}

# The last state of the journal.
journal() {
	switch_status | sed -n 's/^state *//p'
}

# How often applications were moved back.
returns() {
	switch_status | grep -c 'back-switching$'
}

# What a run before left half done is brought to its end first: applications
# may be waiting.
go_on_moving() {
	write_command
	case $(journal) in
	blocking | blocked | fenced | verified | armed | unblocking)
		step "$work/mm-switch" abort
		;;
	switching) step "$work/mm-switch" run ;;
	back-*) step "$work/mm-switch" rollback ;;
	*) return 0 ;;
	esac
	stop_when_told 9
	((status == 0)) || finish "$status"
}

# No attempt by itself until somebody removes the file.
wait_for_people() { # wait_for_people WHY
	: >"$postpone" || finish 7
	say warning "$1; remove \"$postpone\" to switch (again)"
}

# As long as applications are on the target; ends all when that is for good.
stay_moved() {
	local seen refused=0 _
	while :; do
		case $(journal) in
		switched)
			state observing
			say info "observing: $work/mm-switch rollback or finish ends it"
			step "$work/mm-switch" observe \
				--status-file "$work/observe.status"
			stop_when_told 0
			case $status in
			0) refused=0 ;;
			4 | 5 | 9 | 137) beat ;;
			# A rollback that has just begun keeps them.
			8) ((++refused < 20)) || finish 8 ;;
			*) finish "$status" ;;
			esac
			for _ in 1 2 3; do
				beat
			done
			;;
		none | syncing) break ;;
		back-* | switching | unblocking | blocking) beat ;;
		*)
			say info 'moved'
			finish 0
			;;
		esac
		stop_when_told 0
	done
	seen=$(cat "$work/returns" 2>/dev/null)
	if (($(returns) > ${seen:-0})); then
		returns >"$work/returns"
		wait_for_people 'applications were moved back'
	fi
}

# Until applications are on the target.
move() {
	step mm-load --finish-indexes "${to_target[@]}" "${job[@]}"
	stop_when_told 0
	((status == 0)) || finish "$status"
	# shellcheck disable=SC2016 # expanded by that shell
	start verify_pid bash -c 'exec "$@" >"$0" 2>&1' "$work/diff.txt" \
		mm-diff "${on_target[@]}" "${source_words[@]}" \
		-D "$work/archive" --follow --status-file "$work/diff.status"
	while :; do
		state switching
		step "$work/mm-switch" run --when-in-sync \
			--postpone-file "$postpone" "${run[@]}" \
			--status-file "$work/switch.status"
		stop_when_told 0
		((status != 0)) || break
		case $status in
		1 | 4 | 5 | 8 | 9 | 137) ;;
		*) finish "$status" ;;
		esac
		state following
		wait_for_people "not switched (status $status)"
	done
	kill -TERM "$verify_pid" 2>/dev/null
	wait "$verify_pid" 2>/dev/null
	verify_pid=''
	wait "$follow_pid" 2>/dev/null
	follow_pid=''
	say info 'applications are on the target'
}
