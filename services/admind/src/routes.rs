//! The list of routes, each with what it demands before its handler is called. A route cannot be added without
//! saying so, and a POST cannot be reached without its proofs: nothing depends on a handler's memory.

use crate::admit::admit;
use crate::app::App;
use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use http::Method;
use rights::Request;

/// What a route demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Nothing: anybody may look.
    Open,
    /// A session.
    Session,
    /// A session, which this request does not keep alive.
    Passive,
    /// A form of a browser before its sign-in.
    DoorForm,
    /// A form of a session.
    Form,
    /// A form with files of a session, at most so many bytes.
    Upload(u64),
    /// A form with a file too large for the memory, of a session that may make this request.
    Large(u64, Request),
    /// A form of a session, or of a browser before its sign-in (choices of looks, leaving).
    AnyForm,
}

/// One route.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with axum's placeholders.
    pub path: &'static str,
    /// What it demands.
    pub guard: Guard,
    handler: MethodRouter<App>,
}

/// Routes of an area, or all of them.
#[derive(Debug, Clone, Default)]
pub struct Routes(Vec<Route>);

impl Routes {
    /// No routes yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A page of a session.
    #[must_use]
    pub fn get<H: Handler<T, App>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::GET, path, Guard::Session, get(handler))
    }

    /// What a page asks by itself: a session that is not kept alive by it.
    #[must_use]
    pub fn live<H: Handler<T, App>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::GET, path, Guard::Passive, get(handler))
    }

    /// A form of a session; the handler gets [`crate::form::Form`].
    #[must_use]
    pub fn post<H: Handler<T, App>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::POST, path, Guard::Form, post(handler))
    }

    /// A form with files of a session; the handler gets [`crate::upload::Upload`].
    #[must_use]
    pub fn upload<H: Handler<T, App>, T: 'static>(
        self,
        path: &'static str,
        limit_bytes: u64,
        handler: H,
    ) -> Self {
        self.add(Method::POST, path, Guard::Upload(limit_bytes), post(handler))
    }

    /// A form with a file too large for the memory; who may not make `request` is told so before it comes.
    #[must_use]
    pub fn large<H: Handler<T, App>, T: 'static>(
        self,
        path: &'static str,
        limit_bytes: u64,
        request: Request,
        handler: H,
    ) -> Self {
        self.add(Method::POST, path, Guard::Large(limit_bytes, request), post(handler))
    }

    /// A page anybody may see.
    #[must_use]
    pub fn open<H: Handler<T, App>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::GET, path, Guard::Open, get(handler))
    }

    /// A form of a browser before its sign-in.
    #[must_use]
    pub fn door_form<H: Handler<T, App>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::POST, path, Guard::DoorForm, post(handler))
    }

    /// A form that is there before and after a sign-in.
    #[must_use]
    pub fn any_form<H: Handler<T, App>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::POST, path, Guard::AnyForm, post(handler))
    }

    /// Adds the routes of another area.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// All of them.
    #[must_use]
    pub fn list(&self) -> &[Route] {
        &self.0
    }

    /// The router, each route behind its guard.
    pub fn into_router(self, app: &App) -> Router<App> {
        self.0.into_iter().fold(Router::new(), |router, route| {
            let guarded = route.handler.route_layer(from_fn_with_state((app.clone(), route.guard), admit));
            router.route(route.path, guarded)
        })
    }

    fn add(mut self, method: Method, path: &'static str, guard: Guard, handler: MethodRouter<App>) -> Self {
        self.0.push(Route { method, path, guard, handler });
        self
    }
}
