"""Training of the portrait stylizer (Song 2021): a generator of photos, what encodes them, and style after style."""
