#!/usr/bin/env python3
"""Parses the layer's recipes and runs their tasks with BitBake's own library, without OpenEmbedded-Core.

    check.py parse --work DIR                      what the recipes say, as JSON
    check.py install --work DIR --binaries DIR --into DIR
                                                   do_compile and do_install of RECIPES, their files brought together

The classes beside this file stand for those of the same names; they know what our recipes use and no more.
This is no proof that an image builds: only OpenEmbedded-Core can show that.
"""

import argparse
import fnmatch
import json
import logging
import os
import shutil
import sys
import types

HERE = os.path.dirname(os.path.abspath(__file__))
RECIPES = ("ringfence-programs", "ringfence-system")
# Variables with a value for each package.
BY_PACKAGE = ("RDEPENDS", "RRECOMMENDS", "SYSTEMD_SERVICE", "USERADD_PARAM", "GROUPADD_PARAM")
# Variables the comparison reads.
WANTED = (
    "PN", "PV", "SUMMARY", "LICENSE", "LIC_FILES_CHKSUM", "DEPENDS", "SRC_URI", "PACKAGES", "PACKAGE_INSTALL",
    "IMAGE_INSTALL", "IMAGE_FEATURES", "IMAGE_FSTYPES", "KERNEL_FEATURES", "PACKAGECONFIG", "UKI_CMDLINE", "RAUC_BUNDLE_SLOTS",
    "RAUC_BUNDLE_FORMAT", "RAUC_BUNDLE_COMPATIBLE", "RINGFENCE_PROGRAMS", "RINGFENCE_PACKAGES", "RINGFENCE_EPOCH",
    "DISTRO_FEATURES", "DISTRO_VERSION", "MACHINE_FEATURES", "SERIAL_CONSOLES", "EXTRA_IMAGE_FEATURES", "BAD_RECOMMENDATIONS",
)


def library():
    """BitBake's library. Its hash server is not part of the package on PyPI, and nothing here asks one."""
    server = types.ModuleType("hashserv")
    server.client = types.ModuleType("hashserv.client")
    server.is_valid_unihash = lambda text: True
    sys.modules["hashserv"], sys.modules["hashserv.client"] = server, server.client
    import bb
    import bb.build
    import bb.cookerdata
    import bb.event
    import bb.fetch2
    import bb.parse
    return bb


