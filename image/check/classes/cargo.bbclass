# Stands for the class of the same name: compiling is taking the programs that cargo built on this machine.
B = "${WORKDIR}/build"
CARGO_BUILD_FLAGS = "--release"
CARGO_TARGET_SUBDIR = "release"
RINGFENCE_BINARIES ?= ""
cargo_do_compile() {
    install -d ${B}/target/${CARGO_TARGET_SUBDIR}
    for program in ${RINGFENCE_PROGRAMS}; do
        [ -f "${RINGFENCE_BINARIES}/$program" ] || bbfatal "cargo built no $program"
        install -m 0755 "${RINGFENCE_BINARIES}/$program" ${B}/target/${CARGO_TARGET_SUBDIR}/$program
    done
}
EXPORT_FUNCTIONS do_compile
