# Hands files to the image; there is no image here.
