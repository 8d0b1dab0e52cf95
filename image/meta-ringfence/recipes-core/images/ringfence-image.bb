SUMMARY = "The root of the Ringfence appliance, with the file that starts it"
DESCRIPTION = "A read-only root under dm-verity, and a unified kernel image whose command line names this root by its hash."
HOMEPAGE = "https://ringfence.invalid"
BUGTRACKER = "https://ringfence.invalid/issues"
SECTION = "ringfence"
LICENSE = "Apache-2.0"
CVE_PRODUCT = ""

inherit core-image uki

# The same packages as the virtual box: the description has the list.
inherit ringfence_description
IMAGE_INSTALL = "base-files base-passwd dahdi-linux netbase ringfence-programs ringfence-system ${@ringfence_packages(d)}"
# Others' defaults, where the description has its own.
PACKAGE_EXCLUDE = "systemd-conf systemd-serialgetty volatile-binds"
IMAGE_FEATURES = "read-only-rootfs"
IMAGE_FSTYPES = "erofs-lz4hc"

# Root and hash tree, each a partition of its own.
IMAGE_CLASSES += "dm-verity-img"
DM_VERITY_IMAGE = "ringfence-image"
DM_VERITY_IMAGE_TYPE = "erofs-lz4hc"
DM_VERITY_SEPARATE_HASH = "1"
DM_VERITY_IMAGE_DATA_BLOCK_SIZE = "4096"

# Signed later (image/README.md): what bitbake makes has no signature and starts nowhere.
UKI_FILENAME = "ringfence.efi"
UKI_CMDLINE = "${RINGFENCE_CMDLINE}"
do_uki[prefuncs] += "ringfence_name_root"
do_uki[depends] += "ringfence-initramfs:do_image_complete"
# The hash is known when the root is an image.
# nooelint: oelint.task.addnotaskbody - the class uki has it
addtask uki after do_image_erofs_lz4hc before do_image_complete

def ringfence_root_hash(d):
    """The hash at the top of the tree, as veritysetup told it."""
    path = d.expand("${STAGING_VERITY_DIR}/ringfence-image.erofs-lz4hc.verity.env")
    with open(path) as lines:
        told = dict(line.strip().split("=", 1) for line in lines if "=" in line)
    root = told.get("ROOT_HASH", "")
    if len(root) != 64:
        bb.fatal("%s names no root hash" % path)
    return root.lower()

ringfence_name_root[doc] = "Puts the hash of the root into the command line that is signed."
python ringfence_name_root() {
    root = ringfence_root_hash(d)
    line = " ".join(d.getVar("RINGFENCE_CMDLINE").split()) + " roothash=" + root
    d.setVar("UKI_CMDLINE", line)
    # Who signs builds the same file again, from the same parts.
    with open(d.expand("${DEPLOY_DIR_IMAGE}/ringfence.cmdline"), "w") as file:
        file.write(line)
}

# Nothing to log in to: no shell for anyone, and none of what the description takes out again.
IMAGE_PREPROCESS_COMMAND += "ringfence_can_update ringfence_lock_users ringfence_take_out"
ringfence_can_update[doc] = "Refuses a system that could take no update."
ringfence_can_update() {
    if [ ! -s "${IMAGE_ROOTFS}${sysconfdir}/rauc/keyring.pem" ]; then
        bbfatal "RINGFENCE_KEYRING names no certificate: this system could take no update"
    fi
}

ringfence_lock_users[doc] = "Takes shell and password from every user."
ringfence_lock_users() {
    sed -i -e 's#^\([^:]*:[^:]*:[^:]*:[^:]*:[^:]*:[^:]*:\).*#\1${sbindir}/nologin#' ${IMAGE_ROOTFS}${sysconfdir}/passwd
    sed -i -e 's#^\([^:]*\):[^:]*:#\1:!*:#' ${IMAGE_ROOTFS}${sysconfdir}/shadow
}

ringfence_take_out[doc] = "Takes out what the description names, but for what it brings itself."
python ringfence_take_out() {
    import glob
    import shutil
    remove = ringfence_description(d)["remove"]
    root = d.getVar("IMAGE_ROOTFS")
    for pattern in remove["product"] + remove["paths"]:
        for path in glob.glob(os.path.join(root, pattern)):
            if os.path.lexists(d.expand("${RINGFENCE_SYSTEM}/root/") + os.path.relpath(path, root)):
                continue
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.remove(path)
}
