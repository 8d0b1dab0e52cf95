//! Real sockets in a temporary folder: who may connect, what crosses, what is refused.

use idl::health::{HealthReply, HealthRequest, HealthState};
use idl::hello::{Hello, Process};
use ipc::{Conn, IpcError, Listener, Question};
use std::io::{Read, Seek, Write};
use std::os::fd::OwnedFd;

fn listener(allowed: &[(Process, Option<u32>)]) -> (tempfile::TempDir, std::path::PathBuf, Listener) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = Process::Vaultd.socket(folder.path());
    let listener = Listener::bind(&path, Process::Vaultd, allowed).expect("bind");
    (folder, path, listener)
}

#[tokio::test]
async fn a_question_and_its_answer_cross() {
    let (_folder, path, listener) = listener(&[(Process::Supervisor, None)]);
    let server = async {
        let (conn, peer) = listener.accept().await.expect("accept");
        assert_eq!(peer.process, Process::Supervisor);
        let HealthRequest::Check { serial } = conn.recv().await.expect("question") else {
            panic!("another question");
        };
        let reply = HealthReply { serial, state: HealthState::Ready, gauges: vec![], alarms: vec![] };
        conn.send(&reply).await.expect("answer");
    };
    let client = async {
        let conn = Conn::connect(&path, Process::Supervisor, Process::Vaultd).await.expect("connect");
        conn.send(&HealthRequest::Check { serial: 7 }).await.expect("question");
        let reply: HealthReply = conn.recv().await.expect("answer");
        assert_eq!((reply.serial, reply.state), (7, HealthState::Ready));
        assert!(matches!(conn.recv::<HealthReply>().await, Err(IpcError::Closed)));
    };
    tokio::join!(server, client);
}

#[tokio::test]
async fn the_answer_to_a_supervisor_is_the_loops_own_and_one_that_the_loop_drops_never_comes() {
    let (_folder, path, listener) = listener(&[(Process::Supervisor, None)]);
    let (asked, mut questions) = tokio::sync::mpsc::channel(1);
    let taking = Question::take(listener, asked, |error| panic!("{error}"));
    let work = async {
        let Question { serial, reply } = questions.recv().await.expect("a question");
        let answer = HealthReply { serial, state: HealthState::Degraded, gauges: vec![], alarms: vec![] };
        reply.send(answer).expect("the task waits");
        drop(questions.recv().await.expect("a second question"));
    };
    let supervisor = async {
        let conn = Conn::connect(&path, Process::Supervisor, Process::Vaultd).await.expect("connect");
        conn.send(&HealthRequest::Check { serial: 7 }).await.expect("question");
        let reply: HealthReply = conn.recv().await.expect("answer");
        assert_eq!((reply.serial, reply.state), (7, HealthState::Degraded));
        conn.send(&HealthRequest::Check { serial: 8 }).await.expect("question");
        assert!(matches!(conn.recv::<HealthReply>().await, Err(IpcError::Closed)));
    };
    tokio::select! {
        () = taking => panic!("supervisors are taken for ever"),
        ((), ()) = async { tokio::join!(work, supervisor) } => {}
    }
}

#[tokio::test]
async fn a_process_that_has_no_business_here_is_refused() {
    let (_folder, path, listener) =
        listener(&[(Process::Supervisor, None), (Process::Lined, Some(u32::MAX - 1))]);
    for process in [Process::Consoled, Process::Lined] {
        let server = listener.accept();
        let client = Conn::connect(&path, process, Process::Vaultd);
        let (accepted, _connected) = tokio::join!(server, client);
        assert!(matches!(accepted, Err(IpcError::Forbidden { .. })), "{process:?}");
    }
}

#[tokio::test]
async fn a_peer_built_from_other_messages_is_refused() {
    let (_folder, path, listener) = listener(&[(Process::Lined, None)]);
    let raw = async {
        let stream = Conn::connect(&path, Process::Lined, Process::Calld).await;
        assert!(matches!(stream, Err(IpcError::OtherBuild("calld"))));
    };
    let (accepted, ()) = tokio::join!(listener.accept(), raw);
    assert!(accepted.is_ok(), "the server cannot know that the client expected another");
    let hello = Hello { build: idl::hello::BUILD, process: Process::Lined };
    assert_ne!(hello.build, 0);
}

#[tokio::test]
async fn a_file_crosses_as_a_descriptor() {
    let (_folder, path, listener) = listener(&[(Process::Tool, None)]);
    let mut file = tempfile::tempfile().expect("file");
    file.write_all(b"phone\n").expect("write");
    file.rewind().expect("rewind");
    let server = async {
        let (conn, _) = listener.accept().await.expect("accept");
        let (_, attached) = conn.recv_with::<HealthRequest>().await.expect("frame");
        let mut text = String::new();
        std::fs::File::from(attached.expect("descriptor")).read_to_string(&mut text).expect("read");
        assert_eq!(text, "phone\n");
    };
    let client = async {
        let conn = Conn::connect(&path, Process::Tool, Process::Vaultd).await.expect("connect");
        conn.send_with(&HealthRequest::Check { serial: 1 }, OwnedFd::from(file)).await.expect("send");
        conn
    };
    let ((), _conn) = tokio::join!(server, client);
}

#[tokio::test]
async fn a_frame_beyond_the_bound_is_not_sent() {
    let (_folder, path, listener) = listener(&[(Process::Tool, None)]);
    let client = async {
        let conn = Conn::connect(&path, Process::Tool, Process::Vaultd).await.expect("connect");
        let refused = conn.send(&vec![0_u8; idl::MAX_FRAME_BYTES + 1]).await;
        assert!(matches!(refused, Err(IpcError::TooLong(_))));
    };
    let (accepted, ()) = tokio::join!(listener.accept(), client);
    assert!(accepted.is_ok());
}
