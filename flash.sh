#!/usr/bin/env bash
# Writes a signed image of Ringfence to a disk, a signed installer to a USB stick, or sends a signed update to a box that
# runs; or starts an image as a virtual box.
#
# It never writes to a disk in use, to the disk of the system it runs on, or to one whose serial was not typed by the
# person who runs it. It installs no packages, keeps no password, and speaks to no other machine than the box named.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C.UTF-8

readonly TABLE_BYTES=1048576 # both ends of a disk hold its table
readonly CHUNK_BYTES=4194304 # written and read at once
readonly MAX_MANIFEST_BYTES=4096
readonly MAX_PAGE_BYTES=4194304
readonly TPM_WAIT_TENTHS=100
readonly STORE_WAIT_S=600
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly here

say() { printf '%s\n%s\n' "$1" "$2" >&2; }
die() {
    say "错误：$1" "error: $2"
    exit 1
}

usage() {
    cat <<'EOT'
flash.sh IMAGE DISK             把已签名的镜像写入磁盘并回读校验
                                writes a signed image (.raw or .raw.zst) to a disk and reads it back
flash.sh --usb INSTALLER DISK   制作 U 盘安装器：用它启动设备，即可把镜像写入内置磁盘
                                makes a USB installer: a box that starts from it writes its own disk
flash.sh --remote HOST BUNDLE   以系统管理员身份把已签名的升级包送到运行中的设备
                                sends a signed update to the page of a running box, as its system administrator
flash.sh --vm [FOLDER]          在虚拟机（QEMU + swtpm）中启动镜像
                                starts an image as a virtual box; without FOLDER, the one of `cargo xtask image`

  --key FILE         发布公钥（Ed25519，PEM）      the release's public key (default: image/release.pem beside this)
  --erase SERIAL     允许抹掉这块盘上的 Ringfence 数据  a disk with Ringfence data may be erased if this is its serial
  --disk-is-file     DISK 是普通文件（磁盘映像）      DISK is an ordinary file, as a virtual machine's disk is
  --fingerprint HEX  设备网页证书的 SHA-256 指纹（见串口控制台）
                     SHA-256 of the box's certificate, as its serial console shows it (--remote)
  --login NAME       管理员登录名（不给则询问）       the administrator's name; asked for if not given (--remote)
  --state DIR        虚拟机的磁盘与 TPM 存放处       where the virtual box keeps its disk and TPM (--vm)
  --page PORT        虚拟机网页的本机端口（8443）     this machine's port of the virtual box's page (--vm)

IMAGE 旁须有 IMAGE.manifest 与 IMAGE.manifest.sig（去掉 .zst），由 cargo xtask image 生成。
Beside IMAGE (without .zst) lie IMAGE.manifest and IMAGE.manifest.sig, which cargo xtask image writes.
EOT
}

need() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null ||
            die "缺少程序 $program：请先安装" "the program $program is not installed: install it and start again"
    done
}

# Copies this many bytes from standard input to standard output and tells how far it is.
measured() {
    local total=$1 at=0 shown=0 percent chunk
    while ((at < total)); do
        chunk=$((total - at < CHUNK_BYTES ? total - at : CHUNK_BYTES))
        dd bs="$chunk" count=1 iflag=fullblock status=none || return 1
        ((at += chunk))
        percent=$((at * 100 / total))
        if [[ -t 2 ]]; then
            printf '\r  %3d %%' "$percent" >&2
        elif ((percent / 10 > shown)); then
            shown=$((percent / 10))
            printf '  %3d %%\n' "$percent" >&2
        fi
    done
    [[ ! -t 2 ]] || printf '\n' >&2
}

# ── what is handed out ───────────────────────────────────────────────────────────────────────────────────────────

unpacked() {
    case $1 in
        *.zst) zstd --quiet --decompress --stdout -- "$1" ;;
        *) cat -- "$1" ;;
    esac
}

