//! Words before a sign-in: sign-in, enrolment, the first visit.

crate::texts! {
    /// Words of sign-in, enrolment and commissioning.
    pub struct Door {
        sign_in_title: "登录", "Sign in";
        login: "登录名", "Login name";
        login_hint: "小写字母、数字、点、短横线、下划线，2–32 个字符", "Lower-case letters, digits, dot, hyphen, underscore; 2–32 characters";
        password: "密码", "Password";
        code: "动态口令", "One-time code";
        code_hint: "身份验证器显示的 6 位数字", "The 6 digits your authenticator shows";
        sign_in: "登录", "Sign in";
        to_enrol: "首次使用？用注册码启用账号", "First time here? Enrol with your code";
        signed_out: "您已退出。", "You have signed out.";
        ended: "会话已结束，请重新登录。", "The session has ended; please sign in again.";
        enrol_title: "启用账号", "Enrol";
        enrol_text: "输入登录名和安全管理员给您的一次性注册码。", "Enter your login name and the one-time enrolment code the security administrator gave you.";
        enrol_code: "注册码", "Enrolment code";
        enrol_begin: "继续", "Continue";
        enrol_hello: "您好，{}", "Hello, {}";
        enrol_scan: "用身份验证器应用扫描二维码，或手工输入密钥。此密钥只显示这一次。", "Scan the code with an authenticator app, or type the secret. It is shown only this once.";
        enrol_qr: "身份验证器二维码", "QR code for the authenticator";
        enrol_secret: "密钥", "Secret";
        enrol_method: "类型：基于时间（TOTP），SHA-1，6 位，30 秒", "Kind: time-based (TOTP), SHA-1, 6 digits, 30 s";
        enrol_password: "设置密码", "Choose a password";
        enrol_password_hint: "至少 15 个字符；一句只有您知道的话就很好", "At least 15 characters; a sentence only you know is good";
        enrol_again: "再次输入密码", "The password again";
        enrol_mismatch: "两次输入的密码不同", "The two passwords differ";
        enrol_finish: "完成", "Finish";
        enrol_done: "账号已启用，请登录。", "Your account is enrolled; please sign in.";
        to_sign_in: "已有账号？去登录", "Enrolled already? Sign in";
        welcome_title: "启用本设备", "Commission this box";
        welcome_text: "本设备尚未启用。认领码显示在串口控制台上。", "This box is blank. The claim code is shown on the serial console.";
        tpm_kept: "上次恢复出厂未能清除 TPM", "The factory reset before did not clear the TPM";
        tpm_kept_why: "原数据盘的密钥已销毁；但若有人留有旧盘的副本，配合本机 TPM 仍可能打开。", "The keys on the disk are destroyed; but with an older copy of that disk and this TPM the former data could still be opened.";
        tpm_kept_next: "如需完全清除，请在认领前进入固件设置清除 TPM，然后用安装盘重新安装。", "To finish it, clear the TPM in the firmware's setup before you claim the box, then install it anew from the stick.";
        claim_code: "认领码", "Claim code";
        company: "单位名称", "Company";
        company_hint: "外呼开头会报出此名称", "As announced at the start of each call";
        zone: "时区", "Time zone";
        zone_hint: "IANA 名称，例如 Asia/Shanghai", "IANA name, such as Asia/Shanghai";
        zone_unknown: "没有这个时区", "There is no such time zone";
        profile: "密码算法", "Algorithms";
        profile_intl: "国际算法（AES-256-GCM、SHA-256、TLS 1.3）", "International (AES-256-GCM, SHA-256, TLS 1.3)";
        profile_gm: "国密算法（SM4-GCM、SM3）", "Chinese national (SM4-GCM, SM3)";
        profile_gm_why: "需要经认证的密码模块，本设备没有", "Needs a certified cryptographic module, which this box does not have";
        administrators: "三位管理员", "Three administrators";
        administrators_text: "必须是三个不同的人：任何人不得兼任。", "They must be three different persons; nobody may hold two of these roles.";
        name: "姓名", "Name";
        logins_differ: "三位管理员的登录名必须不同", "The three login names must differ";
        names_differ: "三位管理员必须是不同的人", "The three administrators must be different persons";
        calendar_key: "节假日日历签名公钥", "Public key of the holiday calendar";
        calendar_key_hint: "Ed25519 公钥，32 字节，十六进制（64 位）或 Base64（44 位）。年度节假日文件须由对应私钥签名。", "Ed25519 public key of 32 bytes, as hex (64 digits) or base64 (44 characters). The yearly holiday file must be signed with its private key.";
        calendar_key_wrong: "不是 32 字节的十六进制或 Base64 公钥", "Not a public key of 32 bytes in hex or base64";
        claim: "启用", "Commission";
        claimed_title: "设备已启用", "The box is commissioned";
        claimed_text: "以下注册码只显示这一次，72 小时内有效。请打印后分别交给三位管理员。", "These enrolment codes are shown only this once and hold for 72 hours. Print them and hand each to its administrator.";
        print: "打印", "Print";
        copy: "复制", "Copy";
        copied: "已复制", "Copied";
        claimed_next: "管理员凭登录名和注册码启用账号", "Each administrator enrols with login name and code";
    }
}
