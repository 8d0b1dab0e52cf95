# Units start because the system says so, by links beside them: presets and `systemctl enable` are for systems that
# somebody changes. Each unit's own [Install] says what wants it.
SYSTEMD_AUTO_ENABLE = "disable"

do_install[postfuncs] += "ringfence_want_units"
ringfence_want_units[doc] = "Links each unit to what wants it."
ringfence_want_units() {
    folder="${D}${systemd_system_unitdir}"
    for unit in $(cd "$folder" && find . -maxdepth 1 -type f \( -name '*.service' -o -name '*.target' -o -name '*.socket' -o -name '*.timer' \) | sort); do
        unit="$(basename "$unit")"
        for kind in Wanted:wants Required:requires; do
            for target in $(sed -n "s/^${kind%:*}By=//p" "$folder/$unit"); do
                install -d "$folder/$target.${kind#*:}"
                ln -sf "../$unit" "$folder/$target.${kind#*:}/$unit"
            done
        done
    done
}
