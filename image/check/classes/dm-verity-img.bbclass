# Hash tree of an image.
