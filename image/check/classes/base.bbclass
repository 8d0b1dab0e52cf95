# What every recipe has: its tasks in their order, empty until a class or the recipe fills them.
inherit logging
python () {
    for needed in ("SUMMARY", "LICENSE"):
        if not d.getVar(needed):
            bb.fatal("%s: %s is not set" % (d.getVar("PN"), needed))
    if d.getVar("PN") in ("linux", d.getVar("DISTRO"), d.getVar("MACHINE")):
        bb.fatal("%s is an override: what is set for it would be set for every recipe" % d.getVar("PN"))
}
base_do_fetch() {
    :
}
base_do_unpack() {
    :
}
base_do_patch() {
    :
}
base_do_configure() {
    :
}
base_do_compile() {
    :
}
base_do_install() {
    :
}
base_do_package() {
    :
}
base_do_build() {
    :
}
EXPORT_FUNCTIONS do_fetch do_unpack do_patch do_configure do_compile do_install do_package do_build
# No stamps: a task runs whenever it is asked to.
do_configure[nostamp] = "1"
do_compile[nostamp] = "1"
do_install[nostamp] = "1"
do_configure[dirs] = "${B}"
do_compile[dirs] = "${B}"
do_install[cleandirs] = "${D}"
do_install[dirs] = "${B}"
addtask fetch
addtask unpack after do_fetch
addtask patch after do_unpack
addtask configure after do_patch
addtask compile after do_configure
addtask install after do_compile
addtask package after do_install
addtask build after do_package
