# The sources lie in a folder of this machine.
S = "${EXTERNALSRC}"
B = "${EXTERNALSRC_BUILD}"
EXTERNALSRC_BUILD ?= "${WORKDIR}/build"
