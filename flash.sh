#!/usr/bin/env bash
# Writes a signed image of Ringfence to a disk and reads it back, or starts an image as a virtual box.
#
# It never writes to a disk in use, to the disk of the system it runs on, or to one whose serial was not typed by the
# person who runs it. It installs no packages and asks nobody on a network.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C.UTF-8

readonly TABLE_BYTES=1048576 # both ends of a disk hold its table
readonly MAX_MANIFEST_BYTES=4096
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly here

say() { printf '%s\n%s\n' "$1" "$2" >&2; }
die() {
    say "错误：$1" "error: $2"
    exit 1
}

usage() {
    cat <<'EOF'
flash.sh IMAGE DISK          把已签名的镜像写入磁盘并回读校验
                             writes a signed image (.raw or .raw.zst) to a disk and reads it back
flash.sh --vm [IMAGE]        在虚拟机（QEMU + swtpm）中启动镜像
                             starts an image as a virtual box; without IMAGE, the one of `cargo xtask image`

  --key FILE       发布公钥（Ed25519，PEM）        the release's public key (default: image/release.pem beside this)
  --erase SERIAL   允许抹掉这块盘上的 Ringfence 数据  a disk with Ringfence data may be erased if this is its serial
  --state DIR      虚拟机的磁盘与 TPM 存放处        where the virtual box keeps its disk and TPM (--vm)
  --disk-is-file   DISK 是普通文件（磁盘映像）        DISK is an ordinary file, as a virtual machine's disk is

IMAGE 旁须有 IMAGE.manifest 与 IMAGE.manifest.sig。  Beside IMAGE lie IMAGE.manifest and its signature:
  ringfence-image 1
  sha256 <64 hex digits>      of what is written to the disk (unpacked)
  bytes <length of it>
  openssl pkeyutl -sign -rawin -inkey release.key -in IMAGE.manifest -out IMAGE.manifest.sig
EOF
}

need() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || die "缺少程序 $program" "the program $program is not installed"
    done
}

# ── the image ────────────────────────────────────────────────────────────────────────────────────────────────────

unpacked() {
    case $1 in
        *.zst) zstd --quiet --decompress --stdout -- "$1" ;;
        *) cat -- "$1" ;;
    esac
}

