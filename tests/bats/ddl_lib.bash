# A store named "ledger" as the source, for tests of changes of the catalog.
# After `load lib`.
# shellcheck shell=bash disable=SC2154 # set by lib.bash and bats

# What the store "ledger" has at 10:0:1, loaded; the first argument is the
# selection.
store() {
	local include=$1
	shift
	"$PY" "$TOOLS/mmstream.py" write-snapshot --source ledger \
		--nsInclude "$include" --from 10:0:1 "$@" >"$TMP/snapshot"
	mm-load --nsInclude "$include" --quiet <"$TMP/snapshot"
}

changes() {
	"$PY" "$TOOLS/mmstream.py" write-oplog --source ledger \
		--nsInclude "$1" --after 10:0:1 >"$TMP/log"
}

state() {
	py "$dst_uri" <<-'P'
		for name in sorted(client.shop.list_collection_names()):
		    if name.startswith("system."):
		        continue
		    print(name, list(client.shop[name].find().sort("_id", 1)))
		if client.mm_control.jobs.count_documents({"intent": {"$exists": True}}):
		    print("an intent is left")
	P
}
