# Aliases only; the build is meson's. `make help` lists them.

BUILD  ?= build
PREFIX ?= /usr/local
PYTEST ?= /usr/bin/python3 -m pytest

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	tools/install-deps build
	meson setup $(BUILD) --prefix=$(PREFIX) $(MESON_ARGS)

help:
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/'

demo: all ## the main job: a web app in a container, answering on a published port
	tools/demo

check: all ## unit tests, corpus replay, lints; no root
	tools/check

test: ## everything that a Debian machine can install and run
	tools/install-deps build test deb
	tests/run

nightly: ## what takes longer than make test may
	tools/install-deps build test bench deb fresh
	tests/nightly

bench: all ## kist beside its peers, as ratios of minima
	tools/install-deps bench
	tests/bench/run

format: ## let clang-format have its way
	find src tests -name '*.[ch]' | xargs clang-format -i

install: all ## DESTDIR and PREFIX as usual
	meson configure $(BUILD) --no-pager -Dprefix=$(PREFIX) >/dev/null
	DESTDIR=$(DESTDIR) meson install -C $(BUILD) --quiet

deb: ## a Debian package, in build-deb/
	tools/install-deps build deb
	tools/make-deb

clean:
	rm -rf $(BUILD) build-*

.PHONY: all help demo check test nightly bench format install deb clean
