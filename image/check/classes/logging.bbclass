# Words of shell tasks.
bbnote() {
    echo "note: $*"
}
bbwarn() {
    echo "warning: $*" >&2
}
bbfatal() {
    echo "fault: $*" >&2
    exit 1
}
oe_runmake() {
    make ${EXTRA_OEMAKE} "$@"
}
