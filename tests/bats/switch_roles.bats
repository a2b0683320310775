bats_require_minimum_version 1.8.0
# mm-switch: writes blocked by the rights of users and roles, and by the server.
load lib
load switch_lib
# bats file_tags=server

setup() {
	S=$TMP/state
	# Of mongosim itself; may write everywhere.
	KEEP=(--keep-user admin.noplog)
	WRITER=app ACKED=app.acked
}

# as SIDE: the program on standard input, by root. run, people.
as() {
	local uri=${1}_root
	py "${!uri}" "${@:2}" < <(
		cat <<-'P'
			run = lambda db, *pairs: client[db].command(SON(pairs))
			def user(db, name, *roles):
			    run(db, ("createUser", name), ("pwd", "pw"), ("roles", list(roles)))
			def rights(db, name):
			    u = run(db, ("usersInfo", name))["users"][0]
			    return sorted(r["db"] + "." + r["role"] for r in u["roles"])
		P
		cat
	)
}

uri_of() { # uri_of PORT USER PASSWORD DB
	echo "mongodb://$2:$3@127.0.0.1:$1/?authSource=$4"
}

# Two servers with access control, accounts of two businesses.
servers() {
	start_sim src --auth root:secret "$@"
	start_sim dst --auth root:secret "$@"
	src_root=$(uri_of "$src_port" root secret admin)
	dst_root=$(uri_of "$dst_port" root secret admin)
	export MM_SOURCE_URI=$src_root MM_TARGET_URI=$dst_root
	umask 077
	uri_of "$src_port" app pw shop >"$TMP/old"
	uri_of "$dst_port" app pw shop >"$TMP/new"
	cp "$TMP/old" "$TMP/app.uri"
	for side in src dst; do
		as $side <<-'P'
			run("admin", ("createRole", "seller"), ("privileges", [
			    {"resource": {"db": "shop", "collection": "numbers"},
			     "actions": ["find", "insert", "update"]},
			    {"resource": {"db": "other", "collection": ""},
			     "actions": ["insert"]}]), ("roles", []))
			user("admin", "seller", "seller")
			user("shop", "app", "readWrite")
			user("shop", "reader", "read")
			user("other", "biz", "readWrite")
		P
	done
	as src <<<'client.shop.numbers.create_index("n", unique=True)'
}

# Another business in the same database: of it, numbers alone are moved. What
# is left of a right to the whole of it are rights to the others.
neighbours() {
	SEL=(-d shop -c numbers)
	for side in src dst; do
		as $side <<-'P'
			def role(name, coll, *actions):
			    run("shop", ("createRole", name), ("privileges", [
			        {"resource": {"db": "shop", "collection": coll},
			         "actions": list(actions)}]), ("roles", []))
			role("rw", "", "find", "insert", "update", "remove")
			role("visitor", "visits", "find", "insert")
			run("shop", ("updateUser", "app"), ("roles", ["rw"]))
			user("shop", "biz", "visitor")
			client.shop.visits.insert_one({"n": -1})
		P
	done
	uri_of "$src_port" biz pw shop >"$TMP/biz.uri"
	run_bg biz "$PY" "$TOOLS/app_writer.py" "$TMP/biz" "$TMP/biz.uri" shop visits
}

# The copy, followed and compared; two applications.
migration() {
	run_bg app "$PY" "$TOOLS/app_writer.py" "$TMP/app" "$TMP/app.uri" shop numbers
	wait_until 30 test -s "$TMP/app.acked"
	follow
}

switch() { # switch COMMAND [options]
	local command=$1
	shift
	mm-switch "$command" --state "$S" "${SEL[@]}" "${KEEP[@]}" --deadline 200 \
		--address "file path=$TMP/app.uri" \
		--address-old "$TMP/old" --address-new "$TMP/new" \
		--diff-status "$TMP/diff.st" --apply-status "$TMP/apply.st" "$@"
}

PROBE() {
	echo --probe-source-uri-file "$TMP/old" --probe-target-uri-file "$TMP/new"
}

# The users and roles of another business, byte for byte.
others() {
	for side in src dst; do
		as $side <<-'P'
			print(bson.encode(run("other", ("usersInfo", 1))["users"][0]).hex())
			print(bson.encode(run("shop", ("usersInfo", "biz"))["users"][0]).hex())
			print(bson.encode(run("shop", ("rolesInfo", "visitor"),
			    ("showPrivileges", True))["roles"][0]).hex())
		P
	done
}

# Who can write to shop where.
writers() {
	for side in src dst; do
		local port=${side}_port
		as $side "${!port}" <<-'P'
			for name, db in (("app", "shop"), ("seller", "admin")):
			    c = pymongo.MongoClient("127.0.0.1", int(sys.argv[2]),
			        username=name, password="pw", authSource=db)
			    try:
			        c.shop.numbers.update_one({"_id": 0}, {"$set": {"a": 1}})
			        print(name)
			    except pymongo.errors.OperationFailure as e:
			        assert e.code == 13, e
		P
		echo "$side"
	done | paste -sd' '
}

