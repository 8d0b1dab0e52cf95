SUMMARY = "What the development variant of the Ringfence appliance has besides"
DESCRIPTION = "A shell at the screen that may order what the page orders, and the journal on the second serial port: image/system/development as it lies."
HOMEPAGE = "https://ringfence.invalid"
BUGTRACKER = "https://ringfence.invalid/issues"
SECTION = "ringfence"
LICENSE = "Apache-2.0"
CVE_PRODUCT = "ringfence"
LIC_FILES_CHKSUM = "file://../../LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

# The files lie in this checkout.
SRC_URI = ""

inherit externalsrc features_check

REQUIRED_DISTRO_FEATURES = "systemd usrmerge"
EXTERNALSRC = "${RINGFENCE_SYSTEM}"
EXTERNALSRC_BUILD = "${WORKDIR}/build"
INHIBIT_DEFAULT_DEPS = "1"
PACKAGE_ARCH = "${MACHINE_ARCH}"

do_install() {
    cp -R --no-dereference --preserve=mode,links "${S}/development/." "${D}/"
    chown -R root:root "${D}"
}

FILES:${PN} += "${nonarch_libdir}"
