# A unit that a recipe names has to be among the files it installs.
SYSTEMD_PACKAGES ?= "${PN}"
do_install[postfuncs] += "systemd_units_are_installed"
python systemd_units_are_installed() {
    for package in d.getVar("SYSTEMD_PACKAGES").split():
        for unit in (d.getVar("SYSTEMD_SERVICE:" + package) or "").split():
            if not os.path.exists(d.expand("${D}${systemd_system_unitdir}/") + unit):
                bb.fatal("%s names the unit %s and does not install it" % (d.getVar("PN"), unit))
}
