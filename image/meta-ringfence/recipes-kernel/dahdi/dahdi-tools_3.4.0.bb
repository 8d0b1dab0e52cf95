SUMMARY = "Tools for telephony cards"
DESCRIPTION = "dahdi_cfg and the library of tone zones; nothing that needs Perl or a screen."
SECTION = "console/network"
LICENSE = "GPL-2.0-only & LGPL-2.1-only"
CVE_PRODUCT = "digium:dahdi"
LIC_FILES_CHKSUM = "\
    file://LICENSE;md5=ea5bed2f60d357618ca161ad539f7c0a \
    file://LICENSE.LGPL;md5=fb504b67c50331fc78734fed90fb0e09 \
    "

DEPENDS = "dahdi-linux"

require dahdi-debian.inc

SRC_URI = "\
    ${DEBIAN_MIRROR}/main/d/dahdi-tools/dahdi-tools_3.4.0.orig.tar.gz;name=orig \
    ${DEBIAN_MIRROR}/main/d/dahdi-tools/dahdi-tools_3.4.0-1.debian.tar.xz;name=debian \
    "
SRC_URI[orig.sha256sum] = "9b9cd53ba51f4a03baf58bbcecda6d7bd7024e3ea3f7e0b864f666bdd794fcc5"
SRC_URI[debian.sha256sum] = "a72ca8667cf40d4d90b118857def77855d0f5dadd1514f782acb06fb8d7efed6"

inherit autotools pkgconfig

EXTRA_OECONF = "--without-newt --without-pcap --without-usb --without-hotplug"

do_install() {
    install -D -m 0755 "${B}/dahdi_cfg" "${D}${sbindir}/dahdi_cfg"
    oe_libinstall -so -C "${B}/.libs" libtonezone "${D}${libdir}"
}
