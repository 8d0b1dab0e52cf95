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

RINGFENCE_VERSION = "${@ringfence_description(d)['release']['version']}"
RINGFENCE_EPOCH = "${@ringfence_description(d)['release']['epoch']}"
RINGFENCE_CMDLINE = "${@' '.join(ringfence_description(d)['kernel']['command_line'])}"