bad_form() { die "清单格式不对：请换用匹配的 flash.sh" "the manifest is not of this form: use the flash.sh of its release"; }

# Sets sha256, bytes and what is shown, from a manifest of this kind whose signature is good.
read_manifest() {
    local file=$1 kind=$2 manifest=${1%.zst}.manifest
    [[ -f $file ]] || die "没有文件 $file" "there is no file $file"
    [[ -f $key ]] || die "没有发布公钥 $key（用 --key 指定）" "there is no release key $key: name it with --key"
    [[ -f $manifest && -f $manifest.sig ]] ||
        die "缺少 $manifest 或其签名：没有清单的文件不写入、不发送" \
            "$manifest or its signature is missing: nothing is written or sent without them"
    [[ $(stat -c %s -- "$manifest") -le $MAX_MANIFEST_BYTES ]] || bad_form
    openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$manifest" -sigfile "$manifest.sig" >/dev/null 2>&1 ||
        die "清单的签名不对：不是本产品的发布，或被改动过；请重新取得文件" \
            "the manifest's signature is wrong: not a release of this product, or changed since; get the file again"
    local -a lines
    mapfile -t lines <"$manifest"
    [[ ${#lines[@]} -eq 7 && ${lines[0]} =~ ^ringfence-([a-z]{1,16})\ 1$ ]] || bad_form
    [[ ${BASH_REMATCH[1]} == "$kind" ]] ||
        die "$file 是 ${BASH_REMATCH[1]}，这里需要 $kind" "$file is a ${BASH_REMATCH[1]}; this takes a $kind"
    local -a forms=('' '^version ([0-9A-Za-z.~^]{1,40})$' '^variant (product|development)$' '^epoch ([0-9]{1,9})$'
        '^board ([0-9a-z-]{1,40})$' '^sha256 ([0-9a-f]{64})$' '^bytes ([1-9][0-9]{0,14})$')
    local -a told=()
    local at
    for at in 1 2 3 4 5 6; do
        [[ ${lines[at]} =~ ${forms[at]} ]] || bad_form
        told+=("${BASH_REMATCH[1]}")
    done
    sha256=${told[4]} bytes=${told[5]}
    say "Ringfence ${told[0]}（${told[1]}），硬件 ${told[3]}，安全代 ${told[2]}；签名有效" \
        "Ringfence ${told[0]} (${told[1]}) for ${told[3]}, security epoch ${told[2]}; the signature is good"
}

check_bytes() {
    say "校验文件……" "verifying the file…"
    local sum
    # One byte more than there should be is enough to know.
    sum=$(unpacked "$1" 2>/dev/null | head -c $((bytes + 1)) | measured $((bytes + 1)) | sha256sum) || sum=
    [[ ${sum%% *} == "$sha256" ]] ||
        die "文件不完整或被改动过（SHA-256 不符）：请重新取得" \
            "the file is cut off or changed (SHA-256 differs): get it again"
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

# Which disk it is: the kernel counts each time a device comes (since 5.15), where two disks have nothing that tells them
# apart.
identity() {
    local came=/sys/class/block/${disk##*/}/diskseq
    printf '%s\n' "$(disk_field SERIAL)" "$(disk_field WWN)" "$(disk_field MODEL)" "$(disk_bytes)"
    if [[ $disk_is_file ]]; then stat -c %d:%i -- "$disk"; elif [[ -r $came ]]; then cat -- "$came"; fi
}

partitions() { sfdisk --dump -- "$disk" 2>/dev/null | grep -E '^[^ ]+ : start=' || true; }

has_ringfence_data() {
    local table
    table=$(partitions)
    [[ $table == *'name="root-a"'* && $table == *'name="data"'* ]]
}

# Nothing of a disk may be in use: no mount, no swap, no device mapper, no loop device; and nobody may hold it or a
# partition of it, as ZFS holds a pool's disks and btrfs the second one of two, which are mounted nowhere.
check_unused() {
    if [[ $disk_is_file ]]; then
        [[ -f $disk && ! -L $disk ]] || die "$disk 不是普通文件" "$disk is not an ordinary file"
        [[ -z $(losetup --associated "$disk" 2>/dev/null) ]] ||
            die "$disk 正被回环设备使用" "$disk is in use by a loop device"
        return
    fi
    [[ -b $disk ]] ||
        die "$disk 不是块设备；普通文件请加 --disk-is-file" \
            "$disk is not a block device; for an ordinary file say --disk-is-file"
    local type system
    type=$(disk_field TYPE)
    [[ $type == disk || $type == loop ]] ||
        die "$disk 不是整块磁盘（$type）：请指明整块盘" "$disk is not a whole disk but a $type: name the whole disk"
    for system in / /boot /boot/efi /usr /var; do
        local source
        source=$(findmnt --noheadings --output SOURCE --target "$system" 2>/dev/null) || continue
        [[ -b ${source%%\[*} ]] || continue
        ! lsblk --inverse --noheadings --paths --list --output NAME -- "${source%%\[*}" | grep -qxF "$disk" ||
            die "$disk 是本机系统所在的磁盘" "$disk is the disk of the system that runs here"
    done
    local mounts
    mounts=$(lsblk --noheadings --list --output MOUNTPOINTS -- "$disk" | xargs)
    [[ -z $mounts ]] || die "$disk 已挂载：$mounts；请先卸载" "$disk is mounted: $mounts; unmount it first"
    [[ $(lsblk --noheadings --list --output TYPE -- "$disk" | grep -cvxE 'disk|part|loop') -eq 0 ]] ||
        die "$disk 上有正在使用的卷（LVM、RAID、加密）" "volumes on $disk are in use (LVM, RAID, encryption)"
    [[ $(disk_field RO) == 0 ]] || die "$disk 写保护" "$disk is write-protected"
    # Opens the disk exclusively, which the kernel grants only where nobody else has done so, and wipes nothing.
    wipefs --all --no-act -- "$disk" >/dev/null 2>&1 ||
        die "$disk 或其分区正被使用（如 ZFS、btrfs、RAID 的成员盘），或无法打开" \
            "$disk or a partition of it is in use (as a disk of ZFS, btrfs or RAID is), or cannot be opened"
}

# A stick is something that can be pulled out: an installer has no business on a disk that stays.
check_stick() {
    [[ ! $disk_is_file && $(disk_field TYPE) != loop ]] || return 0
    [[ $(disk_field TRAN) == usb || $(disk_field RM) == 1 ]] ||
        die "$disk 不是 U 盘：安装器只写入可移动磁盘" "$disk is no USB stick: an installer goes to removable disks alone"
}

check_disk() {
    check_unused
    [[ $kind != installer ]] || check_stick
    local size
    size=$(disk_bytes)
    ((size >= bytes + TABLE_BYTES)) ||
        die "$disk 太小：$size 字节，需要 $((bytes + TABLE_BYTES))" \
            "$disk is too small: $size bytes, $((bytes + TABLE_BYTES)) are needed"
    if has_ringfence_data && [[ $erase != "$serial" ]]; then
        die "$disk 上有 Ringfence 数据。若确要抹掉：--erase $serial" \
            "$disk holds Ringfence data. To erase them all the same: --erase $serial"
    fi
}

# What may be a part of something that lies on other disks, too: in use or not, it is lost with this one.
members() {
    local name
    local -a names=("$disk")
    [[ $disk_is_file ]] || mapfile -t names < <(lsblk --noheadings --list --paths --output NAME -- "$disk")
    for name in "${names[@]}"; do
        blkid --probe --output value --match-tag TYPE -- "$name" 2>/dev/null || true
    done | grep -xE '[0-9A-Za-z_]+_member|btrfs|bcache|ceph_bluestore' | sort --unique | xargs || true
}

show_loss() {
    local table whole members
    table=$(partitions)
    whole=$(blkid --probe --output value --match-tag TYPE -- "$disk" 2>/dev/null) || whole=
    say "将要抹掉的磁盘：$disk" "this disk will be erased: $disk"
    printf '  型号 model   %s\n  序列号 serial %s\n  容量 bytes   %s\n' \
        "$(disk_field MODEL)" "$serial" "$(disk_bytes)" >&2
    if [[ $table ]]; then
        say "其上的分区将全部丢失：" "all its partitions will be lost:"
        printf '%s\n' "$table" | sed 's/^/  /' >&2
        [[ $disk_is_file ]] || lsblk --output NAME,SIZE,FSTYPE,LABEL,PARTLABEL -- "$disk" | sed 's/^/  /' >&2
    elif [[ $whole ]]; then
        say "其上的文件系统（$whole）及全部文件将丢失。" "its file system ($whole) and all files in it will be lost."
    else
        say "其上没有可识别的分区。" "no partitions are known on it."
    fi
    members=$(members)
    [[ -z $members ]] ||
        say "注意：它可能是跨多块磁盘的存储池或阵列的成员（$members），其他盘上的数据也可能因此丢失。" \
            "note: it may be part of a pool or an array on several disks ($members); what lies on the others may be lost, too."
}

confirm() {
    say "请输入上面的序列号以确认：" "type the serial above to go on:"
    local typed
    IFS= read -r typed || typed=
    [[ $typed == "$serial" ]] || die "序列号不符，未写入任何内容" "that is not the serial; nothing was written"
}

# The copy of a table is in the last sectors, whether or not the disk ends at a whole MiB: from there firmware restores it.
wipe_tables() {
    local last
    last=$(($(disk_bytes) - TABLE_BYTES))
    dd if=/dev/zero of="$disk" bs=$TABLE_BYTES count=1 conv=notrunc,fsync status=none &&
        dd if=/dev/zero of="$disk" bs=$TABLE_BYTES count=1 oflag=seek_bytes seek=$last conv=notrunc,fsync status=none
}

# All but the table, from the image on standard input, to the disk. Each block is on the disk before the next is read,
# so that what is told is what is written.
write_body() {
    dd bs=$TABLE_BYTES count=1 iflag=fullblock of=/dev/null status=none
    measured $((bytes - TABLE_BYTES)) |
        dd of="$disk" bs=4M iflag=fullblock oflag=seek_bytes,dsync seek=$TABLE_BYTES conv=notrunc,fsync status=none
}

write_table() {
    dd of="$disk" bs=$TABLE_BYTES count=1 iflag=fullblock conv=notrunc,fsync status=none
}

# The table is written last: a disk that was pulled out half-way does not boot half a system.
write_disk() {
    say "写入……" "writing…"
    wipe_tables || die "无法写入 $disk：请检查接线或换盘" "$disk cannot be written: look at its cable, or take another disk"
    if ! unpacked "$1" | write_body || ! write_table < <(unpacked "$1" 2>/dev/null); then
        die "写入 $disk 失败：磁盘上没有可用的系统，请换盘重试" \
            "writing $disk failed: it holds no usable system now; try again with another disk"
    fi
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
    sum=$(measured "$bytes" <"$disk" | sha256sum) || sum=
    if [[ ${sum%% *} != "$sha256" ]]; then
        wipe_tables || true
        die "读回的内容与镜像不同：磁盘有故障，请换盘" \
            "what was read back is not the image: the disk is faulty; take another one"
    fi
}

flash() {
    local image=$1
    need openssl sha256sum dd sfdisk lsblk findmnt blockdev blkid stat wipefs
    [[ $image != *.zst ]] || need zstd
    read_manifest "$image" "$kind"
    ((bytes > TABLE_BYTES)) || bad_form
    serial=$(disk_serial)
    check_disk
    check_bytes "$image"
    local shown
    shown=$(identity)
    show_loss
    confirm
    # While a person was reading, somebody may have mounted it, or another disk may have come under its name.
    check_disk
    [[ $(identity) == "$shown" ]] ||
        die "$disk 已不是刚才显示的那块盘，未写入任何内容：请核对后重新开始" \
            "$disk is not the disk that was shown any more; nothing was written: look again and start anew"
    write_disk "$image"
    read_back
    say "完成：$disk 已写入并校验。" "done: $disk is written and verified."
    [[ $kind != installer ]] ||
        say "把它插到设备上并从它启动；以后的步骤在设备的屏幕和串口上。" \
            "put it into the box and start from it; the box's screen and serial port say what follows."
}

# ── a box that runs ──────────────────────────────────────────────────────────────────────────────────────────────
#
# The only lawful way into a product box is a signed update that an administrator sends to its page: there is no other
# port, no shell and no maintenance mode that would take an image. So this signs in to the page as a browser does.

remote_folder=
end_remote() { [[ -z $remote_folder ]] || rm -rf -- "$remote_folder"; }

# The box's certificate is its own: what it must be is read on the serial console, and every connection is held to its key.
pin_certificate() {
    local wanted shown
    wanted=$(printf '%s' "$fingerprint" | tr -d ': \n' | tr 'A-F' 'a-f')
    [[ $wanted =~ ^[0-9a-f]{64}$ ]] ||
        die "请用 --fingerprint 给出设备证书的 SHA-256 指纹：它显示在设备的串口控制台上" \
            "give the SHA-256 of the box's certificate with --fingerprint: its serial console shows it"
    openssl s_client -connect "$host" -tls1_3 </dev/null 2>/dev/null |
        openssl x509 -out "$remote_folder/certificate" 2>/dev/null ||
        die "连接不上 $host 的网页：请检查地址与网络" "the page of $host cannot be reached: look at address and network"
    shown=$(openssl x509 -in "$remote_folder/certificate" -outform DER | sha256sum)
    [[ ${shown%% *} == "$wanted" ]] ||
        die "$host 的证书指纹不是给出的那个，未发送任何内容：请对照串口控制台" \
            "$host shows another certificate than the one named; nothing was sent: compare with the serial console"
    pin=$(openssl x509 -in "$remote_folder/certificate" -noout -pubkey |
        openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64)
}

# Asks for a page, or sends what the curl configuration on standard input says; the body goes to $remote_folder/page.
# Prints status and where it leads. Nothing secret ever stands on a command line.
page() {
    local path=$1
    shift
    curl --config - --show-error --insecure --pinnedpubkey "sha256//$pin" --tlsv1.3 --noproxy '*' \
        --cookie "$remote_folder/cookies" --cookie-jar "$remote_folder/cookies" \
        --header "Origin: https://$host" --header 'Sec-Fetch-Site: same-origin' \
        --dump-header "$remote_folder/head" --output "$remote_folder/page" --write-out '%{http_code} %{redirect_url}' \
        "$@" "https://$host$path" || die "$host 没有回答，或不再是那台设备" "$host does not answer, or is another box now"
}

# The hidden fields of the page's form with this action, as curl sends them: by `data-urlencode` or `form-string`.
hidden_fields() {
    local how=$1 action=$2
    tr '\n' ' ' <"$remote_folder/page" | head -c "$MAX_PAGE_BYTES" | sed 's/<form/\n<form/g' |
        grep -F "action=\"$action\"" | tail -n 1 | sed 's/<\/form>.*//; s/<input/\n<input/g' | grep 'type="hidden"' |
        sed -nE "s/.* name=\"([a-z_]+)\".* value=\"([0-9A-Za-z_.~+/=-]*)\".*/$how = \"\1=\2\"/p"
}

# A word as it stands between quotes in curl's configuration.
quoted() {
    local word=${1//\\/\\\\}
    printf '%s' "${word//\"/\\\"}"
}

# What the page says of it, without its marks.
page_says() {
    tr '\n' ' ' <"$remote_folder/page" | head -c "$MAX_PAGE_BYTES" |
        grep -oE '<[a-z]+ class="(notice-title|[a-z-]*error)"[^>]*>[^<]{1,400}' | head -n 3 |
        sed -E "s/^[^>]*>/  /; s/&#39;/'/g; s/&#34;/\"/g; s/&#38;/\&/g" >&2 || true
}

sign_in() {
    local password code answer
    [[ $login ]] || {
        say "系统管理员登录名：" "the system administrator's login:"
        IFS= read -r login || login=
    }
    say "口令（不显示）：" "password (not shown):"
    IFS= read -rs password || password=
    say "动态口令：" "one-time code:"
    IFS= read -r code || code=
    page /sign-in --silent </dev/null >/dev/null
    answer=$({
        hidden_fields data-urlencode /sign-in
        printf 'data-urlencode = "login=%s"\n' "$(quoted "$login")"
        printf 'data-urlencode = "password=%s"\n' "$(quoted "$password")"
        printf 'data-urlencode = "code=%s"\n' "$(quoted "$code")"
    } | page /sign-in --silent)
    password='' code=''
    [[ $answer == 303\ * ]] || {
        page_says
        die "登录被拒绝（${answer%% *}）：请核对登录名、口令与动态口令" \
            "the sign-in was refused (${answer%% *}): look at login, password and code"
    }
}

# Sends the file and waits until the box has stored it; what it says it has must be what was sent.
send_bundle() {
    local answer path waited=0
    local -a shown=(--silent)
    [[ ! -t 2 ]] || shown=(--progress-bar)
    answer=$(page /settings/box --silent </dev/null)
    grep -qF 'action="/settings/box/upload"' "$remote_folder/page" || {
        page_says
        die "此人不能上传升级包（${answer%% *}）：请用系统管理员登录" \
            "this person may not send an update (${answer%% *}): sign in as a system administrator"
    }
    say "发送……" "sending…"
    answer=$({
        hidden_fields form-string /settings/box/upload
        printf 'form = "bundle=@/dev/fd/3;filename=update.raucb;type=application/octet-stream"\n'
    } | page /settings/box/upload "${shown[@]}" 3<"$1")
    path=/${answer#303 https://*/}
    [[ $answer == 303\ * && $path =~ ^/jobs/[0-9]{1,20}$ ]] || {
        page_says
        die "设备没有收下升级包（${answer%% *}）" "the box did not take the update (${answer%% *})"
    }
    say "设备正在保存……" "the box stores it…"
    page "$path" --silent </dev/null >/dev/null
    while grep -qi '^refresh:' "$remote_folder/head"; do
        ((waited++ < STORE_WAIT_S)) || die "设备保存超时：请看它的网页" "the box takes too long: look at its page"
        sleep 1
        page "$path" --silent </dev/null >/dev/null
    done
    grep -qF "data-bundle=\"$sha256\"" "$remote_folder/page" || {
        page_says
        die "设备保存的不是发送的内容" "the box did not store what was sent"
    }
    say "升级包已在设备上，与本机的一致。" "the update lies on the box and is the one that lies here."
}

# The order itself is the administrator's, like every other: calls are drained first, and the box starts again.
order_install() {
    local path=/settings/box/order/install-$sha256 typed answer
    say "现在安装并重启设备？请输入 install；其他输入则只保存。" \
        "install it now and start the box again? type install; anything else leaves it stored."
    IFS= read -r typed || typed=
    [[ $typed == install ]] || {
        say "未安装。以后可在设备的网页上安装。" "not installed. The box's page can install it later."
        return
    }
    page "$path" --silent </dev/null >/dev/null
    answer=$(hidden_fields data-urlencode "$path" | page "$path" --silent)
    [[ $answer == 303\ * ]] || {
        page_says
        die "设备拒绝安装（${answer%% *}）" "the box refuses the order (${answer%% *})"
    }
    page /settings/box --silent </dev/null >/dev/null
    page_says
    # The page says on the next one whether it was taken.
    grep -qF 'class="notice notice-ok"' "$remote_folder/page" ||
        die "设备拒绝安装：原因见上" "the box refuses the order, as it says above"
    say "已下达安装命令：进度与结果在设备的网页和串口控制台上。" \
        "the order is given: the box's page and its serial console show how it goes."
}

remote_box() {
    local bundle=$1
    need openssl curl sha256sum stat base64
    [[ $host =~ ^[^:]*$|\]$ ]] && host=$host:443
    [[ $host =~ ^[0-9A-Za-z.-]{1,253}:[0-9]{1,5}$ || $host =~ ^\[[0-9A-Fa-f:.]{2,45}\]:[0-9]{1,5}$ ]] ||
        die "地址写法不对：$host" "that is no address: $host"
    read_manifest "$bundle" bundle
    check_bytes "$bundle"
    remote_folder=$(mktemp -d)
    trap end_remote EXIT
    pin_certificate
    sign_in
    send_bundle "$bundle"
    order_install
}

# ── the virtual box ──────────────────────────────────────────────────────────────────────────────────────────────

swtpm_pid=
end_swtpm() {
    [[ -z $swtpm_pid ]] || kill "$swtpm_pid" 2>/dev/null || true
    [[ -z $swtpm_pid ]] || wait "$swtpm_pid" 2>/dev/null || true
}

start_swtpm() {
    local waited=0
    mkdir -p -- "$state/tpm"
    rm -f -- "$state/tpm.sock"
    swtpm socket --tpm2 --tpmstate "dir=$state/tpm" --ctrl "type=unixio,path=$state/tpm.sock" --terminate &
    swtpm_pid=$!
    trap end_swtpm EXIT
    until [[ -S $state/tpm.sock ]]; do
        ((waited++ < TPM_WAIT_TENTHS)) ||
            die "软件 TPM 没有启动：$state 可写吗？" "the software TPM did not start: can $state be written?"
        kill -0 "$swtpm_pid" 2>/dev/null ||
            die "软件 TPM 已退出：另一台虚拟机在用 $state 吗？" "the software TPM ended: does another virtual box use $state?"
        sleep 0.1
    done
}

# FOLDER is what `cargo xtask image` made: disk.raw, firmware.fd and variables.fd (with the keys enrolled). The serial
# console is this terminal; the journal of the development variant goes to a file.
virtual_box() {
    local image=${1:-${CARGO_TARGET_DIR:-$here/target}/image}
    need qemu-system-x86_64 swtpm
    local file
    for file in disk.raw firmware.fd variables.fd; do
        [[ -f $image/$file ]] ||
            die "没有 $image/$file：先运行 cargo xtask image" "there is no $image/$file: run cargo xtask image first"
    done
    [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || die "端口写法不对：$port" "that is no port: $port"
    mkdir -p -- "$state"
    state=$(cd -- "$state" && pwd)
    if [[ -f $state/disk.raw ]]; then
        say "接着用 $state 里的那台（要一台全新的：换 --state，或删掉它）" \
            "going on with the box in $state (for a blank one: another --state, or remove it)"
    else
        cp --reflink=auto --sparse=always -- "$image/disk.raw" "$state/disk.new"
        truncate --size=+8G -- "$state/disk.new"
        cp -- "$image/variables.fd" "$state/variables.fd"
        cat /proc/sys/kernel/random/uuid >"$state/serial"
        mv -- "$state/disk.new" "$state/disk.raw"
    fi
    start_swtpm
    # Wide vector instructions are emulated element by element: without them the kernel's older code is faster.
    local accel=tcg,thread=multi cpu=max,avx=off,avx2=off
    [[ ! -w /dev/kvm ]] || accel=kvm cpu=max
    [[ $accel == kvm ]] || say "没有 KVM：启动要几分钟。" "there is no KVM: the start takes minutes."
    say "虚拟机启动中。网页：https://localhost:$port/　串口控制台在此终端。退出：Ctrl-A X" \
        "the virtual box starts. Page: https://localhost:$port/  Its serial console is this terminal. Quit: Ctrl-A X"
    qemu-system-x86_64 -machine "q35,smm=on,accel=$accel" -cpu "$cpu" -smp 2 -m 2048 -nodefaults -no-user-config \
        -display none -uuid "$(cat -- "$state/serial")" -global driver=cfi.pflash01,property=secure,value=on \
        -drive "if=pflash,format=raw,unit=0,readonly=on,file=$image/firmware.fd" \
        -drive "if=pflash,format=raw,unit=1,file=$state/variables.fd" \
        -drive "if=virtio,format=raw,cache=writeback,file=$state/disk.raw" \
        -chardev "socket,id=tpm,path=$state/tpm.sock" -tpmdev emulator,id=tpm0,chardev=tpm -device tpm-tis,tpmdev=tpm0 \
        -serial mon:stdio -serial "file:$state/journal" \
        -netdev "user,id=net0,hostfwd=tcp:127.0.0.1:$port-:443" -device virtio-net-pci,netdev=net0 ||
        die "虚拟机没有正常结束（端口 $port 被占用？）" "the virtual box did not end well (is port $port in use?)"
    say "虚拟机已结束；它的磁盘与 TPM 留在 $state。" "the virtual box has ended; its disk and TPM stay in $state."
}

# ── the command line ─────────────────────────────────────────────────────────────────────────────────────────────

key=$here/image/release.pem
state=${XDG_STATE_HOME:-$HOME/.local/state}/ringfence/vm
port=8443
erase='' disk_is_file='' mode=disk kind=image disk='' serial='' sha256='' bytes='' host='' fingerprint='' login='' pin=''
declare -a words=()
while (($#)); do
    case $1 in
        --key | --erase | --state | --page | --fingerprint | --login)
            (($# >= 2)) || die "$1 后面缺少内容" "$1 needs a word after it"
            case $1 in
                --key) key=$2 ;;
                --erase) erase=$2 ;;
                --state) state=$2 ;;
                --page) port=$2 ;;
                --fingerprint) fingerprint=$2 ;;
                --login) login=$2 ;;
            esac
            shift
            ;;
        --disk-is-file) disk_is_file=yes ;;
        --usb) kind=installer ;;
        --remote) mode=remote ;;
        --vm) mode=vm ;;
        --help | -h)
            usage
            exit 0
            ;;
        -*) die "不认识的选项 $1（--help 有全部）" "there is no option $1 (--help has them all)" ;;
        *) words+=("$1") ;;
    esac
    shift
done

case $mode in
    vm)
        ((${#words[@]} <= 1)) || die "--vm 最多一个目录" "--vm takes one folder at most"
        virtual_box "${words[0]-}"
        ;;
    remote)
        ((${#words[@]} == 2)) || die "用法：flash.sh --remote HOST BUNDLE" "say flash.sh --remote HOST BUNDLE"
        host=${words[0]}
        remote_box "${words[1]}"
        ;;
    disk)
        if ((${#words[@]} != 2)); then
            usage >&2
            exit 2
        fi
        disk=${words[1]}
        # lsblk knows a disk by its own name, not by a link to it.
        [[ $disk_is_file ]] || disk=$(readlink --canonicalize -- "$disk") ||
            die "没有 ${words[1]}" "there is no ${words[1]}"
        flash "${words[0]}"
        ;;
esac
