# The kernel of the box: fragments by purpose, each option with its reason where it is set.
FILESEXTRAPATHS:prepend:ringfence-x86-64 := "${THISDIR}/files:"

COMPATIBLE_MACHINE:ringfence-x86-64 = "ringfence-x86-64"
KMACHINE:ringfence-x86-64 = "common-pc-64"
KBRANCH:ringfence-x86-64 = "v6.18/standard/base"

SRC_URI:append:ringfence-x86-64 = " \
    file://boot.cfg \
    file://board.cfg \
    file://dahdi.cfg \
    file://hardening.cfg \
    file://network.cfg \
    file://storage.cfg \
    file://tpm.cfg \
    file://watchdog.cfg \
    "
# The bases of linux-yocto that a machine without a screen and without sound of its own can do without.
KERNEL_EXTRA_FEATURES:ringfence-x86-64 = "features/netfilter/netfilter.scc"
# An option that is asked for and is not in the final configuration is an error, not a line in a log.
KMETA_AUDIT_WERROR:ringfence-x86-64 = "1"
