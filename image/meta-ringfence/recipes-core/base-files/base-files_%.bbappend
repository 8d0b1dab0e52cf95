# These two are the description's: image/system/root has them.
hostname:ringfence = ""
do_install:append:ringfence() {
    rm -f "${D}${sysconfdir}/fstab"
}
