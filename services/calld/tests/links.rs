//! The real shell over real sockets, between a scripted vault and scripted lines.

use calld::{Options, run};
use idl::campaign::{CalldToVault, CampaignReply, CampaignRequest, CampaignView, VaultToCalld};
use idl::desk::{Desk, DeskReply, DeskRequest};
use idl::health::{HealthReply, HealthRequest, HealthState};
use idl::hello::Process;
use idl::lines::{CalldToLined, LinedToCalld};
use ipc::{Conn, Listener};
use std::path::Path;
use vocab::{
    CallId, CampaignClass, CampaignId, CampaignMode, ContactId, DepartmentId, EndedBy, LineGroupId, Outcome,
};

const GROUP: LineGroupId = LineGroupId(1);

fn campaign() -> CampaignView {
    CampaignView {
        id: CampaignId(1),
        name: "links".into(),
        class: CampaignClass::ReturnVisit,
        mode: CampaignMode::Announcement,
        running: true,
        group: GROUP,
        department: DepartmentId(1),
        max_calls: 10,
        calls_per_minute: 60_000,
        wrap_up_s: 60,
    }
}

/// Serves one connection of `calld` until a dial request comes; its id and contact.
async fn until_dial(conn: &Conn, contacts: &mut Vec<ContactId>) -> (u64, ContactId) {
    loop {
        let CalldToVault { id, request } = conn.recv().await.expect("a request");
        let reply = match request {
            CampaignRequest::Campaigns => CampaignReply::Campaigns(vec![campaign()]),
            CampaignRequest::Agents { .. } => CampaignReply::Agents(vec![]),
            CampaignRequest::Phone { .. } | CampaignRequest::DeskReply(_) => continue,
            CampaignRequest::AgentStates => CampaignReply::AgentStates(vec![]),
            CampaignRequest::Queue { .. } => {
                CampaignReply::Queue { contacts: std::mem::take(contacts), again_at: None }
            }
            CampaignRequest::Dial { contact, .. } => return (id, contact),
            CampaignRequest::Return { .. }
            | CampaignRequest::WrapUp { .. }
            | CampaignRequest::AgentState { .. } => CampaignReply::Stored,
        };
        conn.send(&VaultToCalld::Reply { id, reply }).await.expect("an answer");
    }
}

fn listen(folder: &Path, process: Process) -> Listener {
    let path = process.socket(folder);
    Listener::bind(&path, process, &[(Process::Calld, None)]).expect("bind")
}

async fn lines(listener: &Listener) -> Conn {
    let (conn, _) = listener.accept().await.expect("calld connects");
    conn.send(&LinedToCalld::Live { calls: vec![] }).await.expect("live");
    conn.send(&LinedToCalld::Free(vec![(GROUP, 5)])).await.expect("free");
    conn
}

async fn with_calld<T>(folder: &Path, script: impl Future<Output = T>) -> T {
    let options = Options { run: folder.to_owned(), supervisor_uid: None };
    tokio::select! {
        ended = run(options, std::future::pending()) => panic!("calld ended: {ended:?}"),
        result = script => result,
    }
}

#[tokio::test]
async fn lin_06_after_a_crash_of_the_vault_the_campaign_goes_on_by_itself() {
    let folder = tempfile::tempdir().expect("folder");
    let lined = listen(folder.path(), Process::Lined);
    let script = async {
        let line = lines(&lined).await;
        let first_life = listen(folder.path(), Process::Vaultd);
        let (conn, _) = first_life.accept().await.expect("calld connects");
        let (_, contact) = until_dial(&conn, &mut vec![ContactId(1)]).await;
        assert_eq!(contact, ContactId(1));
        drop((conn, first_life));
        let second_life = listen(folder.path(), Process::Vaultd);
        let (conn, _) = second_life.accept().await.expect("calld connects again");
        let (id, contact) = until_dial(&conn, &mut vec![ContactId(2)]).await;
        assert_eq!(contact, ContactId(2), "what the dead vault was asked is the new vault's business");
        let ticketed = CampaignReply::Ticketed { call: CallId(9) };
        conn.send(&VaultToCalld::Reply { id, reply: ticketed }).await.expect("a ticket");
        line
    };
    with_calld(folder.path(), script).await;
}

#[tokio::test]
async fn the_loop_that_works_answers_the_supervisor_and_a_desk_that_stops_the_box() {
    let folder = tempfile::tempdir().expect("folder");
    let (vaultd, lined) = (listen(folder.path(), Process::Vaultd), listen(folder.path(), Process::Lined));
    let script = async {
        let line = lines(&lined).await;
        let (vault, _) = vaultd.accept().await.expect("calld connects");
        let (id, _) = until_dial(&vault, &mut vec![ContactId(1)]).await;
        let path = Process::Calld.socket(folder.path());
        let supervisor = Conn::connect(&path, Process::Supervisor, Process::Calld).await.expect("connect");
        supervisor.send(&HealthRequest::Check { serial: 3 }).await.expect("question");
        let health: HealthReply = supervisor.recv().await.expect("answer");
        assert_eq!((health.serial, health.state), (3, HealthState::Ready));
        assert_eq!(health.gauges, vec![("calls".into(), 0), ("requests".into(), 1)]);
        let desk = Conn::connect(&path, Process::Tool, Process::Calld).await.expect("connect");
        desk.send(&DeskRequest { id: 4, what: Desk::Stop }).await.expect("stop");
        assert!(matches!(line.recv().await, Ok(CalldToLined::Drain)));
        vault
            .send(&VaultToCalld::Reply { id, reply: CampaignReply::Ticketed { call: CallId(9) } })
            .await
            .expect("ticket");
        let outcome = Outcome::Answered { by: EndedBy::Box };
        let ended = LinedToCalld::Call { call: CallId(9), state: idl::lines::LiveState::Ended(outcome) };
        line.send(&ended).await.expect("end");
        line.send(&LinedToCalld::Drained).await.expect("drained");
        assert!(matches!(desk.recv().await, Ok(DeskReply::Done { id: 4 })));
    };
    with_calld(folder.path(), script).await;
}

#[tokio::test]
async fn acc_02_the_page_has_no_desk_of_its_own_and_agents_come_through_the_vault() {
    let folder = tempfile::tempdir().expect("folder");
    let (vaultd, lined) = (listen(folder.path(), Process::Vaultd), listen(folder.path(), Process::Lined));
    let script = async {
        let line = lines(&lined).await;
        let (vault, _) = vaultd.accept().await.expect("calld connects");
        let path = Process::Calld.socket(folder.path());
        let page = Conn::connect(&path, Process::Admind, Process::Calld).await;
        let taken = match page {
            Ok(page) => {
                let asked = page.send(&DeskRequest { id: 1, what: Desk::Watch }).await;
                asked.is_ok() && page.recv::<DeskReply>().await.is_ok()
            }
            Err(_) => false,
        };
        assert!(!taken, "only the vault can prove who acts");
        let what = Desk::HangUp { agent: vocab::AgentId(7) };
        vault.send(&VaultToCalld::Desk(DeskRequest { id: 5, what })).await.expect("a wish");
        let answer = loop {
            let CalldToVault { request, .. } = vault.recv().await.expect("an answer");
            if let CampaignRequest::DeskReply(reply) = request {
                break reply;
            }
        };
        assert!(matches!(answer, DeskReply::Refused { id: 5, code, .. } if code == "no-call"));
        line
    };
    with_calld(folder.path(), script).await;
}
