//! The listening side: tools' desks and the supervisor. A desk that does not read is let go. The page's agents
//! do not come here: `vaultd` proves who they are and passes their wishes on.

use crate::run::Event;
use idl::desk::{DeskReply, DeskRequest};
use idl::hello::Process;
use ipc::{Conn, Listener, Question};
use pacing::Input;
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

/// Serves until the event channel is closed. Every connection is a task owned here.
pub async fn serve(listener: Listener, events: Sender<Event>) {
    let mut tasks = JoinSet::new();
    let mut next_desk = 0_u64;
    loop {
        tokio::select! {
            accepted = listener.accept(), if tasks.len() < MAX_PEERS => match accepted {
                Ok((conn, peer)) if peer.process == Process::Supervisor => {
                    tasks.spawn(Question::hand_over(conn, events.clone()));
                }
                Ok((conn, _)) => {
                    next_desk += 1;
                    tasks.spawn(desk(Arc::new(conn), next_desk, events.clone()));
                }
                Err(error) => log::warn!("a peer was refused: {error}"),
            },
            Some(_) = tasks.join_next() => {}
            () = events.closed() => return,
        }
    }
}

async fn desk(conn: Arc<Conn>, from: u64, events: Sender<Event>) {
    let (sender, receiver) = channel(MAX_OUTGOING);
    if events.send(Event::DeskUp { from, replies: sender }).await.is_err() {
        return;
    }
    let writer = tokio::spawn(write(Arc::clone(&conn), receiver));
    while let Ok(request) = conn.recv::<DeskRequest>().await {
        if events.send(Event::Floor(Input::Desk { from, request })).await.is_err() {
            break;
        }
    }
    writer.abort();
    let _ = writer.await;
    let _ = events.send(Event::DeskGone { from }).await;
}

async fn write(conn: Arc<Conn>, mut replies: Receiver<DeskReply>) {
    while let Some(reply) = replies.recv().await {
        if conn.send(&reply).await.is_err() {
            return;
        }
    }
}

/// Desks and supervisors connected at once.
const MAX_PEERS: usize = 64;
/// Messages that may wait for one desk.
const MAX_OUTGOING: usize = 256;
