# A restored task asks for this recipe by name, which ASSUME_PROVIDED cannot answer. The program is this machine's.
SUMMARY = "This machine's pseudo"
LICENSE = "CLOSED"
PROVIDES = "virtual/fakeroot-native"
INHIBIT_DEFAULT_DEPS = "1"

inherit native nopackages

deltask do_fetch
deltask do_unpack
deltask do_patch
deltask do_configure
deltask do_compile
do_install[noexec] = "1"
