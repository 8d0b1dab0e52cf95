//! Words of the custodians' page.

crate::texts! {
    /// Custody of the keys.
    pub struct Custody {
        title: "密钥保管", "Custody of the keys";
        lede: "本机密钥由 TPM 保护。TPM 或安全启动密钥更换后，五名保管人中的任意三名可凭纸面份额恢复数据。", "The TPM of this box guards its keys. After a change of the TPM or of the Secure Boot keys any three of five custodians bring the data back, with the shares on paper.";
        state: "现状", "How it stands";
        none_title: "尚无保管人", "There are no custodians";
        none_text: "如果本机或其 TPM 损坏，数据将无法恢复。请指定五名保管人。", "If this box or its TPM breaks, its data is lost. Name five custodians.";
        in_force_title: "份额已生效", "The shares are in force";
        set: "份额组", "Set";
        since: "生效时间", "In force since";
        custodians: "保管人", "Custodians";
        disk: "数据盘", "Data disk";
        disk_opens: "三份份额可打开", "Three shares open it";
        disk_closed: "份额无法打开", "No shares open it";
        disk_fault: "份额未能写入：{}", "The shares could not be written: {}";
        disk_none: "工作站：没有独立的数据盘", "Workstation: no disk of its own";
        begun_title: "新的一组份额正在领取", "A new set is being taken";
        begun_text: "五份全部领取后生效，旧份额同时作废。服务重启前未领完须重新指定。", "It comes into force with the fifth share, and the old ones are dead then. If the service restarts before that, begin again.";
        waiting: "尚未领取：{}", "Not taken yet: {}";
        writing: "五份已全部领取，正在写入数据盘。请稍后刷新。", "All five are taken. The disk is being told; look again in a moment.";
        yours_title: "您有一份份额待领取", "There is a share for you to take";
        yours_text: "份额只显示这一次。请准备好纸笔或打印机，并确认旁边没有他人。", "It is shown once. Have paper or a printer ready, and nobody beside you.";
        take: "现在领取并显示", "Take it and show it now";
        share_title: "您的份额", "Your share";
        share_number: "第 {} 份，份额组 {}", "Share {} of set {}";
        share_text: "请抄写或打印，核对后密封存放于安全处。此页关闭后无法再次显示。请勿拍照、存入电脑或发送。", "Copy or print it, compare it, and lock it away under seal. It is never shown again. No photograph, no file, no message.";
        share_use: "恢复时，在机柜串口终端上输入这十六组字符，空格与换行不限。", "At a recovery these sixteen groups are typed at the serial console; spaces and line ends do not matter.";
        share_signs: "没有字母 I、L、O、U；大小写相同。", "No letters I, L, O or U; capital and small letters are the same.";
        back: "返回", "Back";
        name_title: "指定五名保管人", "Name five custodians";
        name_text: "每人用自己的账号登录后领取一份。系统管理员、坐席和技术员不能担任。", "Each signs in and takes one share. System administrators, agents and technicians cannot be custodians.";
        replace_text: "新的一组生效后，现有份额全部作废。", "Once the new set is in force, today's shares are dead.";
        custodian: "第 {} 名保管人", "Custodian {}";
        begin: "生成份额", "Make the shares";
        begin_ask: "生成新的份额？", "Make new shares?";
        begin_more: "五人须在服务重启前各自登录领取。", "All five must sign in and take theirs before the service restarts.";
        too_few: "可担任保管人的账号不足五个，请先开通账号。", "Fewer than five accounts can keep a share. Open accounts first.";
        done_begun: "已生成，等待五人领取。", "Made. The five can take theirs now.";
        recoveries: "恢复记录", "Recoveries";
        no_recoveries: "从未恢复过。", "There has been none.";
        recovered: "使用份额组 {} 恢复", "Recovered with set {}";
        my_share: "密钥保管份额", "Custodian's share";
        my_share_text: "如您被指定为保管人，在此领取。", "If you were named a custodian, take your share here.";
    }
}
