//! What every page is given: looks, texts, navigation, who is there, the proofs of its forms.
//!
//! It holds no data of the page's own and decides no right: navigation only hides what `vaultd` would refuse.

use crate::assets;
use crate::cookie::Token;
use crate::format::Zone;
use crate::looks::{Lang, Looks};
use crate::texts::Texts;
use crate::{clock, csrf, random, variant};
use askama::Template;
use axum::response::Html;
use idl::account::Me;
use idl::admin::Role;
use rights::{Request, may};
use std::fmt;

/// What `base.html` needs.
#[derive(Debug, Clone)]
pub struct Page {
    /// Language and theme.
    pub looks: Looks,
    /// Texts.
    pub t: &'static Texts,
    /// Title.
    pub title: String,
    /// The path of this page, for coming back from a change of looks.
    pub path: String,
    /// The company; empty on a blank box.
    pub company: String,
    /// Whether the TPM is a real chip; a stand-in is labelled loudly.
    pub real_tpm: bool,
    /// The development variant: every page says so.
    pub development: bool,
    /// The site's zone.
    pub zone: Zone,
    /// Who is signed in.
    pub me: Option<Person>,
    /// Navigation; empty before a sign-in.
    pub nav: Vec<NavGroup>,
    /// What happened before this page.
    pub notices: Vec<Notice>,
    role: Option<Role>,
    token: Option<Token>,
}

/// Who is signed in, as the frame shows it.
#[derive(Debug, Clone)]
pub struct Person {
    /// The person's own name.
    pub name: String,
    /// Login name.
    pub login: String,
    /// Role in words.
    pub role: &'static str,
    /// Agents get a watermark and no selecting (ACC-02).
    pub watermark: bool,
}

/// A group of the navigation.
#[derive(Debug, Clone)]
pub struct NavGroup {
    /// Its title.
    pub title: &'static str,
    /// Its items.
    pub items: Vec<NavItem>,
}

/// An item of the navigation.
#[derive(Debug, Clone)]
pub struct NavItem {
    /// Where it leads.
    pub href: &'static str,
    /// Its label.
    pub label: &'static str,
    /// The name of its icon.
    pub icon: &'static str,
    /// It is this page.
    pub current: bool,
}

/// What happened before this page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Good news, or not.
    pub good: bool,
    /// What.
    pub text: String,
}

/// HTML that is made of safe pieces only.
#[derive(Debug, Clone)]
pub struct Markup(String);

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Markup {}

impl Markup {
    /// Takes HTML whose every part was escaped or is a constant of ours.
    #[must_use]
    pub const fn of_safe(html: String) -> Self {
        Self(html)
    }
}

impl Page {
    /// A page before a sign-in; `token` is of the door's cookie.
    #[must_use]
    pub fn outside(looks: Looks, title: &str, path: &str, token: Option<Token>) -> Self {
        Self {
            looks,
            t: Texts::of(looks.lang),
            title: title.to_owned(),
            path: path.to_owned(),
            company: String::new(),
            real_tpm: true,
            development: variant::is_development(),
            zone: Zone::default(),
            me: None,
            nav: vec![],
            notices: vec![],
            role: None,
            token,
        }
    }

    /// A page of a session; `current` is the path of the navigation's item.
    #[must_use]
    pub fn inside(looks: Looks, title: &str, path: &str, me: &Me, current: &str, token: Token) -> Self {
        let t = Texts::of(looks.lang);
        Self {
            company: me.company.clone(),
            real_tpm: me.real_tpm,
            zone: Zone::of(&me.zone),
            me: Some(Person {
                name: me.name.reveal().clone(),
                login: me.login.clone(),
                role: role(t, me.role),
                watermark: me.role == Role::Agent,
            }),
            nav: navigation(t, me.role, current),
            role: Some(me.role),
            ..Self::outside(looks, title, path, Some(token))
        }
    }

    /// Whether the visitor's role may ask this: for hiding what would be refused.
    #[must_use]
    pub fn may(&self, request: Request) -> bool {
        self.role.is_some_and(|role| may(role, request))
    }

