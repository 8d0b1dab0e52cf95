SUMMARY = "An update of the Ringfence appliance"
DESCRIPTION = "Root, hash tree and the signed file that starts them, as one signed RAUC bundle in the verity format."
HOMEPAGE = "https://ringfence.invalid"
BUGTRACKER = "https://ringfence.invalid/issues"
SECTION = "ringfence"
LICENSE = "Apache-2.0"
CVE_PRODUCT = ""

# All it holds is what the image made, and what was signed outside of the build.
SRC_URI = ""

inherit bundle ringfence_description

RAUC_BUNDLE_FORMAT = "verity"
RAUC_BUNDLE_COMPATIBLE = "${RINGFENCE_COMPATIBLE}"
RAUC_BUNDLE_VERSION = "${RINGFENCE_VERSION}"
RAUC_BUNDLE_DESCRIPTION = "Ringfence ${RINGFENCE_VERSION}"

RAUC_BUNDLE_SLOTS = "root verity"
RAUC_SLOT_root = "ringfence-image"
RAUC_SLOT_root[fstype] = "erofs-lz4hc.verity"
RAUC_SLOT_root[rename] = "root.img"
RAUC_SLOT_verity = "ringfence-image"
RAUC_SLOT_verity[fstype] = "erofs-lz4hc.vhash"
RAUC_SLOT_verity[rename] = "verity.img"

# The box's post-install handler copies it to the ESP last, under a name that allows three tries.
RAUC_BUNDLE_EXTRA_FILES = "uki.efi"
do_configure[prefuncs] += "ringfence_take_signed"

# Signed outside of the build, by who holds the keys; image/README.md says how.
RINGFENCE_SIGNED_UKI ?= ""
RAUC_KEY_FILE ?= ""
RAUC_CERT_FILE ?= ""

ringfence_take_signed[doc] = "Takes the system that was signed outside of the build, and tells the bundle its epoch and root."
python ringfence_take_signed() {
    import shutil
    signed = d.getVar("RINGFENCE_SIGNED_UKI")
    if not signed or not os.path.exists(signed):
        bb.fatal("RINGFENCE_SIGNED_UKI names no file: an update without a signed system would start nowhere")
    for name in ("RAUC_KEY_FILE", "RAUC_CERT_FILE"):
        if not d.getVar(name):
            bb.fatal("%s is not set: an update is signed or it is none" % name)
    shutil.copy(signed, d.expand("${UNPACKDIR}/uki.efi"))
    path = d.expand("${STAGING_VERITY_DIR}/ringfence-image.erofs-lz4hc.verity.env")
    with open(path) as lines:
        told = dict(line.strip().split("=", 1) for line in lines if "=" in line)
    # RAUC has no field of its own for these two.
    d.setVar("RAUC_BUNDLE_BUILD", "epoch=%s root=%s" % (d.getVar("RINGFENCE_EPOCH"), told["ROOT_HASH"].lower()))
}
