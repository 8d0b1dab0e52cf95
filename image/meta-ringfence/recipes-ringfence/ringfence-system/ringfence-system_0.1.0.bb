SUMMARY = "The system description of the Ringfence appliance"
DESCRIPTION = "Units, users, kernel settings and network defaults: image/system/root as it lies, as in the virtual box."
HOMEPAGE = "https://ringfence.invalid"
BUGTRACKER = "https://ringfence.invalid/issues"
SECTION = "ringfence"
LICENSE = "Apache-2.0"
CVE_PRODUCT = "ringfence"
LIC_FILES_CHKSUM = "file://../../LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

# The files lie in this checkout.
SRC_URI = ""

inherit externalsrc features_check ringfence_units useradd

REQUIRED_DISTRO_FEATURES = "systemd usrmerge"
EXTERNALSRC = "${RINGFENCE_SYSTEM}"
EXTERNALSRC_BUILD = "${WORKDIR}/build"
INHIBIT_DEFAULT_DEPS = "1"
PACKAGE_ARCH = "${MACHINE_ARCH}"

# The users are those of sysusers.d, made when the image is built: the root cannot be written later.
def ringfence_users(d):
    """Parameters for groupadd and useradd, from the lines of sysusers.d(5) that the description uses."""
    import shlex
    path = d.expand("${S}/root/usr/lib/sysusers.d/ringfence.conf")
    bb.parse.mark_dependency(d, path)
    groups, users = [], {}
    with open(path) as lines:
        for number, line in enumerate(lines, 1):
            words = shlex.split(line, comments=True)
            if not words:
                continue
            if words[0] == "g" and len(words) == 3:
                groups.append("--system --gid %s %s" % (words[2], words[1]))
            elif words[0] in ("u", "u!") and len(words) >= 4 and ":" in words[2]:
                uid, gid = words[2].split(":")
                users[words[1]] = ["--system --uid %s --gid %s" % (uid, gid),
                                   "--no-create-home --home-dir / --shell %s/nologin --comment '%s'" % (d.getVar("sbindir"), words[3])]
            elif words[0] == "m" and len(words) == 3 and words[1] in users:
                users[words[1]].append("--groups %s" % words[2])
            else:
                bb.fatal("%s:%d: a user or group is not understood: %s" % (path, number, line.strip()))
    return "; ".join(groups), "; ".join(" ".join(words + [name]) for name, words in users.items())

USERADD_PACKAGES = "${PN}"
GROUPADD_PARAM:${PN} = "${@ringfence_users(d)[0]}"
USERADD_PARAM:${PN} = "${@ringfence_users(d)[1]}"

do_install() {
    cp -R --no-dereference --preserve=mode,links "${S}/root/." "${D}/"
    chown -R root:root "${D}"
}

FILES:${PN} += "${nonarch_libdir} ${datadir}"
