"""Training of the workflow editor (Tseng 2020): inference first, then generation; each separately, then jointly."""
