//! Every request × every role through sessions: allowed exactly as the table says (ACC-01).

use crate::page::{Phone, Token, at, refused};
use crate::rig::{Keys, Log, Rig, Rows};
use crate::samples::sample;
use idl::admin::{Admin, Answer, Role};
use rights::{OPEN, OWN, ROLES, Request, may};
use vaultd::entries::{Event, Who};
use vocab::{DepartmentId, PersonId, Pii};

/// A site with one person of each role, all signed in: their tokens in the order of [`ROLES`].
fn everybody() -> (Rig, Vec<(Role, PersonId, Token)>) {
    let (mut rig, phones) = Rig::claimed();
    let (security, _) = rig.signed_in(&at(2), &phones[1]);
    rig.page(Some(&security), &at(2), Admin::AddDepartment { name: "体检".to_owned() });
    let mut all: Vec<(Role, Phone)> = ROLES.into_iter().zip(phones).collect();
    for (role, number) in ROLES.into_iter().skip(3).zip(4..) {
        let login = format!("person.{number}");
        let department = matches!(role, Role::Supervisor | Role::Agent).then_some(DepartmentId(1));
        let name = Pii::new(format!("人{number}"));
        let add = Admin::AddAccount { name, login: login.clone(), role, department };
        let Answer::EnrolCode { code, .. } = rig.page(Some(&security), &at(2), add) else {
            panic!("no code")
        };
        all.push((role, rig.enrolled(&login, &code)));
    }
    let mut signed = Vec::new();
    for ((role, phone), host) in all.iter().zip(1..) {
        let (token, me) = rig.signed_in(&at(host), phone);
        assert_eq!((me.role, me.person), (*role, PersonId(host.into())));
        signed.push((*role, me.person, token));
    }
    rig.take();
    (rig, signed)
}

#[test]
fn acc_01_every_request_of_every_role_meets_the_table_through_a_session() {
    let (rig, signed) = everybody();
    let base = rig.log.0.lock().unwrap().clone();
    for request in Request::ALL.iter().filter(|request| !OPEN.contains(request)) {
        for ((role, person, token), host) in signed.iter().zip(1..) {
            // A new start over the same entries: what one cell changes, the next does not see.
            let log = Log(std::sync::Arc::new(std::sync::Mutex::new(base.clone())));
            let mut rig = Rig::over(log, Keys::default(), Rows::default(), rig.clock);
            let before = rig.count();
            let id = rig.post(Some(token), &at(host), false, sample(*request));
            let newest = (rig.count() > before).then(|| rig.newest());
            let denied = newest.as_ref().is_some_and(
                |entry| matches!(&entry.event, Event::Denied { request: name } if name == request.name()),
            );
            rig.work_off();
            let answer = rig.answer_to(id);
            let by_role = answer
                .is_some_and(|answer| matches!(&answer, Answer::Refused { code, .. } if code == "role"));
            let allowed = may(*role, *request);
            assert_eq!(by_role, !allowed, "{role:?} {}", request.name());
            assert!(allowed || denied, "a refusal is an entry: {role:?} {}", request.name());
            if let Some(entry) = newest
                && !matches!(entry.event, Event::SessionEnded { .. })
            {
                assert_eq!(entry.who.person(), Some((*person, *role)), "{}", request.name());
                assert!(matches!(entry.who, Who::Signed(..)), "{}", request.name());
            }
        }
    }
}

#[test]
fn acc_01_ones_own_requests_are_for_every_role() {
    for request in OWN {
        assert!(ROLES.into_iter().all(|role| may(role, request)), "{}", request.name());
    }
}

#[test]
fn acc_01_a_role_that_changes_nothing_else_cannot_borrow_another_persons_name() {
    let (mut rig, signed) = everybody();
    let (role, person, token) = &signed[9];
    assert_eq!(*role, Role::Technician);
    // `post` names the security administrator as the actor: the session alone counts.
    let answer = rig.page(Some(token), &at(10), Admin::AddDepartment { name: "x".to_owned() });
    assert_eq!(refused(answer), "role");
    assert_eq!(rig.newest().who.person(), Some((*person, Role::Technician)));
}

#[test]
fn rec_06_the_page_is_never_given_the_key_of_a_recording_whoever_asks_through_it() {
    let (mut rig, signed) = everybody();
    for ((role, person, token), host) in signed.iter().zip(1..) {
        if !may(*role, Request::Listen) {
            continue;
        }
        let code = refused(rig.page(Some(token), &at(host), sample(Request::Listen)));
        assert_eq!(code, "not-from-here", "{role:?}");
        let entry = rig.newest();
        assert!(matches!(&entry.event, Event::Denied { request } if request == "Listen"));
        assert_eq!(entry.who.person(), Some((*person, *role)));
    }
}
