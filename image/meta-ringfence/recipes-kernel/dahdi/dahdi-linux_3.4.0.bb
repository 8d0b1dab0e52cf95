SUMMARY = "Drivers of telephony cards"
DESCRIPTION = "DAHDI's kernel modules: E1 and analogue cards, their spans and channels."
SECTION = "kernel/modules"
LICENSE = "GPL-2.0-only"
CVE_PRODUCT = "digium:dahdi"
LIC_FILES_CHKSUM = "file://LICENSE;md5=ea5bed2f60d357618ca161ad539f7c0a"

require dahdi-debian.inc

SRC_URI = "\
    ${DEBIAN_MIRROR}/main/d/dahdi-linux/dahdi-linux_3.4.0~dfsg.orig.tar.xz;name=orig \
    ${DEBIAN_MIRROR}/main/d/dahdi-linux/dahdi-linux_3.4.0~dfsg-4.debian.tar.xz;name=debian \
    "
SRC_URI[orig.sha256sum] = "4160e88a9aeec113edae43276bf37363ebdfadda4d2d9b7f50e7417a09b2d1f8"
SRC_URI[debian.sha256sum] = "ad1d3c6b20be74f11ba0d829cd683070688c2eca09ae38e8b623305b0766c557"

S = "${UNPACKDIR}/dahdi-linux-3.4.0~dfsg"

inherit module

# The kernel's own build, as it builds any module: DAHDI's makefile would look for the kernel that runs here.
EXTRA_OEMAKE += "\
    -C ${STAGING_KERNEL_DIR} \
    O=${STAGING_KERNEL_BUILDDIR} \
    M=${S}/drivers/dahdi \
    DAHDI_INCLUDE=${S}/include \
    DAHDI_BUILD_ALL=m \
    CONFIG_DAHDI=m \
    "
MAKE_TARGETS = "modules"

do_configure:prepend() {
    # The version that its modules tell.
    printf '#define DAHDI_VERSION "%s"\n' "${PV}" > "${S}/include/dahdi/version.h"
}

do_install:append() {
    install -D -m 0644 "${S}/include/dahdi/user.h" "${D}${includedir}/dahdi/user.h"
    install -D -m 0644 "${S}/include/dahdi/wctdm_user.h" "${D}${includedir}/dahdi/wctdm_user.h"
}

RDEPENDS:${PN} += "ringfence-system"
