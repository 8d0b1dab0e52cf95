# Modules of the kernel.
inherit kernel-module-split
EXTRA_OEMAKE += "KERNEL_SRC=${STAGING_KERNEL_DIR}"