nothing_lost() { # nothing_lost SIDE
	no_more_writes
	numbers_are_there as "$1"
}

@test "killed after each record: rights are where they belong, and another business is left alone" {
	servers
	neighbours
	migration
	before=$(others)
	assert_equal "$(writers)" 'app seller src app seller dst'
	# shellcheck disable=SC2046
	run -0 switch check $(PROBE)
	assert_line 'ok  the probing account writes to the source'
	assert_line 'ok  the probing account can write to the target later'
	assert_line 'who role "shop.rw" is stopped'
	assert_line 'who role "admin.seller" is stopped'
	assert_line 'who user "admin.root" goes on writing'
	for name in reader visitor biz; do
		refute_output --partial ".$name\""
	done
	assert_equal "$(others)" "$before"
	for n in $(seq 12); do
		# shellcheck disable=SC2046
		run under_kill '1 kept' run $(PROBE)
		[[ $status == 137 ]] || break
		# what may be so in that state
		run -0 mm-switch status --state "$S"
		case $output in
		*'state      syncing'*) who='app seller src app seller dst' ;;
		*'state      blocking'*) who='app seller src app seller dst' ;;
		*) who='src dst' ;;
		esac
		[[ $output == *'state      switch'* ]] || assert_equal "$(writers)" "$who"
	done
	assert_equal "$status" 0
	assert_equal "$n" 8
	more_writes
	assert_equal "$(writers)" 'src app seller dst'
	assert_equal "$(others)" "$before"
	nothing_lost dst
	kill "$biz_pid"
	wait "$biz_pid"
	assert_equal "$(jq .refused "$TMP/biz.out")" 0
	# what the application has there still
	run as src <<<'c = pymongo.MongoClient("127.0.0.1", client.address[1], username="app", password="pw", authSource="shop")
c.shop.visits.insert_one({"n": -2}) and print("visits")
c.shop.numbers.find_one() and print("read")
c.shop.numbers.insert_one({"n": -2})'
	assert_line visits
	assert_line read
	assert_output --partial 'not authorized'
}

@test "a role that is edited meanwhile, an attempt that is given up, withheld rights, and then it is done" {
	servers
	migration
	# somebody who was forgotten
	as src <<<'user("admin", "forgotten", "root")'
	run --separate-stderr -8 switch run
	assert_regex "$stderr" '"admin.forgotten" .*--keep-user'
	run -8 switch check
	assert_line --regexp '^no  the block of the source stops everybody: .*"admin.forgotten"'
	assert_line 'who user "admin.forgotten" is not stopped: role admin.root'
	as src <<<'run("admin", ("dropUser", "forgotten"))'
	# brought along; accounts that the target has are left alone
	as src <<<'user("shop", "late", "readWrite")'
	mm-dump -d shop --users --quiet 2>"$TMP/users.err" |
		mm-load -d shop --users --on-duplicate skip --quiet
	# given up: the source is as it was, the target stays closed
	killed '2 kept' run
	state_is blocked
	assert_equal "$(writers)" 'src dst'
	as src <<<'run("shop", ("grantRolesToUser", "app"), ("roles", [{"role": "read", "db": "other"}]))'
	killed '1 lost' abort
	killed '1 kept' abort
	run -0 switch abort
	assert_equal "$(writers)" 'app seller src dst'
	run -0 as src <<<'print(*rights("shop", "app"))'
	assert_output 'other.read shop.readWrite'
	more_writes
	in_sync
	# taken away while it was closed: not given back, all others are
	killed '2 kept' run
	as src <<<'run("shop", ("updateUser", "app"), ("roles", []))'
	run --separate-stderr -8 switch abort --deadline 1
	assert_regex "$stderr" 'user "shop.app" has lost rights meanwhile'
	assert_equal "$(writers)" 'seller src dst'
	state_is unblocking
	as src <<<'run("shop", ("updateUser", "app"), ("roles", ["readWrite", {"role": "read", "db": "other"}]))'
	# nobody can be asked whether it is open: it is opened all the same
	uri_of 1 app pw shop >"$TMP/dead"
	run --separate-stderr -0 switch abort --probe-source-uri-file "$TMP/dead"
	assert_regex "$stderr" 'the source was opened, but is not probed: .*127.0.0.1:1'
	assert_equal "$(writers)" 'app seller src dst'
	in_sync
	# somebody opens the target before its time
	killed '2 kept' run
	as dst <<<'run("shop", ("updateUser", "app"), ("roles", ["readWrite"]))'
	run --separate-stderr -8 switch run
	assert_regex "$stderr" 'write to the target: "shop.app" can write'
	assert_equal "$(writers)" 'app seller src app dst'
	in_sync
	# lifted and somebody new
	killed '2 kept' run
	as src <<<'user("shop", "new", "readWrite")'
	run --separate-stderr -8 switch run
	assert_regex "$stderr" 'somebody has let applications write'
	assert_equal "$(writers)" 'app seller src dst'
	run -0 as dst <<<'print(*rights("shop", "late"))'
	assert_output ''
	in_sync
	run -0 switch run
	assert_equal "$(writers)" 'src app seller dst'
	run -0 as dst <<<'print(*rights("shop", "late"), client.mm_control.withheld.count_documents({}))'
	assert_output 'shop.readWrite 0'
	run -0 as src <<<'print(*rights("shop", "new"))'
	assert_output 'shop.read'
	# and back: what somebody was given on the target since is closed, too
	as dst <<<'user("shop", "newer", "readWrite")'
	more_writes
	run -0 switch rollback
	assert_equal "$(writers)" 'app seller src dst'
	run -0 as src <<<'print(*rights("shop", "new"))'
	assert_output 'shop.readWrite'
	run -0 as dst <<<'print(*rights("shop", "late"), *rights("shop", "newer"))'
	assert_output 'shop.read shop.read'
	more_writes
	nothing_lost src
}

