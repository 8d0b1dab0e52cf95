SUMMARY = "The root of the Ringfence appliance, with the file that starts it"
DESCRIPTION = "A read-only root under dm-verity, and a unified kernel image whose command line names this root by its hash."
HOMEPAGE = "https://ringfence.invalid"
BUGTRACKER = "https://ringfence.invalid/issues"
SECTION = "ringfence"
LICENSE = "Apache-2.0"
CVE_PRODUCT = ""

require ringfence-image.inc

RINGFENCE_VARIANT = "product"
RINGFENCE_FILE = "ringfence"
