#!/usr/bin/env bats
# The address modules, beside a real HAProxy and a real etcd.
bats_require_minimum_version 1.8.0

load lib

setup() {
	M=$B/bin/address
	OLD='mongodb://app:s3cret-old@old1:1,old2:2/?replicaSet=old'
	NEW="mongodb://app:s3cret-n'w@new1:1,new2:2/?replicaSet=new"
	umask 077
	printf '%s\n' "$OLD" >"$TMP/old"
	printf '%s\n' "$NEW" >"$TMP/new"
	cd "$TMP" || return 1
}

teardown() {
	[[ ! -s $TMP/pids ]] || xargs kill <"$TMP/pids" 2>/dev/null || true
	stop_servers
}

background() {
	"$@" >"$TMP/background.log" 2>&1 3>&- &
	disown $!
	echo $! >>"$TMP/pids"
}

port() {
	"$PY" -c 'import socket; s = socket.socket()
s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

id_of() {
	printf %s "$1" | sha256sum | cut -c1-32
}

no_secret() {
	refute_output --partial s3cret
}

# An ssh that runs its command in a directory of the host; a host without one
# cannot be reached. It notes its arguments.
fake_ssh() {
	cat >"$TMP/ssh" <<-'END'
		#!/usr/bin/env bash
		echo "$*" >>"${0%/*}/ssh.args"
		while [[ $1 == -o ]]; do shift 2; done
		host=$1
		shift
		[[ ! -e ${0%/*}/$host.down ]] || exit 255
		exec "$@"
	END
	chmod +x "$TMP/ssh"
}

@test "file: set is a compare-and-set that can be repeated, and shows no secret" {
	local app=$TMP/app.uri
	printf '%s\n' "$OLD" >"$app"
	chmod 640 "$app"
	ln -s app.uri "$TMP/link.uri"

	run -0 "$M/file" probe "path=$TMP/link.uri"
	assert_line 'cas=yes bound=1'
	no_secret
	run -0 "$M/file" get "path=$TMP/link.uri"
	assert_output "endpoint=localhost:$TMP/link.uri state=ok id=$(id_of "$OLD") address=mongodb://***@old1:1,old2:2/?replicaSet=old"
	run -1 "$M/file" verify "path=$app" "new=$TMP/new"

	run -0 "$M/file" set "path=$TMP/link.uri" "old=$TMP/old" "new=$TMP/new"
	no_secret
	assert_equal "$(<"$app")" "$NEW"
	assert_equal "$(stat -c %a "$app")" 640
	[[ -L $TMP/link.uri ]]
	run -0 "$M/file" set "path=$app" "old=$TMP/old" "new=$TMP/new"
	run -0 "$M/file" verify "path=$app" "new=$TMP/new"
	no_secret

	printf 'mongodb://someone/else\n' >"$app"
	run -75 "$M/file" set "path=$app" "old=$TMP/old" "new=$TMP/new"
	assert_output --partial state=mismatch
	assert_equal "$(<"$app")" mongodb://someone/else
	run -1 "$M/file" get "path=$TMP/none"
	assert_output --partial state=missing
	assert_equal "$(find "$TMP" -name '.mm-address*')" ''
}

@test "file: a reload command runs after the change, and its failure is unknown" {
	local app=$TMP/app.uri
	printf '%s\n' "$OLD" >"$app"
	printf '#!/bin/sh\ncat %s >>%s\n' "$app" "$TMP/reloaded" >"$TMP/reload"
	printf '#!/bin/sh\nexit 3\n' >"$TMP/broken"
	chmod +x "$TMP/reload" "$TMP/broken"
	run -1 "$M/file" probe "path=$app" "reload=$TMP/none"
	run -0 "$M/file" set "path=$app" "reload=$TMP/reload" "old=$TMP/old" \
		"new=$TMP/new"
	assert_equal "$(<"$TMP/reloaded")" "$NEW"
	run -70 "$M/file" set "path=$app" "reload=$TMP/broken" "old=$TMP/old" \
		"new=$TMP/new"
	assert_output --partial state=reload-failed
}

@test "file: three hosts, one of them unreachable: nothing is changed anywhere" {
	local app=$TMP/app.uri h
	fake_ssh
	printf '%s\n' "$OLD" >"$app"
	: >"$TMP/web3.down"
	run -69 "$M/file" set "path=$app" "ssh=$TMP/ssh" host=web1 host=web2 \
		host=web3 "old=$TMP/old" "new=$TMP/new"
	assert_output --partial "endpoint=web3:$app state=unreachable"
	assert_equal "$(<"$app")" "$OLD"
	run -1 "$M/file" probe "path=$app" "ssh=$TMP/ssh" host=web1 host=web2 \
		host=web3
	run -69 "$M/file" get "path=$app" "ssh=$TMP/ssh" host=web1 host=web2 \
		host=web3
	assert_line --partial "endpoint=web1:$app state=ok"
	assert_line "endpoint=web3:$app state=unreachable"

	rm "$TMP/web3.down"
	run -0 "$M/file" set "path=$app" "ssh=$TMP/ssh" host=web1 host=web2 \
		host=web3 "old=$TMP/old" "new=$TMP/new"
	assert_equal "$(grep -c "id=$(id_of "$NEW")" <<<"$output")" 3
	refute grep -q s3cret "$TMP/ssh.args"
}

@test "bad settings: named, and nothing is run" {
	run -2 "$M/file" set "path=$TMP/x" "old=$TMP/old"
	assert_output --partial 'needs new=FILE'
	run -2 "$M/file" get 'path=/tmp/a;reboot'
	assert_output --partial '"path": only'
	run -2 "$M/file" get path=/tmp/a host=-oProxyCommand=x
	run -2 "$M/file" get path=relative
	run -2 "$M/file" move path=/tmp/a
	run -2 "$M/file" get path=/tmp/a colour=red
	assert_output --partial 'unknown setting "colour"'
	chmod 644 "$TMP/new"
	run -2 "$M/file" verify "path=$TMP/x" "new=$TMP/new"
	assert_output --partial 'may be read by others'
}

@test "exec: own programs; their word is not enough, and they cannot hang" {
	printf '%s\n' "$OLD" >"$TMP/value"
	printf '#!/bin/sh\ncat %s\n' "$TMP/value" >"$TMP/get"
	printf '#!/bin/sh\nread a; read b; [ "$a" = "$(cat %s)" ] || exit 75\nprintf "%%s\\n" "$b" >%s\n' \
		"$TMP/value" "$TMP/value" >"$TMP/set"
	printf '#!/bin/sh\nexit 0\n' >"$TMP/liar"
	printf '#!/bin/sh\nexec sleep 100\n' >"$TMP/hangs"
	chmod +x "$TMP"/{get,set,liar,hangs}
	run -0 "$M/exec" probe "get=$TMP/get" "set=$TMP/set" bound=7
	assert_line 'cas=unknown bound=7'
	run -70 "$M/exec" set "get=$TMP/get" "set=$TMP/liar" "old=$TMP/old" \
		"new=$TMP/new"
	run -70 "$M/exec" set "get=$TMP/get" "set=$TMP/hangs" timeout=4 \
		"old=$TMP/old" "new=$TMP/new"
	run -0 "$M/exec" set "get=$TMP/get" "set=$TMP/set" "old=$TMP/old" \
		"new=$TMP/new"
	no_secret
	run -0 "$M/exec" verify "get=$TMP/get" "set=$TMP/set" "new=$TMP/new"
	echo mongodb://other >"$TMP/other"
	run -75 "$M/exec" set "get=$TMP/get" "set=$TMP/set" "old=$TMP/old" \
		"new=$TMP/other"
	assert_output --partial state=mismatch
	run -69 "$M/exec" get "get=$TMP/hangs" "set=$TMP/set" timeout=1
}

@test "etcd: compare and put" {
	local client peer at
	command -v etcd >/dev/null || skip 'etcd is not installed'
	client=$(port) peer=$(port)
	background etcd --data-dir "$TMP/etcd" --log-outputs stderr \
		--listen-client-urls "http://127.0.0.1:$client" \
		--advertise-client-urls "http://127.0.0.1:$client" \
		--listen-peer-urls "http://127.0.0.1:$peer"
	at="endpoints=127.0.0.1:$client"
	export ETCDCTL_API=3
	wait_until 30 etcdctl --endpoints="127.0.0.1:$client" endpoint health
	run -1 "$M/etcd" get "$at" key=/shop/uri
	assert_output 'endpoint=/shop/uri state=missing'
	etcdctl --endpoints="127.0.0.1:$client" put /shop/uri "$OLD"
	run -0 "$M/etcd" probe "$at" key=/shop/uri
	assert_line 'cas=yes bound=5'
	no_secret
	run -0 "$M/etcd" set "$at" key=/shop/uri "old=$TMP/old" "new=$TMP/new"
	no_secret
	assert_output --partial "id=$(id_of "$NEW")"
	assert_equal "$(etcdctl --endpoints="127.0.0.1:$client" get \
		--print-value-only /shop/uri)" "$NEW"
	run -0 "$M/etcd" set "$at" key=/shop/uri "old=$TMP/old" "new=$TMP/new"
	run -0 "$M/etcd" verify "$at" key=/shop/uri "new=$TMP/new"
	etcdctl --endpoints="127.0.0.1:$client" put /shop/uri mongodb://x
	run -75 "$M/etcd" set "$at" key=/shop/uri "old=$TMP/old" "new=$TMP/new"
	assert_equal "$(etcdctl --endpoints="127.0.0.1:$client" get \
		--print-value-only /shop/uri)" mongodb://x
	run -69 "$M/etcd" get "endpoints=127.0.0.1:1" key=/shop/uri timeout=1
}

@test "haproxy: servers move through the runtime socket, old connections are cut" {
	local front a b
	command -v haproxy >/dev/null || skip 'haproxy is not installed'
	start_sim one
	start_sim two
	front=$(port)
	cat >"$TMP/haproxy.cfg" <<-END
		global
		    stats socket $TMP/haproxy.sock mode 600 level admin
		defaults
		    mode tcp
		    timeout connect 5s
		    timeout client 60s
		    timeout server 60s
		frontend f
		    bind 127.0.0.1:$front
		    default_backend mongo
		backend mongo
		    server s1 127.0.0.1:$one_port
	END
	background haproxy -db -f "$TMP/haproxy.cfg"
	wait_until 20 test -S "$TMP/haproxy.sock"
	umask 077
	echo "localhost:$one_port" >"$TMP/a"
	echo "127.0.0.1:$two_port" >"$TMP/b"
	a=127.0.0.1:$one_port b=127.0.0.1:$two_port
	local at=("socket=$TMP/haproxy.sock" server=mongo/s1)
	run -0 "$M/haproxy" probe "${at[@]}"
	assert_line 'cas=no bound=1'
	assert_line "endpoint=mongo/s1 state=ok id=$(id_of "$a") address=$a"
	set_name() {
		"$PY" -c 'import sys, pymongo
print(pymongo.MongoClient("127.0.0.1", int(sys.argv[1]),
    directConnection=True).admin.command("hello")["setName"])' "$front"
	}
	assert_equal "$(set_name)" rs_one
	"$PY" - "$front" "$TMP/held" >"$TMP/held.log" 2>&1 3>&- <<-'END' &
		import sys, socket
		s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
		open(sys.argv[2], "w").close()
		s.recv(1)
		print("cut")
	END
	echo $! >>"$TMP/pids"
	wait_until 10 test -e "$TMP/held"
	run -0 "$M/haproxy" set "${at[@]}" "old=$TMP/a" "new=$TMP/b"
	assert_line "endpoint=mongo/s1 state=ok id=$(id_of "$b") address=$b"
	assert_equal "$(set_name)" rs_two
	run -0 "$M/haproxy" drain "${at[@]}"
	wait_until 10 grep -q cut "$TMP/held.log"
	run -0 "$M/haproxy" set "${at[@]}" "old=$TMP/a" "new=$TMP/b"
	run -0 "$M/haproxy" verify "${at[@]}" "new=$TMP/b"
	run -1 "$M/haproxy" verify "${at[@]}" "new=$TMP/a"
	echo 127.0.0.1:9 >"$TMP/c"
	run -75 "$M/haproxy" set "${at[@]}" "old=$TMP/c" "new=$TMP/a"
	run -69 "$M/haproxy" get "socket=$TMP/none.sock" server=mongo/s1
	run -1 "$M/haproxy" get "socket=$TMP/haproxy.sock" server=mongo/s9
	assert_output 'endpoint=mongo/s9 state=missing'
}
