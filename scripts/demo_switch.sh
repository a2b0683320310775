# The end of demo.sh: applications are moved with their databases, and moved
# back, by mm-migrate and mm-switch.
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of demo.sh

# account DB: an application's account on both sides, the files of its address.
# Prints no: no access control, so nobody can be kept from writing.
account() (
	umask 077 # addresses hold passwords
	"$PY" - "$1" "$work/$1" <<-'P'
		import os, pymongo, sys
		from pymongo.uri_parser import parse_uri
		db, path = sys.argv[1:]
		os.makedirs(path, mode=0o700)
		for side, name in (("SOURCE", "old"), ("TARGET", "new")):
		    uri = os.environ["MM_%s_URI" % side]
		    client = pymongo.MongoClient(uri)
		    if not client.admin.command("connectionStatus")["authInfo"]["authenticatedUsers"]:
		        print("no")
		        sys.exit()
		    try:
		        client[db].command("dropUser", db)
		    except pymongo.errors.OperationFailure:
		        pass
		    client[db].command("createUser", db, pwd="demo", roles=["readWrite"])
		    client[db].numbers.drop()
		    client[db].counts.drop()
		    hosts = ",".join("%s:%d" % h for h in parse_uri(uri)["nodelist"])
		    with open("%s/%s" % (path, name), "w") as f:
		        f.write("mongodb://%s:demo@%s/?authSource=%s&replicaSet=%s\n" % (
		            db, hosts, db, client.admin.command("isMaster")["setName"]))
	P
)

# What an application was acknowledged is there, once.
nothing_lost() { # nothing_lost DB URI
	"$PY" - "$2" "$1" "$work/$1/acked" <<-'P'
		import pymongo, sys
		uri, db, acked = sys.argv[1:]
		want = [int(line) for line in open(acked)]
		have = sorted(d["n"] for d in pymongo.MongoClient(uri)[db].numbers.find())
		print(len(want))
		sys.exit(have != want)
	P
}

began() { # began FILE: it has a line
	[[ -s $1 ]]
}

moves() { # moves DB STATE: mm-migrate has come to this state
	[[ $(status_field "$1/move/mm-migrate.status" state) == "$2" ]]
}

# move DB: an application writes to the address in a file; its database and the
# address are moved.
move() {
	local dir=$work/$1
	cp "$dir/old" "$dir/uri"
	"$PY" tests/tools/switch_client.py "$dir" "$dir/uri" "$1" 200 \
		>"$dir/client.json" 2>"$work/$1.client.log" &
	printf -v "$1_client" %s $!
	pids+=($!)
	wait_for 20 began "$dir/acked" || die "application $1 did not start"
	mm-migrate -w "$dir/move" -d "$1" --address "file path=$dir/uri" \
		--address-old "$dir/old" --address-new "$dir/new" \
		2>"$work/$1.migrate.log" &
	printf -v "$1_move" %s $!
	pids+=($!)
	wait_for 60 moves "$1" observing || die "$1 was not moved"
	wait_for 20 began "$dir/pauses" || die "$1 did not write on"
	say "switch: $1 writes to the target; it waited for $(cut -d ' ' -f 1 "$dir/pauses" | tail -n 1) ms, and met no error"
}

# end DB URI: the application ends; all that it wrote is on this side.
end_of() {
	local client=$1_client writes
	kill "${!client}"
	wait "${!client}" || die "application $1 met an error"
	writes=$(nothing_lost "$1" "$2") || die "writes of $1 are lost"
	say "application $1: $writes writes acknowledged, 0 lost, 0 errors"
}

if [[ $(account demo_shop) == no ]]; then
	say 'switch: left out, the servers have no access control'
else
	account demo_back
	move demo_shop
	move demo_back
	"$work/demo_back/move/mm-switch" rollback --quiet \
		2>"$work/rollback.log" || die "rollback ended with $?"
	wait_for 20 eval "((\$(wc -l <'$work/demo_back/pauses') > 1))" ||
		die 'demo_back did not write on'
	say "rollback: demo_back writes to the source again; it waited for $(cut -d ' ' -f 1 "$work/demo_back/pauses" | tail -n 1) ms, and met no error"
	end_of demo_back "$MM_SOURCE_URI"
	kill "$demo_back_move"
	wait "$demo_back_move"
	# shellcheck disable=SC2317 # called through wait_for
	finished() {
		"$work/demo_shop/move/mm-switch" finish --quiet-for 0 --quiet \
			>"$work/finish.log" 2>&1
	}
	wait_for 60 finished || die 'finish: there is a red line'
	wait "$demo_shop_move" || die "mm-migrate ended with $?"
	say 'finish: demo_shop stays on the target'
	end_of demo_shop "$MM_TARGET_URI"
fi
