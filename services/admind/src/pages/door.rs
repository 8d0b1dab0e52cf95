//! Signing in and out, and what the pages before a sign-in share.

use crate::app::App;
use crate::cookie::{self, Token};
use crate::fault::Fault;
use crate::form::{Form, Query};
use crate::looks::Looks;
use crate::page::{Notice, Page, render};
use crate::random;
use crate::routes::Routes;
use crate::texts::Texts;
use crate::vault::Asker;
use crate::visit::{Visit, local, looks, source, to};
use askama::Template;
use axum::extract::{FromRequestParts, OptionalFromRequestParts, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::SET_COOKIE;
use http::request::Parts;
use idl::account::Door;
use idl::admin::{Admin, Answer};

/// The routes of this area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().open("/sign-in", show).door_form("/sign-in", sign_in).any_form("/sign-out", sign_out)
}

/// A browser before its sign-in.
#[derive(Debug, Clone)]
pub struct Stranger {
    /// Language and theme.
    pub looks: Looks,
    /// Texts.
    pub t: &'static Texts,
    path: String,
    token: Token,
    fresh: bool,
    asker: Asker,
    app: App,
}

impl FromRequestParts<App> for Stranger {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        let looks = looks(&parts.headers);
        let known = cookie::token(&parts.headers, cookie::DOOR);
        Ok(Self {
            looks,
            t: Texts::of(looks.lang),
            path: parts.uri.path().to_owned(),
            token: known.unwrap_or_else(random::bytes),
            fresh: known.is_none(),
            asker: Asker { session: None, source: source(parts)?, passive: false },
            app: app.clone(),
        })
    }
}

impl Stranger {
    /// Asks `vaultd` without a session.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn ask(&self, what: Admin) -> Result<Answer, Fault> {
        let (answer, _) = self.app.vault.ask(&self.asker, what).await?;
        Fault::of_answer(answer)
    }

    /// What a stranger may know of the box.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn door(&self) -> Result<Door, Fault> {
        match self.ask(Admin::Door).await? {
            Answer::Door(door) => Ok(*door),
            _ => Err(Fault::other_answer()),
        }
    }

    /// The frame of a page.
    #[must_use]
    pub fn page(&self, title: &str, door: &Door) -> Page {
        let mut page = Page::outside(self.looks, title, &self.path, Some(self.token));
        page.company.clone_from(&door.company);
        page.real_tpm = door.real_tpm;
        page.zone = crate::format::Zone::of(&door.zone);
        page.notices = self.app.notices(&self.token);
        page
    }

    /// Answers with a page, and with the door's cookie if the browser has none.
    ///
    /// # Errors
    /// [`Fault::Bug`].
    pub fn show(&self, status: StatusCode, template: &impl Template) -> Result<Response, Fault> {
        let mut response = (status, render(template)?).into_response();
        if self.fresh {
            response.headers_mut().append(SET_COOKIE, cookie::set_token(cookie::DOOR, &self.token));
        }
        Ok(response)
    }

    /// Go there, and say there what was done.
    #[must_use]
    pub fn done(&self, path: &str, text: &str) -> Response {
        self.app.notify(&self.token, Notice { good: true, text: text.to_owned() });
        to(path)
    }
}

#[derive(Template)]
#[template(path = "door/sign_in.html")]
struct SignIn {
    page: Page,
    t: &'static Texts,
    form: Form,
    next: String,
}

async fn show(stranger: Stranger, Query(query): Query) -> Result<Response, Fault> {
    let door = stranger.door().await?;
    if !door.commissioned {
        return Ok(to("/welcome"));
    }
    let mut page = stranger.page(stranger.t.door.sign_in_title, &door);
    let next = local(query.value("next"));
    if query.has("ended", "1") {
        page.notices.push(Notice { good: true, text: stranger.t.door.signed_out.to_owned() });
    } else if next != "/" {
        page.notices.push(Notice { good: false, text: stranger.t.door.ended.to_owned() });
    }
    stranger.show(StatusCode::OK, &SignIn { page, t: stranger.t, form: Form::default(), next })
}

async fn sign_in(stranger: Stranger, mut form: Form) -> Result<Response, Fault> {
    let t = stranger.t;
    let login = form.text(t, "login", MAX_LOGIN);
    let password = form.secret(t, "password", MAX_PASSWORD_BYTES);
    let code = form.secret(t, "code", MAX_CODE_BYTES);
    if form.is_good() {
        match stranger.ask(Admin::SignIn { login, password, code }).await {
            Ok(Answer::SignedIn { token, .. }) => {
                let mut response = to(&local(form.value("next")));
                let cookies = response.headers_mut();
                cookies.append(SET_COOKIE, cookie::set_token(cookie::SESSION, token.expose()));
                cookies.append(SET_COOKIE, cookie::drop_token(cookie::DOOR));
                return Ok(response);
            }
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, stranger.looks.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(t);
    let door = stranger.door().await?;
    let next = local(form.value("next"));
    let page = stranger.page(t.door.sign_in_title, &door);
    stranger.show(StatusCode::UNPROCESSABLE_ENTITY, &SignIn { page, t, form, next })
}

async fn sign_out(State(app): State<App>, visit: Option<SignedIn>) -> Result<Response, Fault> {
    if let Some(SignedIn(visit)) = visit {
        visit.ask(Admin::SignOut).await?;
        app.jobs.forget(visit.me.session);
    }
    let mut response = to("/sign-in?ended=1");
    response.headers_mut().append(SET_COOKIE, cookie::drop_token(cookie::SESSION));
    Ok(response)
}

/// A session, if there is one.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Visit);

impl<S: Send + Sync> OptionalFromRequestParts<S> for SignedIn {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Fault> {
        Ok(parts.extensions.get::<Visit>().cloned().map(SignedIn))
    }
}

/// Longest login name that is sent on.
pub const MAX_LOGIN: usize = 64;
/// Longest password that is sent on.
pub const MAX_PASSWORD_BYTES: usize = 512;
/// Longest code that is sent on.
pub const MAX_CODE_BYTES: usize = 64;
