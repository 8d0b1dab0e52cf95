//! A proven session: who is there, and the way to ask `vaultd` in its name.
//!
//! It decides nothing: `may` only hides what would be refused.

use crate::app::App;
use crate::cookie::{self, Token};
use crate::fault::{Fault, Refusal};
use crate::format::Zone;
use crate::jobs::JobId;
use crate::looks::{Lang, Looks};
use crate::page::{Notice, Page, render};
use crate::texts::Texts;
use crate::vault::{Asker, Reply};
use askama::Template;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::header::USER_AGENT;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use idl::account::{MAX_BROWSER_BYTES, Me, Source};
use idl::admin::{Admin, Answer};
use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use vocab::Secret;

/// A proven session; cheap to clone.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Who is there.
    pub me: Arc<Me>,
    /// Texts in the visitor's language.
    pub t: &'static Texts,
    /// The language.
    pub lang: Lang,
    /// The site's zone.
    pub zone: Zone,
    /// The path asked for.
    pub path: String,
    looks: Looks,
    app: App,
    asker: Asker,
    token: Secret<Token>,
}

impl Visit {
    /// Proves the session of a request's cookie by asking `vaultd`.
    ///
    /// # Errors
    /// [`Fault::NoSession`], [`Fault::Elsewhere`], or what keeps `vaultd` from answering.
    pub async fn prove(app: &App, parts: &Parts, passive: bool) -> Result<Self, Fault> {
        let token = cookie::token(&parts.headers, cookie::SESSION).ok_or(Fault::NoSession)?;
        let asker = Asker { session: Some(Secret::new(token)), source: source(parts)?, passive };
        let (answer, _) = app.vault.ask(&asker, Admin::Me).await?;
        let Answer::Me(me) = Fault::of_answer(answer)? else { return Err(Fault::other_answer()) };
        let looks = looks(&parts.headers);
        Ok(Self {
            t: Texts::of(looks.lang),
            lang: looks.lang,
            zone: Zone::of(&me.zone),
            path: parts.uri.path().to_owned(),
            me: Arc::new(*me),
            looks,
            app: app.clone(),
            asker,
            token: Secret::new(token),
        })
    }

    /// Asks `vaultd`; a refusal is a fault ([`Fault::Refused`], [`Fault::Forbidden`] …).
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn ask(&self, what: Admin) -> Result<Answer, Fault> {
        Ok(self.ask_with_file(what).await?.0)
    }

