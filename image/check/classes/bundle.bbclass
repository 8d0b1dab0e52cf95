# An update. Every slot it writes has its image.
LICENSE ?= "MIT"
B = "${WORKDIR}/build"
python () {
    for slot in (d.getVar("RAUC_BUNDLE_SLOTS") or "").split():
        if not d.getVar("RAUC_SLOT_" + slot):
            bb.fatal("the bundle has no image for the slot %s" % slot)
}
do_bundle() {
    :
}
addtask bundle after do_configure before do_build
