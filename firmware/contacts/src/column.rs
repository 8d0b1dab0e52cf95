//! The columns of the minimal schema (DAT-01) and the header names by which a file may call them.
//!
//! What is not listed here has no column: a file that brings more is refused unless the caller drops it.

use serde::{Deserialize, Serialize};

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident = $en:literal, $zh:literal, [$($alias:literal),*], $max:literal);+ $(;)?) => {
        /// One column of the schema.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Column { $($(#[$doc])* $name),+ }

        impl Column {
            /// Every column, in the order in which they are written.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The canonical English header.
            #[must_use]
            pub const fn header(self) -> &'static str {
                match self { $(Self::$name => $en),+ }
            }

            /// The canonical Chinese header.
            #[must_use]
            pub const fn header_zh(self) -> &'static str {
                match self { $(Self::$name => $zh),+ }
            }

            /// Characters a value may have.
            #[must_use]
            pub const fn max_chars(self) -> usize {
                match self { $(Self::$name => $max),+ }
            }

            const fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($alias),*]),+ }
            }
        }
    };
}

columns! {
    /// The telephone number; the only column a file must have.
    Phone = "phone", "手机号", ["phone number", "mobile", "telephone", "tel", "电话", "手机", "号码", "电话号码", "手机号码", "联系电话"], 64;
    /// How to address the person.
    Name = "name", "姓名", ["customer", "customer name", "称呼", "客户姓名", "客户"], 64;
    /// Order or business number.
    OrderNo = "order_no", "订单号", ["order", "order number", "business no", "订单编号", "业务号", "业务编号"], 64;
    /// What the person asked for.
    DemandType = "demand_type", "需求类型", ["demand", "type", "需求"], 64;
    /// Business tag.
    Tag = "tag", "业务标签", ["tags", "label", "标签"], 128;
    /// The question in the person's words.
    Issue = "issue", "咨询问题", ["issue text", "question", "问题", "问题描述"], 2_000;
    /// When consent was given.
    ConsentGivenAt = "consent_given_at", "授权时间", ["consent at", "consent time", "同意时间"], 64;
    /// How consent was given.
    ConsentChannel = "consent_channel", "授权方式", ["channel", "授权渠道", "同意方式"], 64;
    /// What was consented to.
    ConsentPurpose = "consent_purpose", "授权用途", ["purpose", "授权目的", "用途"], 64;
    /// When consent ends.
    ConsentExpiresAt = "consent_expires_at", "授权到期", ["consent expires", "授权有效期", "授权到期时间", "到期时间"], 64;
    /// Where the evidence is: a file name or hash.
    ConsentEvidence = "consent_evidence", "授权凭证", ["evidence", "凭证", "授权证据"], 256;
    /// Birth date, where lawfully held.
    BirthDate = "birth_date", "出生日期", ["birthday", "date of birth", "生日"], 64;
    /// The source attests an adult.
    Adult = "adult", "是否成年", ["is adult", "成年"], 64;
    /// Date of the source.
    SourceDate = "source_date", "来源日期", ["source", "数据来源日期", "采集日期"], 64;
}

impl Column {
    /// The column a header names, whatever its case, spaces, underscores or hyphens.
    #[must_use]
    pub fn named(header: &str) -> Option<Self> {
        let wanted = normalised(header);
        let is_named = |column: &Self| {
            normalised(column.header()) == wanted
                || column.header_zh() == wanted
                || column.aliases().iter().any(|alias| normalised(alias) == wanted)
        };
        Self::ALL.iter().copied().find(is_named)
    }
}

/// A header without case, blanks, underscores and hyphens.
pub fn normalised(header: &str) -> String {
    let kept = header.chars().filter(|ch| !ch.is_whitespace() && !matches!(ch, '_' | '-' | '\u{feff}'));
    kept.flat_map(char::to_lowercase).collect()
}
