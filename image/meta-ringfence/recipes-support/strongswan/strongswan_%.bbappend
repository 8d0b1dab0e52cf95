# IKE by OpenSSL, configured through its socket, and nothing that fetches or keeps a database. Our own unit starts it.
PACKAGECONFIG:ringfence = "openssl swanctl systemd-charon"
SYSTEMD_AUTO_ENABLE:${PN}:ringfence = "disable"
