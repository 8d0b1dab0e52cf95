# An image: what it takes is in its variables.
LICENSE ?= "MIT"
IMAGE_CLASSES ??= ""
inherit_defer ${IMAGE_CLASSES}
do_rootfs() {
    :
}
do_image() {
    :
}
do_image_complete() {
    :
}
addtask rootfs after do_install
addtask image after do_rootfs
addtask image_complete after do_image before do_build
