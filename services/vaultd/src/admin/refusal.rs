//! A refusal: a stable code and what to do next, in English and Chinese, without personal data.

use idl::admin::{Answer, Role};

/// Why a request is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// A stable code.
    pub code: &'static str,
    /// English.
    pub text_en: String,
    /// Chinese.
    pub text_zh: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: &'static str, text_en: impl Into<String>, text_zh: impl Into<String>) -> Self {
        Self { code, text_en: text_en.into(), text_zh: text_zh.into() }
    }

    /// The answer that tells it.
    #[must_use]
    pub fn into_answer(self) -> Answer {
        Answer::Refused { code: self.code.to_owned(), text_en: self.text_en, text_zh: self.text_zh }
    }

    /// What is asked is not this role's to ask.
    #[must_use]
    pub fn role(role: Role) -> Self {
        Self::new("role", format!("The role {role:?} may not do this."), "您的角色无权进行此操作。")
    }

    /// Something named does not exist.
    #[must_use]
    pub fn unknown(what: &str) -> Self {
        Self::new("unknown", format!("There is no such {what}."), "所指对象不存在。")
    }

    /// The second pair of eyes must be another person's.
    #[must_use]
    pub fn same_person() -> Self {
        Self::new(
            "same-person",
            "Another person must do this than the one who entered it.",
            "须由录入者以外的另一人进行此操作。",
        )
    }

    /// There are as many as there can be.
    #[must_use]
    pub fn too_many(what: &str, max: usize) -> Self {
        Self::new("too-many", format!("There can be at most {max}: {what}."), format!("数量已达上限{max}。"))
    }

    /// A value lies outside its bounds.
    #[must_use]
    pub fn bounds(text_en: impl Into<String>, text_zh: impl Into<String>) -> Self {
        Self::new("bounds", text_en, text_zh)
    }

    /// A telephone number cannot be read.
    #[must_use]
    pub fn number() -> Self {
        Self::new("number", "This is no telephone number.", "这不是有效的电话号码。")
    }

    /// The key of the data was destroyed.
    #[must_use]
    pub fn erased() -> Self {
        Self::new("erased", "The recording was erased with its subject's key.", "录音已随密钥销毁。")
    }

    /// Other long work is under way.
    #[must_use]
    pub fn busy() -> Self {
        Self::new("busy", "Other long work is under way.", "正在处理其他任务，请稍后。")
    }

    /// A key of the site could not be had or made.
    #[must_use]
    pub fn storage() -> Self {
        Self::new(
            "storage",
            "The storage failed. Nothing was changed; look at the alarms.",
            "存储失败，未作任何更改；请查看告警。",
        )
    }
}