# Sets image_sha256 and image_bytes from a manifest whose signature is good.
read_manifest() {
    local manifest=$1.manifest key=$2
    [[ -f $1 ]] || die "没有镜像 $1" "there is no image $1"
    [[ -f $key ]] || die "没有发布公钥 $key（用 --key 指定）" "there is no release key $key: name it with --key"
    [[ -f $manifest && -f $manifest.sig ]] ||
        die "缺少 $manifest 或其签名" "$manifest or its signature is missing: an image without them is not written"
    [[ $(stat -c %s -- "$manifest") -le $MAX_MANIFEST_BYTES ]] || die "清单过长" "the manifest is too long"
    openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$manifest" -sigfile "$manifest.sig" >/dev/null 2>&1 ||
        die "镜像清单的签名不对：不是本产品的发布，或被改动过" \
            "the manifest's signature is wrong: not a release of this product, or changed since"
    local -a lines
    mapfile -t lines <"$manifest"
    [[ ${#lines[@]} -eq 3 && ${lines[0]} == "ringfence-image 1" && ${lines[1]} =~ ^sha256\ ([0-9a-f]{64})$ ]] ||
        die "清单格式不对" "the manifest is not of this form"
    image_sha256=${BASH_REMATCH[1]}
    [[ ${lines[2]} =~ ^bytes\ ([1-9][0-9]{0,14})$ ]] || die "清单格式不对" "the manifest is not of this form"
    image_bytes=${BASH_REMATCH[1]}
}

check_image() {
    say "校验镜像……" "verifying the image…"
    local sum
    # One byte more than there should be is enough to know.
    sum=$(unpacked "$1" 2>/dev/null | head -c $((image_bytes + 1)) | sha256sum) || sum=
    [[ ${sum%% *} == "$image_sha256" ]] ||
        die "镜像不完整或被改动过（SHA-256 不符）" "the image is cut off or changed (SHA-256 differs)"
}

# ── the disk ─────────────────────────────────────────────────────────────────────────────────────────────────────

disk_bytes() {
    if [[ $disk_is_file ]]; then stat -c %s -- "$disk"; else blockdev --getsize64 "$disk"; fi
}

disk_field() {
    if [[ $disk_is_file ]]; then
        [[ $1 == SERIAL ]] && basename -- "$disk" || echo file
    else
        local value
        value=$(lsblk --nodeps --noheadings --output "$1" -- "$disk" | xargs)
        printf '%s\n' "$value"
    fi
}

# What a person types: the serial, else the world-wide name, else the path.
disk_serial() {
    local value
    value=$(disk_field SERIAL)
    [[ $value ]] || value=$(disk_field WWN)
    printf '%s\n' "${value:-$disk}"
}

partitions() { sfdisk --dump -- "$disk" 2>/dev/null | grep -E '^[^ ]+ : start=' || true; }

has_ringfence_data() {
    local table
    table=$(partitions)
    [[ $table == *'name="root-a"'* && $table == *'name="data"'* ]]
}

# Nothing of a disk may be in use: no mount, no swap, no device mapper, no loop device.
check_unused() {
    if [[ $disk_is_file ]]; then
        [[ -f $disk && ! -L $disk ]] || die "$disk 不是普通文件" "$disk is not an ordinary file"
        [[ -z $(losetup --associated "$disk" 2>/dev/null) ]] ||
            die "$disk 正被回环设备使用" "$disk is in use by a loop device"
        return
    fi
    [[ -b $disk ]] || die "$disk 不是块设备" "$disk is not a block device"
    local type system
    type=$(disk_field TYPE)
    [[ $type == disk || $type == loop ]] ||
        die "$disk 不是整块磁盘（$type）" "$disk is not a whole disk but a $type"
    for system in / /boot /boot/efi /usr /var; do
        local source
        source=$(findmnt --noheadings --output SOURCE --target "$system" 2>/dev/null) || continue
        [[ -b ${source%%\[*} ]] || continue
        ! lsblk --inverse --noheadings --paths --list --output NAME -- "${source%%\[*}" | grep -qxF "$disk" ||
            die "$disk 是本机系统所在的磁盘" "$disk is the disk of the system that runs here"
    done
    local mounts
    mounts=$(lsblk --noheadings --list --output MOUNTPOINTS -- "$disk" | xargs)
    [[ -z $mounts ]] || die "$disk 已挂载：$mounts" "$disk is mounted: $mounts"
    [[ $(lsblk --noheadings --list --output TYPE -- "$disk" | grep -cvxE 'disk|part|loop') -eq 0 ]] ||
        die "$disk 上有正在使用的卷（LVM、RAID、加密）" "volumes on $disk are in use (LVM, RAID, encryption)"
    [[ $(disk_field RO) == 0 ]] || die "$disk 写保护" "$disk is write-protected"
}

check_disk() {
    check_unused
    local bytes
    bytes=$(disk_bytes)
    ((bytes >= image_bytes + TABLE_BYTES)) ||
        die "$disk 太小：$bytes 字节，需要 $((image_bytes + TABLE_BYTES))" \
            "$disk is too small: $bytes bytes, $((image_bytes + TABLE_BYTES)) are needed"
    if has_ringfence_data && [[ $erase != "$serial" ]]; then
        die "$disk 上有 Ringfence 数据。若确要抹掉：--erase $serial" \
            "$disk holds Ringfence data. To erase them all the same: --erase $serial"
    fi
}

show_loss() {
    local table
    table=$(partitions)
    say "将要抹掉的磁盘：$disk" "this disk will be erased: $disk"
    printf '  型号 model   %s\n  序列号 serial %s\n  容量 bytes   %s\n' \
        "$(disk_field MODEL)" "$serial" "$(disk_bytes)" >&2
    if [[ $table ]]; then
        say "其上的分区将全部丢失：" "all its partitions will be lost:"
        printf '%s\n' "$table" | sed 's/^/  /' >&2
    else
        say "其上没有可识别的分区。" "no partitions are known on it."
    fi
}

confirm() {
    say "请输入上面的序列号以确认：" "type the serial above to go on:"
    local typed
    IFS= read -r typed || typed=
    [[ $typed == "$serial" ]] || die "序列号不符，未写入任何内容" "that is not the serial; nothing was written"
}

wipe_tables() {
    local last
    last=$(($(disk_bytes) / TABLE_BYTES - 1))
    dd if=/dev/zero of="$disk" bs=$TABLE_BYTES count=1 conv=notrunc,fsync status=none &&
        dd if=/dev/zero of="$disk" bs=$TABLE_BYTES count=1 seek=$last conv=notrunc,fsync status=none
}

write_disk() {
    say "写入……" "writing…"
    # Without a table until all is written: a disk that was pulled out half-way does not boot half a system.
    wipe_tables || die "无法写入 $disk" "$disk cannot be written"
    unpacked "$1" | dd of="$disk" bs=4M iflag=fullblock conv=notrunc,fsync status=progress ||
        die "写入 $disk 失败：磁盘上没有可用的系统，请换盘重试" \
            "writing $disk failed: it holds no usable system now; try again with another disk"
}

read_back() {
    say "回读校验……" "reading back…"
    if [[ $disk_is_file ]]; then
        # Out of the page cache, where the file system can.
        dd if="$disk" iflag=nocache count=0 status=none
    else
        blockdev --flushbufs "$disk"
    fi
    local sum
    sum=$(head -c "$image_bytes" -- "$disk" | sha256sum) || sum=
    if [[ ${sum%% *} != "$image_sha256" ]]; then
        wipe_tables || true
        die "读回的内容与镜像不同：磁盘有故障" "what was read back is not the image: the disk is faulty"
    fi
}

flash() {
    local image=$1
    need openssl sha256sum dd sfdisk lsblk findmnt blockdev stat
    [[ $image != *.zst ]] || need zstd
    read_manifest "$image" "$key"
    serial=$(disk_serial)
    check_disk
    check_image "$image"
    show_loss
    confirm
    # While a person was reading, somebody may have mounted it.
    check_disk
    write_disk "$image"
    read_back
    say "完成：$disk 已写入并校验。" "done: $disk is written and verified."
}

# ── the virtual box ──────────────────────────────────────────────────────────────────────────────────────────────

swtpm_pid=
end_swtpm() { [[ -z $swtpm_pid ]] || kill "$swtpm_pid" 2>/dev/null || true; }

# IMAGE is a folder that `cargo xtask image` made: disk.raw, firmware.fd and variables.fd (with the keys enrolled).
virtual_box() {
    local image=${1:-${CARGO_TARGET_DIR:-$here/target}/image}
    need qemu-system-x86_64 swtpm
    local file
    for file in disk.raw firmware.fd variables.fd; do
        [[ -f $image/$file ]] ||
            die "没有 $image/$file：先运行 cargo xtask image" "there is no $image/$file: run cargo xtask image first"
    done
    mkdir -p -- "$state/tpm"
    if [[ ! -f $state/disk.raw ]]; then
        cp --reflink=auto --sparse=always -- "$image/disk.raw" "$state/disk.new"
        truncate --size=+8G -- "$state/disk.new"
        cp -- "$image/variables.fd" "$state/variables.fd"
        mv -- "$state/disk.new" "$state/disk.raw"
    fi
    swtpm socket --tpm2 --tpmstate "dir=$state/tpm" --ctrl "type=unixio,path=$state/tpm.sock" --terminate &
    swtpm_pid=$!
    trap end_swtpm EXIT
    local accel=tcg,thread=multi
    [[ ! -w /dev/kvm ]] || accel=kvm
    say "虚拟机启动中。页面：https://localhost:8443/　退出：Ctrl-A X" \
        "the virtual box starts. Page: https://localhost:8443/  Quit: Ctrl-A X"
    qemu-system-x86_64 -machine "q35,smm=on,accel=$accel" -cpu max -smp 2 -m 2048 -nographic -no-reboot \
        -global driver=cfi.pflash01,property=secure,value=on \
        -drive "if=pflash,format=raw,unit=0,readonly=on,file=$image/firmware.fd" \
        -drive "if=pflash,format=raw,unit=1,file=$state/variables.fd" \
        -drive "if=virtio,format=raw,file=$state/disk.raw" \
        -chardev "socket,id=tpm,path=$state/tpm.sock" -tpmdev emulator,id=tpm0,chardev=tpm -device tpm-tis,tpmdev=tpm0 \
        -netdev user,id=net0,hostfwd=tcp:127.0.0.1:8443-:443 -device virtio-net-pci,netdev=net0
}

# ── the command line ─────────────────────────────────────────────────────────────────────────────────────────────

key=$here/image/release.pem
state=${XDG_STATE_HOME:-$HOME/.local/state}/ringfence/vm
erase='' disk_is_file='' vm='' disk='' serial='' image_sha256='' image_bytes=''
declare -a words=()
while (($#)); do
    case $1 in
        --key | --erase | --state)
            (($# >= 2)) || die "$1 后面缺少内容" "$1 needs a word after it"
            case $1 in
                --key) key=$2 ;;
                --erase) erase=$2 ;;
                --state) state=$2 ;;
            esac
            shift
            ;;
        --disk-is-file) disk_is_file=yes ;;
        --vm) vm=yes ;;
        --help | -h)
            usage
            exit 0
            ;;
        -*) die "不认识的选项 $1" "there is no option $1" ;;
        *) words+=("$1") ;;
    esac
    shift
done

if [[ $vm ]]; then
    ((${#words[@]} <= 1)) || die "--vm 最多一个镜像" "--vm takes one image at most"
    virtual_box "${words[0]-}"
    exit
fi
if ((${#words[@]} != 2)); then
    usage >&2
    exit 2
fi
disk=${words[1]}
# lsblk knows a disk by its own name, not by a link to it.
[[ $disk_is_file ]] || disk=$(readlink --canonicalize -- "$disk") || die "没有 ${words[1]}" "there is no ${words[1]}"
flash "${words[0]}"
