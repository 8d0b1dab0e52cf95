SUMMARY = "The development variant of the Ringfence appliance's root"
DESCRIPTION = "The same system with a shell and its journal on the second serial port. It says so everywhere, and is for nobody's data."
HOMEPAGE = "https://ringfence.invalid"
BUGTRACKER = "https://ringfence.invalid/issues"
SECTION = "ringfence"
LICENSE = "Apache-2.0"
CVE_PRODUCT = ""

require ringfence-image.inc

RINGFENCE_VARIANT = "development"
RINGFENCE_FILE = "ringfence-development"
IMAGE_INSTALL += "ringfence-development"
UKI_CMDLINE:append = " ${RINGFENCE_DEVELOPMENT_CMDLINE}"
