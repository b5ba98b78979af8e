"""Training of the tag colorizer (Yan 2023): tags first, then colouring by a reference, then the mapping of tags."""
