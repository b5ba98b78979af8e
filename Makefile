# `make demo` and `make test` need nothing but Python 3.11 or newer. Every line also works by hand.

VENV := .venv
PYTHON := $(VENV)/bin/python
WORKERS ?= 2
PYTHON3 ?= $(firstword $(foreach name,python3.13 python3.12 python3.11 python3,$(shell \
	$(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))

.PHONY: demo test lint bench train-workflow-illustrations clean

demo: $(VENV)/spaces.stamp
	$(PYTHON) spaces/hub/app.py

test: lint
	OMP_NUM_THREADS=1 $(PYTHON) -m pytest -n $(WORKERS)

lint: $(VENV)/test.stamp
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

bench: $(VENV)/test.stamp
	$(PYTHON) -m training.bench

# The drawings, the networks that take them apart, the networks that put them back; hours on two cores.
train-workflow-illustrations: $(VENV)/test.stamp
	$(PYTHON) -m training.recipes.illustrations --out data/illustrations --drawings 4000 --colourings 2 --size 128
	$(PYTHON) -m training.workflow.train_inference --data data/illustrations --out runs/inference
	$(PYTHON) -m training.workflow.train_generation --data data/illustrations --init runs/inference/model --out runs/generation

clean:
	rm -rf $(VENV)

$(VENV)/spaces.stamp $(VENV)/test.stamp: $(VENV)/%.stamp: pyproject.toml constraints.txt | $(PYTHON)
	$(PYTHON) -m pip install --disable-pip-version-check -c constraints.txt -e '.[$*]'
	@touch $@

# Some systems ship Python without the part that puts pip into a new environment.
$(PYTHON):
	@test -n "$(PYTHON3)" || { echo "artmodels needs Python 3.11 or newer; install it, or name it: make PYTHON3=/path/to/python3"; exit 1; }
	@$(PYTHON3) -m venv $(VENV) || $(PYTHON3) -m virtualenv --clear $(VENV) || uv venv --clear --seed --python $(PYTHON3) $(VENV) || { \
		rm -rf $(VENV); \
		echo "$(PYTHON3) cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
