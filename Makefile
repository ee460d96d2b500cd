# hdrlog: `make help` lists what there is to do.

PREFIX ?= /usr/local
DESTDIR ?=

# The targets need no Swift on the machine that runs them: its runtime is linked in. They look for no libraries beside
# themselves.
RELEASE_FLAGS = -c release --static-swift-stdlib --disable-local-rpath

# So is the C++ runtime under it, and no symbol is there for others: looking these up would be a quarter of the time that
# programs take to start. A folder with nothing but the archive makes the linker prefer it.
STATIC_FOLDER = .build/static
PROGRAM_FLAGS = $(RELEASE_FLAGS) -Xlinker -L$(CURDIR)/$(STATIC_FOLDER) -Xlinker --no-export-dynamic

# Package.swift turns warnings in our own modules into errors when it sees this; a new compiler's new
# warning must not stop somebody who only runs `swift build`.
export HDRLOG_STRICT = 1

.DEFAULT_GOAL := help
.PHONY: help dependencies build build-tools debug demo check test test-unit test-kernel test-system test-budgets \
	test-debian-kernel bench-store bench-kernel install uninstall deb clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dependencies: ## install what building, testing and the demo need (root, apt)
	@scripts/install-dependencies all

build: ## release binaries in .build/release
	@scripts/install-dependencies build
	@mkdir -p $(STATIC_FOLDER)
	@ln -sf "$$(clang -print-file-name=libstdc++.a)" $(STATIC_FOLDER)/
	swift build $(PROGRAM_FLAGS) --product hdrlogd
	swift build $(PROGRAM_FLAGS) --product hdrctl
	swift build $(RELEASE_FLAGS) --product hdrlog

# Beside the binaries that are installed, the frame generator of tests, benchmarks and the demo, and the meter of the
# store's budgets.
build-tools: build
	swift build $(RELEASE_FLAGS) --product hdrgen
	swift build $(RELEASE_FLAGS) --product StoreMeter

debug: ## debug binaries and tests in .build/debug
	swift build --build-tests

demo: ## two network namespaces, real traffic, a query, a status: under 20 s once built
	@scripts/demo.sh

check: ## formatting, lint, warnings as errors
	@scripts/run-tests check

test: ## everything: check, unit, kernel, system, budgets, debian-kernel
	@scripts/run-tests check unit kernel system budgets debian-kernel

test-unit: ## modules by themselves; no root needed
	@scripts/run-tests unit

test-kernel: ## BPF programs in the running kernel (root)
	@scripts/run-tests kernel

test-system: ## the binaries in network namespaces and under a real systemd (root)
	@scripts/run-tests system

test-budgets: ## memory, start time, linked libraries, sizes
	@scripts/run-tests budgets

test-debian-kernel: ## the daemon on Debian 12's own kernel 6.1 in qemu
	@scripts/run-tests debian-kernel

SIZE ?= 20000000

bench-store: build-tools ## the store's ingest, size and queries, beside DuckDB and nfdump; SIZE=20000000; writes bench-results/store.json
	@scripts/install-dependencies bench
	swift build $(RELEASE_FLAGS) --product StoreBench
	.build/python/bin/python Tests/benches/store.py --size $(SIZE) $(BENCH_OPTIONS) bench-results/store.json

bench-kernel: build-tools ## what logging costs a frame, and the whole way (root, 10 min); writes bench-results/kernel.json
	@scripts/install-dependencies bench
	swift build $(RELEASE_FLAGS) --product KernelBench
	.build/release/KernelBench bench-results/kernel.json
	/usr/bin/python3 Tests/benches/end_to_end.py bench-results/kernel.json

install: ## into $(DESTDIR)$(PREFIX), as built by `make build`
	@scripts/install-files --destdir "$(DESTDIR)" --prefix "$(PREFIX)"

uninstall: ## remove what `make install` put there; configuration and log stay
	@scripts/install-files --destdir "$(DESTDIR)" --prefix "$(PREFIX)" --remove

deb: build ## a Debian package in .build/deb
	@scripts/build-deb

clean: ## remove everything that was built
	swift package clean
	rm -rf .build bench-results
