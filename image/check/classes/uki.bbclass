# One signed file of kernel, initrd and command line.
UKI_FILENAME ?= "uki.efi"
do_uki() {
    :
}
addtask uki after do_rootfs before do_image_complete
