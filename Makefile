# Two commands: `make run` and `make test`. Everything else is for the engineer.
PY := .venv/bin/python
PACKAGES := gateway device_drivers analytics api firmware_profiles

.PHONY: env run test test-bluez lint bench evaluate reliability train clean

run:                     ## a gateway; with no Bluetooth on this machine, a simulated home
	@packaging/env.sh run
	@.venv/bin/huoma run $(ARGS)

env:                     ## the environment .venv, and nothing else
	@packaging/env.sh run

.PHONY: env-test
env-test:
	@packaging/env.sh test

test: lint               ## the whole suite, real BlueZ included unless HUOMA_FAST=1
	@packaging/system-deps.sh
	$(PY) -m pytest $(ARGS)

test-bluez: env-test     ## the scenarios of tests/radio_scenarios on real BlueZ, in a virtual machine
	@HUOMA_FAST= packaging/system-deps.sh bluez
	HUOMA_FAST= $(PY) -m pytest tests/bluez $(ARGS)

lint: env-test           ## ruff, mypy strict, import-linter
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy $(PACKAGES) tests
	.venv/bin/lint-imports

bench: env-test          ## speed and memory as ratios to a peer of the same run; writes build/bench.json
	@packaging/bench-env.sh
	HUOMA_BENCH_PYTHON=.venv-bench/bin/python $(PY) -m tests.benchmarks

evaluate: env-test       ## detectors on published recordings (HUOMA_DATA names their folder), made-up rooms and courses
	@test -n "$$HUOMA_DATA" || { echo "set HUOMA_DATA to the folder of recordings (with sisfall/ in it)" >&2; exit 2; }
	.venv/bin/huoma evaluate fall --dataset sisfall "$$HUOMA_DATA/sisfall"
	.venv/bin/huoma evaluate radar --modules heights,middles,flag
	.venv/bin/huoma evaluate vitals

reliability: env-test    ## every fault test at its full count
	HUOMA_RELIABILITY=full HUOMA_R4_EXAMPLES=10000 HUOMA_R6_READINGS=10000 $(PY) -m pytest tests/reliability tests/gateway/delivery tests/device_drivers/decode/test_fuzz.py \
		tests/device_drivers/decode/radar tests/gateway/pairing/test_every_write.py -s --timeout 0

train: env-test          ## the shipped fall models again, from the recordings and from made-up rooms
	@test -n "$$HUOMA_DATA" || { echo "set HUOMA_DATA to the folder of recordings (with sisfall/, umafall/ and weda/ in it)" >&2; exit 2; }
	$(PY) -m analytics.training.falls --data "$$HUOMA_DATA"
	$(PY) -m analytics.training.radar

clean:
	rm -rf .venv .venv-bench build
