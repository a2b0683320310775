#!/usr/bin/env bash
# One fact has one place; this holds the copies against it:
# - each option that a program's --help prints stands in its man page, and the
#   other way round;
# - the statuses in mm-migrate(7) are those of common/base/exit.h;
# - README's "file -> duty" names every source file's folder and program.
set -u

cd "$(dirname "$0")/.." || exit 70
B=${B:-build}
bad=0
complain() {
	echo "check-docs: $*" >&2
	bad=1
}

help_options() {
	"$B/bin/$1" --help | grep -oE '^ +(-[a-zA-Z], |    )--[A-Za-z0-9-]+' |
		grep -oE -- '--[A-Za-z0-9-]+' | sort -u
}

man_options() {
	grep -E '^\.It Fl' "man/$1.1" | grep -oE 'Fl -[A-Za-z0-9-]+' |
		sed 's/^Fl -/--/' | sort -u
}

for program in "$B"/bin/mm-*; do
	[[ -x $program ]] || continue
	name=$(basename "$program")
	if [[ ! -f man/$name.1 ]]; then
		complain "man/$name.1 is missing"
		continue
	fi
	only_help=$(comm -23 <(help_options "$name") <(man_options "$name"))
	only_man=$(comm -13 <(help_options "$name") <(man_options "$name"))
	[[ -z $only_help ]] || complain "$name: not in man page: ${only_help//$'\n'/ }"
	[[ -z $only_man ]] || complain "$name: not in --help: ${only_man//$'\n'/ }"
	grep -q "$name" man/mm-migrate.7 ||
		complain "mm-migrate(7) does not name $name"
	grep -q "$name" README.md || complain "README does not name $name"
done

header_statuses=$(grep -oE 'MM_EXIT_[A-Z]+ = [0-9]+' common/base/exit.h |
	grep -oE '[0-9]+$' | sort -n | tr '\n' ' ')
page_statuses=$(sed -n '/^\.Sh EXIT STATUS/,/^\.Sh /p' man/mm-migrate.7 |
	sed -nE 's/^\.It (Li )?([0-9]+).*/\2/p' | sort -n | tr '\n' ' ')
[[ $header_statuses == "$page_statuses" ]] ||
	complain "statuses: exit.h has $header_statuses, mm-migrate(7) has" \
		"$page_statuses"

# README: every path in its table exists, and every folder with sources is in
# it.
while IFS='|' read -r _ path _; do
	path=$(tr -d ' `' <<<"$path")
	[[ $path != */* || -e $path ]] ||
		complain "README names $path, which is not there"
done < <(sed -n '/^## File -> duty/,/^## [^F]/p' README.md | grep '^| ')
for dir in tools common/* pipelines tests/* man scripts; do
	[[ -d $dir ]] || continue
	grep -qF "$dir" README.md || complain "README does not name $dir"
done
exit $bad