@test "the probe: an account that may not write, a host that does not answer" {
	servers
	as src <<<'client.shop.numbers.insert_one({"n": 0})'
	umask 077
	uri_of "$src_port" reader pw shop >"$TMP/reader"
	echo "mongodb://app:pw@127.0.0.1:1,127.0.0.1:$src_port/?authSource=shop" >"$TMP/half"
	echo "mongodb://app:pw@127.0.0.1:1,127.0.0.1:$src_port,localhost:$src_port/?authSource=shop" >"$TMP/most"
	uri_of "$src_port" app wrong shop >"$TMP/wrong"
	run switch check --probe-source-uri-file "$TMP/reader"
	assert_line --regexp '^no  the probing account writes to the source: it may not write'
	assert_line 'ok  applications write to the source'
	run switch check --probe-source-uri-file "$TMP/most"
	assert_line 'ok  the probing account writes to the source'
	run switch check --probe-source-uri-file "$TMP/wrong"
	assert_line --regexp '^no  the probing account .*may not log in'
	refute_output --partial wrong@
	# refused by rights, and not known of all
	as src <<<'run("shop", ("updateUser", "app"), ("roles", ["read"]))'
	run switch check --probe-source-uri-file "$TMP/half"
	assert_line --regexp '^no  the probing account writes to the source: .*127.0.0.1:1'
	run switch check --probe-source-uri-file "$TMP/most"
	assert_line --regexp '^no  the probing account .*it may not write'
	run switch check --keep-user shop.nobody
	assert_line 'no  every --keep-user is an account: "shop.nobody" is not on either side'
	# the target: nothing would let it in
	as dst <<-'P'
		run("admin", ("dropUser", "seller"))
		run("shop", ("updateUser", "app"), ("roles", ["read"]))
	P
	run switch check --probe-target-uri-file "$TMP/new"
	assert_line --regexp '^no  the probing account can write to the target later: .*nobody gets'
	chmod 644 "$TMP/most"
	run --separate-stderr -2 switch check --probe-source-uri-file "$TMP/most"
	assert_regex "$stderr" 'may be read by others'
	run --separate-stderr -2 switch check --block cluster --probe-source-uri-file "$TMP/old"
	run --separate-stderr -2 switch check --block role --block-hook /bin/true
	# a server without such a mode
	run switch check --state "$S.2" --block=cluster
	assert_line --regexp '^no  the block of the source .*knows no setUserWriteBlockMode'
}

@test "by the server itself: only for all of it" {
	SEL=(--nsInclude "*")
	servers --fcv 6.0
	as src <<<'client.other.drop_collection("numbers")'
	for side in src dst; do
		as $side <<<'run("admin", ("dropUser", "noplog"))'
	done
	KEEP=(--block=cluster)
	run switch check --nsExclude "other.*"
	assert_line --regexp '^ok  the block of the source stops everybody'
	as src <<<'client.other.numbers.insert_one({})'
	run switch check --nsExclude "other.*"
	assert_line --regexp '^no  the block of the source .*"other" is not of the selection'
	as src <<<'user("admin", "copier", "restore")'
	run switch check --state "$S.2"
	assert_line --regexp '^no  the block of the source stops everybody: .*"admin.copier"'
	assert_line --regexp '^who user "admin.copier" is not stopped: role admin.restore'
	assert_line 'who user "shop.app" is stopped'
	as src <<<'run("admin", ("dropUser", "copier"))'
	migration
	killed '2 kept' run --state "$S.2"
	writers 2>&1 | grep -q 'User writes blocked'
	run -0 switch abort --state "$S.2"
	more_writes
	in_sync
	run -0 switch run --state "$S.2"
	more_writes
	nothing_lost dst
	run as src <<<'c = pymongo.MongoClient("127.0.0.1", client.address[1], username="app", password="pw", authSource="shop")
c.shop.numbers.insert_one({"n": -1})'
	assert_output --partial 'User writes blocked'
}
