# `make demo` and `make test` need nothing but Python 3.11 or newer. Every line also works by hand.

VENV := .venv
PYTHON := $(VENV)/bin/python
WORKERS ?= 2
PYTHON3 ?= $(firstword $(foreach name,python3.13 python3.12 python3.11 python3,$(shell \
	$(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))

.PHONY: demo test lint bench clean train-workflow-illustrations train-workflow-emoji train-workflow-chairs \
	train-colorizer-illustrations train-colorizer-illustrations-add \
	train-sketcher train-sketch2image-illustrations train-sketch2image-emoji \
	train-portrait-photo train-portrait-style-toy3d train-portrait-style-toon train-portrait-style-oil \
	train-portrait-style-water

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

# A workflow starter's way: pictures; networks that take them apart; those that put them together, on small pictures
# first; what draws the fitting of one artwork back; numbers and sheets. Emoji need a checkout of Fluent Emoji.
FLUENTUI_EMOJI ?= fluentui-emoji
PRESET_illustrations := starter
PRESET_emoji := starter-emoji
PRESET_chairs := starter-chairs
RUN = runs/workflow-$*
INFER = $(PYTHON) -m training.workflow.train_inference --preset $(PRESET_$*) --data data/$*
RENDER = $(PYTHON) -m training.workflow.train_generation --preset $(PRESET_$*) --data data/$*
train-workflow-illustrations train-workflow-emoji train-workflow-chairs: train-workflow-%: data/%/metadata.jsonl
	$(INFER) --out $(RUN)/inference --minutes 15
	$(INFER) --out $(RUN)/joint --init $(RUN)/inference/model --minutes 3 --set joint=true --set run.learning_rate=0.0002
	$(RENDER) --out $(RUN)/small --init $(RUN)/joint/model --minutes 45 --set load_size=64 --set run.batch_size=32 --set wake_below=100
	$(RENDER) --out $(RUN)/large --init $(RUN)/small/model --minutes 12 --set whiten=true --set run.learning_rate=0.0005
	$(PYTHON) -m training.workflow.train_regulariser --preset $(PRESET_$*) --init $(RUN)/large/model --data data/$* --out $(RUN)/regulariser
	$(PYTHON) -m training.workflow.evaluate --model $(RUN)/regulariser/model --data data/$* --out $(RUN)/evaluation

# A colorizer starter's way: what reads tags and colours; what paints; what moves the colours by tags; numbers.
COLORIZER = $(PYTHON) -m training.colorizer
COLORIZER_RUN = runs/colorizer
train-colorizer-illustrations: RECEIVING := attention
train-colorizer-illustrations-add: RECEIVING := add
train-colorizer-illustrations train-colorizer-illustrations-add: $(COLORIZER_RUN)/encoder/model/config.json
	$(COLORIZER).train_generator --preset starter-$(RECEIVING) --init $(COLORIZER_RUN)/encoder/model --data data/illustrations --out $(COLORIZER_RUN)/$(RECEIVING) --minutes 30
	$(COLORIZER).train_generator --preset starter-$(RECEIVING) --init $(COLORIZER_RUN)/$(RECEIVING)/model --data data/illustrations --out $(COLORIZER_RUN)/$(RECEIVING)-fine --minutes 4 --set run.learning_rate=0.0002
	$(COLORIZER).train_mapping --preset starter --init $(COLORIZER_RUN)/$(RECEIVING)-fine/model --data data/illustrations --out $(COLORIZER_RUN)/m-$(RECEIVING) --minutes 11
	$(COLORIZER).evaluate --model $(COLORIZER_RUN)/m-$(RECEIVING)/model --data data/illustrations --out $(COLORIZER_RUN)/evaluation-$(RECEIVING)
$(COLORIZER_RUN)/encoder/model/config.json: data/illustrations/metadata.jsonl
	$(COLORIZER).train_encoder --preset starter --data data/illustrations --out $(COLORIZER_RUN)/encoder --minutes 20

# A sketcher's way: each hand from some twenty drawings, all of them in one model; its lines against true ones.
SKETCH2IMAGE = $(PYTHON) -m training.sketch2image
HANDS := ink fineliner marker pencil
SKETCHER_RUN = runs/sketcher
train-sketcher: $(HANDS:%=$(SKETCHER_RUN)/%/model/config.json)
	$(SKETCH2IMAGE).join_hands $(foreach hand,$(HANDS),--hand $(SKETCHER_RUN)/$(hand)/model:$(hand)) --out $(SKETCHER_RUN)
	$(SKETCH2IMAGE).evaluate_sketcher --model $(SKETCHER_RUN)/model --data data/illustrations $(foreach hand,$(HANDS),--drawings $(hand)=data/drawings/$(hand)) --out $(SKETCHER_RUN)/evaluation
$(SKETCHER_RUN)/%/model/config.json: data/lineless/metadata.jsonl data/portraits/metadata.jsonl | data/drawings
	$(SKETCH2IMAGE).train_sketcher $(foreach kind,illustrations lineless portraits,--pictures data/$(kind)/full) --drawings data/drawings/$* --name $* --minutes 10 --out $(SKETCHER_RUN)/$*

# A starter's that finishes sketches: what makes the coarse picture, more slowly at the end; what refines it; numbers.
SAMPLE_illustrations := full
SAMPLE_emoji := three_d
S2I_RUN = runs/sketch2image-$*
train-sketch2image-illustrations train-sketch2image-emoji: train-sketch2image-%: data/%/metadata.jsonl
	$(SKETCH2IMAGE).train_autoencoder --preset $(PRESET_$*) --data data/$* --out $(S2I_RUN)/autoencoder --minutes 26
	$(SKETCH2IMAGE).train_autoencoder --preset $(PRESET_$*) --data data/$* --init $(S2I_RUN)/autoencoder/model --out $(S2I_RUN)/fine --minutes 6 --set run.learning_rate=0.0003
	$(SKETCH2IMAGE).train_refiner --preset $(PRESET_$*) --data data/$* --init $(S2I_RUN)/fine/model --out $(S2I_RUN)/refined --minutes 16
	$(SKETCH2IMAGE).train_refiner --preset $(PRESET_$*) --data data/$* --init $(S2I_RUN)/refined/model --out $(S2I_RUN)/refined-fine --minutes 7 --set run.learning_rate=0.0002
	$(SKETCH2IMAGE).evaluate --model $(S2I_RUN)/refined-fine/model --data data/$* --picture $(SAMPLE_$*) --out $(S2I_RUN)/evaluation

# A photo model's: faces at 32 pixels against judges, then with their encoder at 64 and 128; without judges, on photos
# that vary, where faces become clean; at last against judges, who sharpen them. Two processes share two cores.
# The starter's own commands, one of them broken off, stand in its card; these take the same steps.
PORTRAIT = $(PYTHON) -m training.portrait
IN_TWO = ACCELERATE_USE_CPU=true OMP_NUM_THREADS=1 $(PYTHON) -m torch.distributed.run --standalone --nproc_per_node 2 -m training.portrait.train_photo --data data/portraits --set run.batch_size=8 --set run.ema_decay=0.99779 --set again=4
ALONE = --set alone=1000000 --set terms.kl_steps=1 --set run.save_every=500
CLEAN = --set terms.kl_steps=1 --set terms.kl=0.006 --set terms.face=0.5 --set terms.identity=0
PHOTO_RUN = runs/portrait-photo
ON_PHOTO = --init $(PHOTO_RUN)/$(1)/model --opponent $(PHOTO_RUN)/$(1)/discriminator
train-portrait-photo: $(PHOTO_RUN)/model/config.json
$(PHOTO_RUN)/model/config.json: data/portraits/metadata.jsonl
	$(PORTRAIT).train_generator --preset starter-64 --set model.size=32 --set run.ema_decay=0.99779 --data data/portraits --out $(PHOTO_RUN)/32 --minutes 15
	$(IN_TWO) --set encoder_rate=0.002 --set model.generator.size=64 $(call ON_PHOTO,32) --out $(PHOTO_RUN)/64 --minutes 30
	$(IN_TWO) --set encoder_rate=0.002 --set interval=2 $(call ON_PHOTO,64) --out $(PHOTO_RUN)/128 --minutes 40
	$(IN_TWO) --set encoder_rate=0.002 --set terms.kl=0.015 $(ALONE) $(call ON_PHOTO,128) --out $(PHOTO_RUN)/alone --minutes 20
	$(IN_TWO) --set encoder_rate=0.0008 --set run.learning_rate=0.0008 --set momentum=0.9 --set varied=true $(ALONE) $(CLEAN) $(call ON_PHOTO,alone) --out $(PHOTO_RUN)/varied --minutes 32
	$(IN_TWO) --set encoder_rate=0.0005 --set run.learning_rate=0.0015 --set interval=2 $(CLEAN) $(call ON_PHOTO,varied) --out $(PHOTO_RUN)/judged --minutes 13
	$(PORTRAIT).finish_photo --model $(PHOTO_RUN)/judged/model --out $(PHOTO_RUN)/model
	$(PORTRAIT).evaluate --photo $(PHOTO_RUN)/model --data data/portraits --out $(PHOTO_RUN)/evaluation

# A style of that photo model, one process; `--choose` takes another state after a look at its strip.png.
STYLES ?= styles-256.tar
PICTURES_toy3d = --style toy3d --attributes
PICTURES_toon = --style toon-head
PICTURES_oil = --style npr_oil --portraits data/portraits
PICTURES_water = --style npr_water --portraits data/portraits
STYLE_RUN = runs/portrait-style-$*
train-portrait-style-toy3d train-portrait-style-toon train-portrait-style-oil train-portrait-style-water: train-portrait-style-%: $(PHOTO_RUN)/model/config.json
	$(PYTHON) -m training.recipes.style_pictures --source $(STYLES) $(PICTURES_$*) --out data/styles/$*
	OMP_NUM_THREADS=1 $(PORTRAIT).train_style --pictures data/styles/$* --aligned --name portrait-style-$* --photo $(PHOTO_RUN)/model --photo-name artmodels/portrait-photo --opponent $(PHOTO_RUN)/judged/discriminator --photos data/portraits --out $(STYLE_RUN) --minutes 30 --set run.batch_size=8 --set run.save_every=100 --set interval=2 --set patience=0
	$(PORTRAIT).evaluate --photo $(PHOTO_RUN)/model --style $(STYLE_RUN)/best --pictures $(STYLE_RUN)/pictures --data data/portraits --out $(STYLE_RUN)/evaluation --table 1 --table 2

data/illustrations/metadata.jsonl: $(VENV)/test.stamp
	$(PYTHON) -m training.recipes.illustrations --out $(@D) --drawings 3000 --colourings 3 --size 128
data/chairs/metadata.jsonl: $(VENV)/test.stamp
	$(PYTHON) -m training.recipes.chairs --out $(@D) --chairs 2000 --views 2 --size 128
data/emoji/metadata.jsonl: $(VENV)/test.stamp
	$(PYTHON) -m training.recipes.emoji --checkout $(FLUENTUI_EMOJI) --out $(@D) --size 128

data/lineless/metadata.jsonl: data/illustrations/metadata.jsonl
	$(PYTHON) -m training.recipes.lineless --source $(<D) --out $(@D) --count 2000
data/drawings: data/illustrations/metadata.jsonl
	$(PYTHON) -m training.recipes.drawing_sets --source $(<D)/line --out $@ --count 20
# Photographs of faces, eyes in line: a folder or tar that holds them in photo/.
PORTRAITS ?= portraits
data/portraits/metadata.jsonl: $(VENV)/test.stamp
	$(PYTHON) -m training.recipes.portraits --source $(PORTRAITS) --out $(@D) --size 128

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
