"""Trainings of sketch to image: hands of a sketcher, the self-supervised auto-encoder, the refiner; and measures."""
