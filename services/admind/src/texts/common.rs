//! Words of every page: frame, navigation, buttons, roles.

crate::texts! {
    /// Words of every page.
    pub struct Common {
        product: "安呼", "Ringfence";
        skip: "跳到正文", "Skip to content";
        navigation: "导航", "Navigation";
        account_menu: "我的账号", "My account";
        sign_out: "退出", "Sign out";
        lang_zh: "中文", "中文";
        lang_en: "English", "English";
        theme: "外观", "Appearance";
        theme_auto: "跟随系统", "As the system";
        theme_light: "浅色", "Light";
        theme_dark: "深色", "Dark";
        back: "返回", "Back";
        development: "开发版本，不可用于生产", "Development variant: not for production";
        development_tpm: "开发用软件 TPM，不可用于生产", "Development TPM in software: not for production";
        nav_overview: "总览", "Overview";
        nav_outbound: "外呼", "Campaigns";
        nav_campaigns: "外呼活动", "Campaigns";
        nav_scripts: "话术与语音", "Scripts and prompts";
        nav_contacts: "名单与导入", "Contacts and import";
        nav_consents: "授权", "Consents";
        nav_dnc: "勿扰名单", "Do not call";
        nav_desk_group: "坐席", "Desk";
        nav_desk: "我的工作台", "My desk";
        nav_floor: "现场", "Floor";
        nav_records: "记录", "Records";
        nav_calls: "通话", "Calls";
        nav_recordings: "录音", "Recordings";
        nav_ledger: "审计账本", "Ledger";
        nav_lines_group: "线路", "Lines";
        nav_lines: "线路与号码", "Trunks and numbers";
        nav_system: "系统", "System";
        nav_accounts: "账号", "Accounts";
        nav_settings: "设置", "Settings";
        role_system_admin: "系统管理员", "System administrator";
        role_security_admin: "安全管理员", "Security administrator";
        role_audit_admin: "审计管理员", "Audit administrator";
        role_compliance: "合规部门", "Compliance";
        role_manager: "管理者", "Manager";
        role_supervisor: "主管", "Supervisor";
        role_qa: "质检人员", "Quality assurance";
        role_data_specialist: "数据专员", "Data specialist";
        role_agent: "坐席", "Agent";
        role_technician: "现场技术员", "Field technician";
        cancel: "取消", "Cancel";
        close: "关闭", "Close";
        connection_lost: "连接已断开，正在重新连接…", "Connection lost, reconnecting…";
        keys_title: "快捷键", "Keyboard";
        keys_search: "查找", "Search";
        keys_this: "显示本说明", "Show this";
        keys_close: "关闭菜单或对话框", "Close a menu or dialog";
        no_print: "坐席页面不可打印。", "An agent's page is not printed.";
        job_text: "请稍候，本页会自动更新；离开本页不会中断处理。", "Please wait, this page updates itself; leaving it does not stop the work.";
        job_progress: "已处理 {} / {}", "{} of {} done";
        job_progress_open: "已处理 {}", "{} done";
        job_refresh: "刷新", "Refresh";
        day_s: "{} 天", "{} d";
        hour_s: "{} 小时", "{} h";
        minute_s: "{} 分", "{} min";
        second_s: "{} 秒", "{} s";
    }
}
