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

# The starter's way: drawings; networks that take them apart; then those that put them together, small pictures first.
DATA := data/illustrations
INFER := $(PYTHON) -m training.workflow.train_inference --preset starter --data $(DATA)
RENDER := $(PYTHON) -m training.workflow.train_generation --preset starter --data $(DATA)
SMALL := --set load_size=64 --set run.batch_size=32
LARGE := --set run.learning_rate=0.0006
FLAT := --set 'rendered_stages=["flat"]'
FULL := --set 'rendered_stages=["full"]'
train-workflow-illustrations: $(VENV)/test.stamp
	$(PYTHON) -m training.recipes.illustrations --out $(DATA) --drawings 3000 --colourings 3 --size 128
	$(INFER) --out runs/inference --minutes 12
	$(INFER) --out runs/inference-joint --init runs/inference/model --minutes 3 --set joint=true --set run.learning_rate=0.0002
	$(RENDER) --out runs/flat-first --init runs/inference-joint/model --minutes 18 $(FLAT) $(SMALL)
	$(RENDER) --out runs/flat-small --init runs/flat-first/model --minutes 6.5 $(FLAT) $(SMALL) --set kl=0.002
	$(RENDER) --out runs/flat --init runs/flat-small/model --minutes 3 $(FLAT) $(LARGE) --set kl=0.005
	$(RENDER) --out runs/full-small --init runs/flat/model --minutes 2.2 $(FULL) $(SMALL) --set kl=0
	$(RENDER) --out runs/full --init runs/full-small/model --minutes 1.6 $(FULL) $(LARGE) --set kl=0.0003
	$(PYTHON) -m training.workflow.evaluate --model runs/full/model --data $(DATA) --out runs/evaluation

clean:
	rm -rf $(VENV)

$(VENV)/spaces.stamp $(VENV)/test.stamp: $(VENV)/%.stamp: pyproject.toml constraints.txt | $(VENV)/created.stamp
	$(PYTHON) -m pip install --disable-pip-version-check -c constraints.txt -e '.[$*]'
	@touch $@

# Some systems ship Python without the part that puts pip into a new environment.
$(VENV)/created.stamp:
	@test -n "$(PYTHON3)" || { echo "artmodels needs Python 3.11 or newer; install it, or name it: make PYTHON3=/path/to/python3"; exit 1; }
	@$(PYTHON3) -m venv $(VENV) || $(PYTHON3) -m virtualenv --clear $(VENV) || uv venv --clear --seed --python $(PYTHON3) $(VENV) || { \
		rm -rf $(VENV); \
		echo "$(PYTHON3) cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@touch $@
