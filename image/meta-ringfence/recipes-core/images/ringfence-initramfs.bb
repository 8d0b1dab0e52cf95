SUMMARY = "What runs before the root of the Ringfence appliance"
DESCRIPTION = "systemd opens the root under dm-verity and the data partition with the TPM; image/system/initrd has its settings."
HOMEPAGE = "https://ringfence.invalid"
BUGTRACKER = "https://ringfence.invalid/issues"
SECTION = "ringfence"
LICENSE = "Apache-2.0"
CVE_PRODUCT = ""

inherit core-image

PACKAGE_INSTALL = "\
    base-passwd \
    cryptsetup \
    e2fsprogs-mke2fs \
    kernel-modules \
    kmod \
    libtss2-tcti-device \
    os-release-initrd \
    ringfence-initrd \
    ringfence-recover \
    systemd \
    systemd-initramfs \
    udev \
    util-linux-fsck \
    "
IMAGE_FEATURES = ""
IMAGE_FSTYPES = "${INITRAMFS_FSTYPES}"
IMAGE_NAME_SUFFIX = ""
IMAGE_ROOTFS_SIZE = "8192"
IMAGE_ROOTFS_EXTRA_SPACE = "0"
PACKAGE_EXCLUDE = "kernel-image-*"
