//! A connection to another process that is made again for as long as we live. It keeps no messages: what
//! was not sent when the peer went away is the floor's business.

use crate::run::Event;
use idl::hello::Process;
use ipc::{Backoff, Conn};
use pacing::Input;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// What a link says, in the floor's words.
pub struct Words<In> {
    /// The peer is there.
    pub up: fn() -> Input,
    /// The peer is gone.
    pub down: fn() -> Input,
    /// The peer speaks.
    pub says: fn(In) -> Input,
}

/// Keeps a connection to `peer` and passes messages both ways; ends when the event channel is closed.
pub async fn keep<In, Out>(
    path: PathBuf,
    peer: Process,
    words: Words<In>,
    events: Sender<Event>,
    outbox: Outbox<Out>,
) where
    In: DeserializeOwned,
    Out: Serialize + Send + Sync + 'static,
{
    let mut backoff = Backoff::default();
    loop {
        match Conn::connect(&path, Process::Calld, peer).await {
            Ok(conn) => {
                backoff.reached();
                log::info!(peer = peer.name(); "connected");
                let (sender, receiver) = channel(MAX_OUTGOING);
                outbox.open(sender);
                let going_on = talk(Arc::new(conn), &words, &events, receiver).await;
                outbox.close();
                log::warn!(peer = peer.name(); "connection lost");
                if !going_on || events.send(Event::Floor((words.down)())).await.is_err() {
                    return;
                }
            }
            Err(error) => log::debug!(peer = peer.name(); "not reached: {error}"),
        }
        tokio::time::sleep(backoff.next_wait()).await;
    }
}

/// Talks until the connection ends; false if nobody listens to us any more.
async fn talk<In, Out>(
    conn: Arc<Conn>,
    words: &Words<In>,
    events: &Sender<Event>,
    outgoing: Receiver<Out>,
) -> bool
where
    In: DeserializeOwned,
    Out: Serialize + Send + Sync + 'static,
{
    if events.send(Event::Floor((words.up)())).await.is_err() {
        return false;
    }
    let writer = tokio::spawn(write(Arc::clone(&conn), outgoing));
    let going_on = loop {
        tokio::select! {
            message = conn.recv::<In>() => match message {
                Ok(message) => if events.send(Event::Floor((words.says)(message))).await.is_err() { break false; },
                Err(_) => break true,
            },
            () = events.closed() => break false,
        }
        if writer.is_finished() {
            break true;
        }
    };
    writer.abort();
    let _ = writer.await;
    going_on
}

async fn write<Out: Serialize>(conn: Arc<Conn>, mut outgoing: Receiver<Out>) {
    while let Some(message) = outgoing.recv().await {
        if conn.send(&message).await.is_err() {
            return;
        }
    }
}

/// Where messages to a peer are put; full or closed means the peer does not keep up or is not there.
#[derive(Debug)]
pub struct Outbox<Out>(Arc<std::sync::Mutex<Option<Sender<Out>>>>);

impl<Out> Clone for Outbox<Out> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Out> Outbox<Out> {
    /// A closed box.
    pub fn new() -> Self {
        Self(Arc::default())
    }

    fn open(&self, sender: Sender<Out>) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(sender);
    }

    fn close(&self) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }

    /// Puts a message; a box that is full is closed, so that the peer is asked anew after it comes back.
    pub fn put(&self, message: Out) {
        let mut sender = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if sender.as_ref().is_some_and(|sender| sender.try_send(message).is_err()) {
            *sender = None;
        }
    }
}

/// Messages that may wait for one peer.
const MAX_OUTGOING: usize = 4_096;
