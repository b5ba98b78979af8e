"""How the models are made: needs artmodels and accelerate; not part of the wheel."""
