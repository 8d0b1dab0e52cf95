# An image with the packages every one has.
inherit image
CORE_IMAGE_BASE_INSTALL = ""