    /// As [`Visit::ask`], with the file that came with the answer.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn ask_with_file(&self, what: Admin) -> Result<(Answer, Option<File>), Fault> {
        let (answer, file) = self.app.vault.ask(&self.asker, what).await?;
        Ok((Fault::of_answer(answer)?, file.map(File::from)))
    }

    /// Starts long work on a connection of its own and sends the visitor to its page, where `show` makes the
    /// last answer a page, as often as it is looked at, until the session ends.
    ///
    /// # Errors
    /// [`Fault::Busy`].
    pub fn start_job(
        &self,
        title: &str,
        what: Admin,
        attached: Option<OwnedFd>,
        show: impl Fn(&Self, &Answer) -> Result<Html<String>, Fault> + Send + Sync + 'static,
    ) -> Result<Response, Fault> {
        self.job(title, what, attached, Fault::of_answer, show)
    }

    /// As [`Visit::start_job`], for a page that tells a refusal itself, beside what to do about it: `show` sees
    /// [`Answer::Refused`] too.
    ///
    /// # Errors
    /// [`Fault::Busy`].
    pub fn start_job_told(
        &self,
        title: &str,
        what: Admin,
        attached: Option<OwnedFd>,
        show: impl Fn(&Self, &Answer) -> Result<Html<String>, Fault> + Send + Sync + 'static,
    ) -> Result<Response, Fault> {
        let told = |answer| match Fault::of_answer(answer) {
            Err(Fault::Refused(Refusal { code, text_en, text_zh })) => {
                Ok(Answer::Refused { code, text_en, text_zh })
            }
            ended => ended,
        };
        self.job(title, what, attached, told, show)
    }

    fn job(
        &self,
        title: &str,
        what: Admin,
        attached: Option<OwnedFd>,
        ended: fn(Answer) -> Result<Answer, Fault>,
        show: impl Fn(&Self, &Answer) -> Result<Html<String>, Fault> + Send + Sync + 'static,
    ) -> Result<Response, Fault> {
        let (vault, asker) = (self.app.vault.clone(), self.asker.clone());
        // A file in memory is ours until `vaultd` has done with it.
        let carried = match &attached {
            Some(_) => Some(Arc::clone(&self.app.carried).try_acquire_owned().map_err(|_| Fault::Busy)?),
            None => None,
        };
        let work = |progress: crate::jobs::Progress| async move {
            let _carried = carried;
            let (answer, _): Reply =
                vault.ask_long(&asker, what, attached, move |done, total| progress.tell(done, total)).await?;
            ended(answer)
        };
        let JobId(id) = self.app.jobs.start(self.me.session, title, work, Arc::new(show))?;
        Ok(Redirect::to(&format!("/jobs/{id}")).into_response())
    }

    /// Whether the role may ask this: for hiding what would be refused.
    #[must_use]
    pub fn may(&self, request: rights::Request) -> bool {
        rights::may(self.me.role, request)
    }

    /// The frame of a page; `nav` is the path of its item in the navigation.
    #[must_use]
    pub fn page(&self, title: &str, nav: &str) -> Page {
        let mut page = Page::inside(self.looks, title, &self.path, &self.me, nav, *self.token.expose());
        page.notices = self.app.notices(self.token.expose());
        page
    }

    /// After a POST: go there, and say there what was done.
    #[must_use]
    pub fn done(&self, path: &str, text: &str) -> Response {
        self.app.notify(self.token.expose(), Notice { good: true, text: text.to_owned() });
        to(path)
    }

    /// After a POST: go there, and say there what was refused.
    #[must_use]
    pub fn refused(&self, path: &str, text: &str) -> Response {
        self.app.notify(self.token.expose(), Notice { good: false, text: text.to_owned() });
        to(path)
    }

    /// Shows a refused form again (status 422).
    ///
    /// # Errors
    /// [`Fault::Bug`].
    pub fn again(&self, template: &impl Template) -> Result<Response, Fault> {
        Ok((StatusCode::UNPROCESSABLE_ENTITY, render(template)?).into_response())
    }

    /// Something that is done or refused, told on the page it leads back to.
    ///
    /// # Errors
    /// What asking `vaultd` brings, but its refusals.
    pub async fn ordered(&self, what: Admin, path: &str, done: &str) -> Result<Response, Fault> {
        match self.ask(what).await {
            Ok(Answer::Done | Answer::Created { .. }) => Ok(self.done(path, done)),
            Ok(_) => Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => Ok(self.refused(path, refusal.text(self.lang))),
            Err(fault) => Err(fault),
        }
    }

    /// The shared state.
    #[must_use]
    pub const fn app(&self) -> &App {
        &self.app
    }

    pub(crate) const fn token(&self) -> &Token {
        self.token.expose()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            log::error!("a handler asks for a session where its route proves none");
            Fault::Bug
        })
    }
}

/// Where a request came from: the socket's peer and the browser's own name, never a proxy's header.
///
/// # Errors
/// [`Fault::Bug`] if the connection does not know its peer.
pub fn source(parts: &Parts) -> Result<Source, Fault> {
    let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
        log::error!("a connection does not know its peer");
        return Err(Fault::Bug);
    };
    Ok(Source { address: address(peer.ip()), browser: browser(&parts.headers) })
}

/// An address as people write it: IPv4 is IPv4 although the socket is of both.
#[must_use]
pub const fn address(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

fn browser(headers: &HeaderMap) -> String {
    let bytes = headers.get(USER_AGENT).map_or(&[][..], |name| name.as_bytes());
    let mut name: String =
        String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control()).take(MAX_BROWSER_BYTES).collect();
    while name.len() > MAX_BROWSER_BYTES {
        name.pop();
    }
    name
}

/// Language and theme of a request.
#[must_use]
pub fn looks(headers: &HeaderMap) -> Looks {
    Looks { lang: cookie::lang(headers), theme: cookie::theme(headers) }
}

/// See other: a path of our own, and nothing that could leave it or add a header.
#[must_use]
pub fn to(path: &str) -> Response {
    Redirect::to(&local(path)).into_response()
}

/// A path of our own, or the first page if it is anything else.
#[must_use]
pub fn local(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>');
    let good = path.len() <= MAX_PATH_BYTES
        && path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(plain);
    if good { path.to_owned() } else { "/".to_owned() }
}

/// Longest path that is gone back to.
const MAX_PATH_BYTES: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn only_paths_of_our_own_are_gone_to() {
        assert_eq!(local("/calls?before=7"), "/calls?before=7");
        for bad in [
            "",
            "calls",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: b=c",
            "/a b",
            "/\u{202e}",
        ] {
            assert_eq!(local(bad), "/", "{bad}");
        }
        assert_eq!(local(&format!("/{}", "a".repeat(2_000))), "/");
    }
}
