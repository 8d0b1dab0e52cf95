# What image/system/system.toml says, for recipes: packages, command line, epoch. One list, read where it is needed.
def ringfence_description(d):
    import tomllib
    path = d.expand("${RINGFENCE_SYSTEM}/system.toml")
    bb.parse.mark_dependency(d, path)
    with open(path, "rb") as file:
        return tomllib.load(file)

def ringfence_packages(d):
    """The names that OpenEmbedded has for what the box runs besides our processes."""
    return " ".join(sorted({package["oe"] for package in ringfence_description(d)["package"]}))

def ringfence_os_release(d):
    """Which system of which variant this is."""
    version, variant = d.getVar("RINGFENCE_VERSION"), d.getVar("RINGFENCE_VARIANT")
    shown = "" if variant == "product" else " (DEVELOPMENT)"
    lines = {
        "ID": "ringfence", "NAME": "Ringfence", "PRETTY_NAME": '"Ringfence %s%s"' % (version, shown), "VERSION_ID": version,
        "IMAGE_ID": "ringfence", "IMAGE_VERSION": version, "VARIANT_ID": variant, "RINGFENCE_EPOCH": d.getVar("RINGFENCE_EPOCH"),
    }
    return "".join("%s=%s\n" % line for line in lines.items())

RINGFENCE_VERSION = "${@ringfence_description(d)['release']['version']}"
RINGFENCE_EPOCH = "${@ringfence_description(d)['release']['epoch']}"
RINGFENCE_CMDLINE = "${@' '.join(ringfence_description(d)['kernel']['command_line'])}"
RINGFENCE_DEVELOPMENT_CMDLINE = "${@' '.join(ringfence_description(d)['kernel']['development_command_line'])}"