class Faults(logging.Handler):
    """Keeps what BitBake complains of: a warning is a fault here."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        why = record.exc_info[1] if record.exc_info else None
        self.lines.append(record.getMessage() + (": %s" % why if why else ""))


def configure(bb, work, layer, told):
    """The configuration: the floor beside this file, then our layer, as BitBake reads it."""
    conf = os.path.join(work, "conf")
    os.makedirs(conf, exist_ok=True)
    with open(os.path.join(conf, "bblayers.conf"), "w", encoding="utf-8") as file:
        file.write('BBPATH = "${TOPDIR}"\nBBFILES = ""\nBBLAYERS = "%s %s"\n' % (HERE, layer))
        for name, value in told.items():
            file.write('%s = "%s"\n' % (name, value))
    os.chdir(work)
    parameters = bb.cookerdata.CookerConfiguration()
    parameters.env = dict(os.environ)
    builder = bb.cookerdata.CookerDataBuilder(parameters, False)
    builder.basedata.setVar("TOPDIR", work)
    builder.basedata.setVar("PATH", os.environ["PATH"])
    builder.basedata.setVarFlag("PATH", "export", "1")
    builder.parseBaseConfiguration()
    return builder


def recipes_of(layer):
    """Recipes and their additions, by path."""
    found = {".bb": [], ".bbappend": []}
    for folder, _, names in sorted(os.walk(layer)):
        for name in sorted(names):
            ending = os.path.splitext(name)[1]
            if ending in found:
                found[ending].append(os.path.join(folder, name))
    return found[".bb"], found[".bbappend"]


def parse(bb, builder, layer):
    """Every recipe of ours, and every addition to a recipe of others, which is parsed as one by itself."""
    parsed, faults = {}, []
    recipes, additions = recipes_of(layer)
    for path in recipes + additions:
        try:
            recipe = stand_in(path) if path.endswith(".bbappend") else path
            stores = builder.parseRecipeVariants(recipe, [path] if recipe != path else [], layername="ringfence")
        except SystemExit as end:
            faults.append("%s: %s" % (os.path.relpath(path, layer), end))
            continue
        except Exception as error:  # whatever BitBake raises is a fault of that recipe
            faults.append("%s: %s" % (os.path.relpath(path, layer), error or type(error).__name__))
            continue
        data = stores[""]
        skipped = data.getVar("__SKIPPED", False)
        if skipped:
            faults.append("%s is skipped: %s" % (os.path.relpath(path, layer), skipped))
        parsed[data.getVar("PN")] = data
    return parsed, faults


def stand_in(path):
    """A recipe with nothing in it but our addition."""
    name = os.path.basename(path).removesuffix(".bbappend").replace("_%", "_0")
    where = os.path.join(os.getcwd(), "additions", name + ".bb")
    os.makedirs(os.path.dirname(where), exist_ok=True)
    with open(where, "w", encoding="utf-8") as file:
        file.write('SUMMARY = "A recipe of another layer"\nLICENSE = "MIT"\n')
    return where


def told(data):
    """What a recipe says, in the variables that are compared."""
    answer = {name: data.getVar(name) for name in WANTED if data.getVar(name) is not None}
    for package in (data.getVar("PACKAGES") or "").split():
        for name in BY_PACKAGE:
            value = data.getVar("%s:%s" % (name, package))
            if value is not None:
                answer.setdefault(name, {})[package] = value
    answer["file"] = data.getVar("FILE", False)
    answer["tasks"] = sorted(data.getVar("__BBTASKS", False) or [])
    answer["files"] = local_files(data)
    return answer


def local_files(data):
    """Files the recipe takes from the layer: each has to be there."""
    import bb.fetch2
    found = {}
    for uri in (data.getVar("SRC_URI") or "").split():
        kind, _, _, _, _, parameters = bb.fetch2.decodeurl(uri)
        if kind != "file" or uri.startswith(data.getVar("DEBIAN_MIRROR")):
            continue
        name = bb.fetch2.decodeurl(uri)[2]
        places = data.getVar("FILESEXTRAPATHS").replace("__default:", "") + data.getVar("FILESPATH")
        there = [os.path.join(place, name) for place in places.split(":") if place]
        found[name] = next((place for place in there if os.path.exists(place)), None)
    return found


def run_tasks(bb, data, tasks):
    """Runs tasks of a recipe. BitBake writes a log for each; its end is shown when one fails."""
    for task in tasks:
        data.setVar("BB_RUNTASK", task)
        done = bb.build.exec_task(data.getVar("FILE", False), task, data)
        if done:
            log = os.path.join(data.getVar("T"), "log." + task)
            text = open(log, encoding="utf-8").read() if os.path.exists(log) else ""
            raise RuntimeError("%s of %s failed\n%s" % (task, data.getVar("PN"), text[-4000:]))


def shipped(data, path):
    """Whether a package of the recipe takes the file."""
    packages = (data.getVar("PACKAGES") or "").split()
    taken = [words for package in packages for words in (data.getVar("FILES:" + package) or "").split()]
    return any(fnmatch.fnmatchcase(path, words) or fnmatch.fnmatchcase(path, words.rstrip("/") + "/*") for words in taken)


def install(bb, parsed, into):
    """do_install of our recipes, brought together. Two recipes that bring the same file are a fault."""
    owner = {}
    for name in RECIPES:
        data = parsed[name]
        run_tasks(bb, data, ("do_configure", "do_compile", "do_install"))
        image = data.getVar("D")
        for folder, folders, names in os.walk(image):
            for entry in names + [one for one in folders if os.path.islink(os.path.join(folder, one))]:
                path = os.path.relpath(os.path.join(folder, entry), image)
                if path in owner:
                    raise RuntimeError("/%s is installed by %s and by %s" % (path, owner[path], name))
                if not shipped(data, "/" + path):
                    raise RuntimeError("/%s of %s is in no package, and would be in no image" % (path, name))
                owner[path] = name
        shutil.copytree(image, into, symlinks=True, dirs_exist_ok=True)
    return owner


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("action", choices=("parse", "install"))
    words.add_argument("--work", required=True)
    words.add_argument("--layer", default=os.path.join(os.path.dirname(HERE), "meta-ringfence"))
    words.add_argument("--binaries")
    words.add_argument("--system", help="in place of image/system")
    words.add_argument("--into")
    words.add_argument("--keyring", help="the certificate of whose updates are taken")
    words.add_argument("--compatible", default="ringfence-virtual", help="the hardware that updates are for")
    words = words.parse_args()
    bb = library()
    faults = Faults()
    logging.getLogger("BitBake").addHandler(faults)
    logging.getLogger("BitBake").propagate = False
    layer = os.path.abspath(words.layer)
    into = os.path.abspath(words.into) if words.into else None
    source = os.path.dirname(os.path.dirname(HERE))
    told_paths = {"RINGFENCE_SOURCE": source, "RINGFENCE_BINARIES": words.binaries, "RINGFENCE_SYSTEM": words.system,
                  "RINGFENCE_KEYRING": words.keyring}
    given = {name: os.path.abspath(path) for name, path in told_paths.items() if path}
    given["RINGFENCE_COMPATIBLE"] = words.compatible
    work = os.path.abspath(words.work)
    parsed, owner, broken = {}, {}, []
    try:
        builder = configure(bb, work, layer, given)
        parsed, broken = parse(bb, builder, layer)
        if words.action == "install" and not broken:
            owner = install(bb, parsed, into)
    except SystemExit as end:
        broken.append(str(end))
    except Exception as error:  # told in the answer, like every other fault
        broken.append(str(error) or type(error).__name__)
    # What BitBake logs beside an error names file and line.
    said = list(dict.fromkeys(broken + faults.lines))
    json.dump({"recipes": {name: told(data) for name, data in parsed.items()}, "files": owner, "faults": said},
              sys.stdout, indent=1, sort_keys=True)
    print()
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
