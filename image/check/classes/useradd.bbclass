# A recipe that makes users says which packages need them.
python () {
    for package in (d.getVar("USERADD_PACKAGES") or "").split():
        if not d.getVar("USERADD_PARAM:" + package) and not d.getVar("GROUPADD_PARAM:" + package):
            bb.fatal("%s makes no users for %s" % (d.getVar("PN"), package))
}
