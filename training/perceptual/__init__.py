"""Training of the starters' own perceptual features on stage pictures; no paper: the task is this project's own."""
