# One Makefile, out of tree: everything made is below $(B).
#
#   make            the programs, in build/bin
#   make check      all tests; T=TEXT runs those whose file name contains it
#   make check-rules  takes rules out, one at a time: their tests must fail
#   make check-recordings  the recordings of real servers alone ($$MM_CORPUS)
#   make bench      speed, CPU time, memory, latency; PARTS='tail apply' for some
#   make bench-switch  how long applications wait (SWITCHES=50, DOCS=1000000)
#   make bench-tools  beside mongodump and mongorestore (RUNS=5, BYTES=67108864)
#   make demo       a whole migration on two local servers
#   make deps       install the Debian packages that all of these need
#
# SAN=address,undefined builds with sanitizers (its own $(B) is advisable),
# VG='valgrind -q --error-exitcode=99' runs every program in tests under it.

VERSION := $(shell cat VERSION)
B ?= build
PREFIX ?= /usr/local
bindir = $(PREFIX)/bin
mandir = $(PREFIX)/share/man
addressdir = $(PREFIX)/libexec/mongomove/address

CC ?= gcc
PKG_CONFIG ?= pkg-config
PKGS = libmongoc-1.0 libbson-1.0 libzstd libxxhash libcrypto
CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wformat=2 -Wno-missing-field-initializers
HARDEN = -fstack-protector-strong -fPIE
ifeq ($(WERROR),1)
WARN += -Werror
endif
ifneq ($(SAN),)
CFLAGS += -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
LDFLAGS += -fsanitize=$(SAN)
else
HARDEN += -D_FORTIFY_SOURCE=2
endif

# Asked for when the first file is compiled, not before: in `make deps demo`
# the packages are not there yet while this file is read.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(patsubst -I%,-isystem %,$$(shell \
	$(PKG_CONFIG) --cflags $(PKGS))))$(PKG_CFLAGS)
# mongosim alone compares by collation.
SIM_LIBS = $(eval SIM_LIBS := $$(shell $(PKG_CONFIG) --libs icu-i18n \
	icu-uc))$(SIM_LIBS)
PKG_LIBS = $(eval PKG_LIBS := $$(shell $(PKG_CONFIG) --libs $(PKGS)))$(PKG_LIBS)
deps_first := $(filter deps,$(MAKECMDGOALS))

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -pthread \
	-DMM_VERSION='"$(VERSION)"' -Icommon $(WARN) $(HARDEN) $(CFLAGS) \
	$(PKG_CFLAGS) $(CPPFLAGS) -MMD -MP
# as-needed: a program without a server does not load the driver.
ALL_LIBS = -Wl,--as-needed $(PKG_LIBS) -lm

