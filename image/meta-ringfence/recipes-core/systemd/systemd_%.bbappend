# What the box asks of systemd beyond the usual: the TPM, sealed disks, the first boot's partitions. And what it has no
# use for: nobody logs in, nothing sleeps, no core is kept.
PACKAGECONFIG:append:ringfence = " cryptsetup efi no-dns-fallback no-ntp-fallback openssl pstore repart tpm2 zstd"
PACKAGECONFIG:remove:ringfence = "backlight binfmt coredump hibernate localed logind machined nss-mymachines rfkill"
PACKAGECONFIG:remove:ringfence = "serial-getty-generator vconsole"
