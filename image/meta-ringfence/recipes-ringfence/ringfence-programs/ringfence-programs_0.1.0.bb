SUMMARY = "The programs of the Ringfence appliance"
DESCRIPTION = "Records, lines, campaigns, page and console of an outbound-call appliance, each a process of its own."
HOMEPAGE = "https://ringfence.invalid"
BUGTRACKER = "https://ringfence.invalid/issues"
SECTION = "ringfence"
LICENSE = "Apache-2.0"
CVE_PRODUCT = "ringfence"
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

DEPENDS = "alsa-lib tpm2-tss"

require ringfence-crates.inc

inherit cargo externalsrc pkgconfig ringfence_units systemd

EXTERNALSRC = "${RINGFENCE_SOURCE}"
EXTERNALSRC_BUILD = "${WORKDIR}/build"
CARGO_VENDORING_DIRECTORY = "${CARGO_HOME}/bitbake"

# Only these packages: cargo joins the features of all it is asked to build, and the tests want more of some crates.
RINGFENCE_PACKAGES = "admind calld consoled hostd lined recover slots store supervisor tools vaultd"
RINGFENCE_PROGRAMS = "\
    admind calld consoled hostd lined supervisor vaultd \
    ringfence ringfence-ledger ringfence-recording ringfence-recover ringfence-slot \
    "
CARGO_BUILD_FLAGS:append = " ${@' '.join('--package ' + one for one in d.getVar('RINGFENCE_PACKAGES').split())}"
CARGO_BUILD_FLAGS:append = " ${@' '.join('--bin ' + one for one in d.getVar('RINGFENCE_PROGRAMS').split())}"
# The release's certificate, which is no secret; the image refuses to be made without one.
RINGFENCE_KEYRING ?= ""
# The folder it was built in is not part of the program.
RUSTFLAGS:append = " --remap-path-prefix=${S}=/usr/src/ringfence"

do_install() {
    for program in ${RINGFENCE_PROGRAMS}; do
        install -D -m 0755 "${B}/target/${CARGO_TARGET_SUBDIR}/$program" "${D}${bindir}/$program"
    done
    # Each unit lies beside the process it starts.
    for unit in ${SYSTEMD_SERVICE:${PN}}; do
        for file in ${S}/services/*/$unit ${S}/firmware/*/$unit; do
            if [ -f "$file" ]; then
                install -D -m 0644 "$file" "${D}${systemd_system_unitdir}/$unit"
            fi
        done
    done
    # Updates are for this hardware, and signed by whom the keyring names.
    install -d "${D}${sysconfdir}/rauc"
    sed -e "s/^compatible=.*/compatible=${RINGFENCE_COMPATIBLE}/" "${S}/firmware/slots/rauc/system.conf" \
        > "${D}${sysconfdir}/rauc/system.conf"
    if [ -n "${RINGFENCE_KEYRING}" ]; then
        install -m 0644 "${RINGFENCE_KEYRING}" "${D}${sysconfdir}/rauc/keyring.pem"
    fi
    # What boards the box knows.
    for board in ${S}/board/*/*.toml; do
        name="$(basename "$(dirname "$board")")"
        install -D -m 0644 "$board" "${D}${datadir}/ringfence/board/$name/$(basename "$board")"
    done
}

SYSTEMD_SERVICE:${PN} = "\
    admind.service \
    calld.service \
    consoled.service \
    hostd.service \
    lined.service \
    ringfence-give-up.service \
    ringfence-health.service \
    supervisor.service \
    vaultd.service \
    "

# What runs before the root needs this one alone.
PACKAGES =+ "ringfence-recover"
FILES:ringfence-recover += "${bindir}/ringfence-recover"
FILES:${PN} += "${systemd_system_unitdir} ${datadir}/ringfence"
RDEPENDS:${PN} += "libtss2-tcti-device ringfence-recover"
RDEPENDS:ringfence-recover += "cryptsetup systemd-crypt"
RPROVIDES:${PN} += "virtual-rauc-conf"