common_src := $(wildcard common/*/*.c)
tool_src := $(wildcard tools/*.c)
sim_src := $(wildcard tests/server/*.c)
unit_src := $(wildcard tests/unit/*_test.c)
unit_help := $(filter-out $(unit_src),$(wildcard tests/unit/*.c))
bench_src := $(wildcard tests/bench/*.c)
helper_src := $(wildcard tests/tools/*.c)
pipelines := $(wildcard pipelines/mm-*)

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
tools := $(patsubst tools/%.c,$(B)/bin/%,$(tool_src))
units := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(unit_src))
benches := $(patsubst tests/bench/%.c,$(B)/tests/bench/%,$(bench_src))
helpers := $(patsubst tests/tools/%.c,$(B)/tests/tools/%,$(helper_src))
preloads := $(patsubst tests/preload/%.c,$(B)/tests/preload/%.so, \
	$(wildcard tests/preload/*.c))
piped := $(patsubst pipelines/%,$(B)/bin/%,$(pipelines))
addresses := $(patsubst pipelines/%,$(B)/bin/%, \
	$(filter-out %/lib.bash,$(wildcard pipelines/address/*)))

all: $(tools) $(piped) $(addresses)
sim := $(if $(wildcard tests/server/main.c),$(B)/tests/mongosim)
tests: all $(sim) $(units) $(benches) $(helpers) $(preloads)

$(B)/obj/%.o: %.c | $(deps_first)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/libmm.a: $(call obj,$(common_src))
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/bin/%: $(B)/obj/tools/%.o $(B)/libmm.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -pie -pthread -o $@ $^ $(ALL_LIBS)

# A library takes the place of the line that reads it in.
$(B)/bin/%: pipelines/% pipelines/lib.bash pipelines/move.bash VERSION
	@mkdir -p $(@D)
	sed -e '/\/lib\.bash"$$/{' -e 'r pipelines/lib.bash' -e d -e '}' \
		-e '/\/move\.bash"$$/{' -e 'r pipelines/move.bash' -e d -e '}' \
		$< | sed 's/@VERSION@/$(VERSION)/' >$@.new
	chmod 755 $@.new
	mv $@.new $@

$(B)/bin/address/%: pipelines/address/% pipelines/address/lib.bash
	@mkdir -p $(@D)
	sed -e '/\/lib\.bash"$$/{' -e 'r pipelines/address/lib.bash' -e d -e '}' \
		$< >$@.new
	chmod 755 $@.new
	mv $@.new $@

$(B)/tests/mongosim: $(call obj,$(sim_src)) $(B)/libmm.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -pie -pthread -o $@ $^ $(ALL_LIBS) $(SIM_LIBS)

# A unit test may also use the pure modules of mongosim; ours come first, for
# both have a cursor.
$(B)/libsim.a: $(call obj,$(filter-out tests/server/main.c,$(sim_src)))
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/tests/unit/%: $(B)/obj/tests/unit/%.o $(call obj,$(unit_help)) \
		$(B)/libsim.a $(B)/libmm.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -pie -pthread -o $@ $(filter %.o,$^) \
		$(B)/libmm.a $(B)/libsim.a $(B)/libmm.a $(ALL_LIBS) $(SIM_LIBS)

$(B)/tests/bench/%: $(B)/obj/tests/bench/%.o $(B)/libmm.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -pie -pthread -o $@ $^ $(ALL_LIBS)

$(B)/tests/tools/%: $(B)/obj/tests/tools/%.o $(B)/libmm.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -pie -pthread -o $@ $^ $(ALL_LIBS)

# Loaded before a program's own libraries: no common code, no sanitizer.
$(B)/tests/preload/%.so: tests/preload/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARN) -O1 -g -fPIC -shared -o $@ $< -ldl

check: tests
	B=$(abspath $(B)) VG='$(VG)' T='$(T)' scripts/run-tests.sh

lint:
	B=$(abspath $(B)) scripts/lint.sh

demo: all $(B)/tests/mongosim
	B=$(abspath $(B)) scripts/demo.sh

bench: all $(B)/tests/mongosim $(benches)
	B=$(abspath $(B)) $$(scripts/python.sh) tests/bench/bench.py $(PARTS)

# libFuzzer over what reads bytes from outside; finds stay in $(B)/fuzz.
FUZZ_RUNS ?= 1000000
fuzz_target = $(B)/fuzz/tests/fuzz/delta_fuzz
$(B)/tests/fuzz/%: $(B)/obj/tests/fuzz/%.o $(B)/libmm.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -fsanitize=fuzzer -pie -pthread -o $@ $^ $(ALL_LIBS)

fuzz:
	$(MAKE) B=$(B)/fuzz CC=clang SAN=address,undefined,fuzzer-no-link \
		$(fuzz_target)
	mkdir -p $(B)/fuzz/found
	$(fuzz_target) -runs=$(FUZZ_RUNS) -max_len=4096 -print_final_stats=1 \
		-artifact_prefix=$(B)/fuzz/ $(B)/fuzz/found tests/fuzz/delta

# The programs beside servers and tools that others wrote.
check-peers: tests
	B=$(abspath $(B)) scripts/check-peers.sh

deps:
	scripts/deps.sh

bench-switch: all $(B)/tests/mongosim $(benches)
	B=$(abspath $(B)) $$(scripts/python.sh) tests/bench/bench.py switch

bench-tools: all $(B)/tests/mongosim $(benches)
	B=$(abspath $(B)) $$(scripts/python.sh) tests/bench/bench.py dump tools

# mongodump and mongorestore, for comparisons; needs Go.
deps-bench:
	B=$(abspath $(B)) scripts/deps-bench.sh

install: all
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(addressdir) \
		$(DESTDIR)$(mandir)/man1 \
		$(DESTDIR)$(mandir)/man5 $(DESTDIR)$(mandir)/man7
	install -m 755 $(tools) $(piped) $(DESTDIR)$(bindir)
	install -m 755 $(addresses) $(DESTDIR)$(addressdir)
	install -m 644 man/*.1 $(DESTDIR)$(mandir)/man1
	install -m 644 man/*.5 $(DESTDIR)$(mandir)/man5
	install -m 644 man/*.7 $(DESTDIR)$(mandir)/man7

uninstall:
	cd $(DESTDIR)$(addressdir) && rm -f $(notdir $(addresses))
	cd $(DESTDIR)$(bindir) && rm -f $(notdir $(tools) $(piped))
	cd $(DESTDIR)$(mandir) && rm -f $(patsubst man/%.1,man1/%.1,$(wildcard \
		man/*.1)) $(patsubst man/%.5,man5/%.5,$(wildcard man/*.5)) \
		$(patsubst man/%.7,man7/%.7,$(wildcard man/*.7))

clean:
	rm -rf $(B)

check-recordings: tests
	B=$(abspath $(B)) scripts/check-recordings.sh

# Takes one rule after the other out of a copy: its test must fail. R=TEXT for
# those whose name contains it.
check-rules:
	$$(scripts/python.sh) tests/tools/rules.py $(if $(R),'$(R)')

.PHONY: all tests check check-recordings check-peers check-rules lint demo bench bench-switch bench-tools fuzz deps deps-bench install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
