"""One file a data set: where the pictures come from and how stages, tags and masks are derived."""