    /// Whether a form of this page would be taken: an error page for a stranger has no token to prove itself by.
    #[must_use]
    pub const fn can_send(&self) -> bool {
        self.token.is_some()
    }

    /// The hidden fields of one form: that our page made it, and that it is sent once.
    #[must_use]
    pub fn proof(&self) -> Markup {
        Markup(self.token.as_ref().map_or_else(String::new, |token| {
            format!(
                r#"<input type="hidden" name="csrf" value="{}"><input type="hidden" name="once" value="{}">"#,
                csrf::proof(token),
                csrf::once(token, clock::now(), random::bytes()),
            )
        }))
    }

    /// The address of an asset, with its hash.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// Whether the page is Chinese.
    #[must_use]
    pub fn is_zh(&self) -> bool {
        self.looks.lang == Lang::Zh
    }
}

/// Renders a template.
///
/// # Errors
/// [`crate::fault::Fault::Bug`] if the template cannot be written.
pub fn render(template: &impl Template) -> Result<Html<String>, crate::fault::Fault> {
    Ok(Html(template.render()?))
}

/// A role in words.
#[must_use]
pub const fn role(t: &Texts, role: Role) -> &'static str {
    match role {
        Role::SystemAdmin => t.common.role_system_admin,
        Role::SecurityAdmin => t.common.role_security_admin,
        Role::AuditAdmin => t.common.role_audit_admin,
        Role::Compliance => t.common.role_compliance,
        Role::Manager => t.common.role_manager,
        Role::Supervisor => t.common.role_supervisor,
        Role::Qa => t.common.role_qa,
        Role::DataSpecialist => t.common.role_data_specialist,
        Role::Agent => t.common.role_agent,
        Role::Technician => t.common.role_technician,
    }
}

type Item = (&'static str, &'static str, &'static str, Request);

/// The navigation of a role: an item is shown where the request of its page is allowed.
fn navigation(t: &'static Texts, role: Role, current: &str) -> Vec<NavGroup> {
    let groups: [(&'static str, Vec<Item>); 6] = [
        (t.common.nav_overview, vec![("/", t.common.nav_overview, "overview", Request::Overview)]),
        (
            t.common.nav_outbound,
            vec![
                ("/campaigns", t.common.nav_campaigns, "campaigns", Request::Campaigns),
                ("/scripts", t.common.nav_scripts, "scripts", Request::Scripts),
                ("/contacts", t.common.nav_contacts, "contacts", Request::Batches),
                ("/consents", t.common.nav_consents, "consents", Request::Contacts),
                ("/dnc", t.common.nav_dnc, "dnc", Request::DoNotCall),
            ],
        ),
        (
            t.common.nav_desk_group,
            vec![
                ("/desk", t.common.nav_desk, "desk", Request::Desk),
                ("/floor", t.common.nav_floor, "floor", Request::Live),
            ],
        ),
        (
            t.common.nav_records,
            vec![
                ("/calls", t.common.nav_calls, "calls", Request::CallsPage),
                ("/recordings", t.common.nav_recordings, "recordings", Request::Play),
                ("/ledger", t.common.nav_ledger, "ledger", Request::LedgerPage),
            ],
        ),
        (t.common.nav_lines_group, vec![("/lines", t.common.nav_lines, "lines", Request::Lines)]),
        (
            t.common.nav_system,
            vec![
                ("/accounts", t.common.nav_accounts, "accounts", Request::Persons),
                ("/consoles", t.consoles.nav, "screen", Request::Consoles),
                ("/settings", t.common.nav_settings, "settings", Request::Settings),
                ("/settings/box", t.boxes.nav, "chip", Request::BoxLook),
            ],
        ),
    ];
    let shown = |(href, label, icon, request): Item| {
        // Custodians of other roles come to the box by the custody page.
        let shown = request != Request::BoxLook || rights::LOOK_AT_BOX.contains(&role);
        (shown && may(role, request)).then_some(NavItem { href, label, icon, current: href == current })
    };
    groups
        .into_iter()
        .map(|(title, items)| NavGroup { title, items: items.into_iter().filter_map(shown).collect() })
        .filter(|group| !group.items.is_empty())
        .collect()
}
