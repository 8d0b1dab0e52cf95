//! Messages out of a byte stream, however the network cuts it.

use sip::{FrameError, Framed, Message, StreamFramer};

fn options(id: usize, body: &str) -> String {
    format!(
        "OPTIONS sip:box.example SIP/2.0\r\nVia: SIP/2.0/TCP a.example;branch=z9hG4bKx{id}\r\n\
         From: <sip:a@a.example>;tag=1\r\nTo: <sip:box.example>\r\nCall-ID: c{id}\r\n\
         CSeq: {id} OPTIONS\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn drain(framer: &mut StreamFramer) -> Vec<Result<Framed, FrameError>> {
    let mut out = Vec::new();
    for item in framer.by_ref() {
        let fatal = item.as_ref().is_err_and(FrameError::is_fatal);
        out.push(item);
        if fatal {
            break;
        }
    }
    out
}

fn shape(items: &[Result<Framed, FrameError>]) -> String {
    items
        .iter()
        .map(|item| match item {
            Ok(Framed::Message(message)) => match &**message {
                Message::Request(r) => format!("{} ", r.headers.cseq().unwrap().seq),
                Message::Response(_) => "response ".into(),
            },
            Ok(Framed::Ping) => "ping ".into(),
            Ok(Framed::Pong) => "pong ".into(),
            Err(_) => "error ".into(),
        })
        .collect()
}

#[test]
fn messages_come_out_whole_wherever_the_stream_is_cut() {
    let stream = format!("\r\n\r\n{}{}\r\n{}", options(1, "hello"), options(2, ""), options(3, "\r\n\r\n"));
    for step in [1, 2, 3, 7, 50, 199, 5000] {
        let mut framer = StreamFramer::new();
        let mut items = Vec::new();
        for chunk in stream.as_bytes().chunks(step) {
            framer.push(chunk);
            items.extend(drain(&mut framer));
        }
        assert_eq!(framer.buffered(), 0, "step {step}");
        let found = shape(&items).replace("ping ", "").replace("pong ", "");
        assert_eq!(found, "1 2 3 ", "step {step}");
    }
}

#[test]
fn a_double_crlf_is_a_ping_and_a_single_one_a_pong() {
    let mut framer = StreamFramer::new();
    framer.push(b"\r\n\r\n\r\n");
    assert_eq!(shape(&drain(&mut framer)), "ping pong ");
    framer.push(options(1, "").as_bytes());
    framer.push(b"\r\n");
    assert_eq!(shape(&drain(&mut framer)), "1 pong ");
}

#[test]
fn a_bad_message_does_not_end_the_stream() {
    let mut framer = StreamFramer::new();
    framer.push(options(1, "").replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE").as_bytes());
    framer.push(options(2, "").as_bytes());
    let items = drain(&mut framer);
    assert_eq!(shape(&items), "error 2 ");
    let Err(FrameError::Message(error)) = &items[0] else { panic!("{items:?}") };
    assert_eq!(error.response("t").unwrap().status, 400);
}

#[test]
fn without_one_clear_length_the_stream_fails_for_good() {
    for length in ["", "Content-Length: -1\r\n", "l: 1\r\nContent-Length: 1\r\n", "Content-Length: 1 2\r\n"] {
        let mut framer = StreamFramer::new();
        framer.push(options(1, "").replace("Content-Length: 0\r\n", length).as_bytes());
        assert_eq!(drain(&mut framer), [Err(FrameError::NoLength)], "{length}");
        framer.push(options(2, "").as_bytes());
        assert_eq!(framer.next(), Some(Err(FrameError::NoLength)));
    }
}

#[test]
fn a_folded_or_compact_length_counts() {
    for length in ["l:5\r\n", "Content-Length:\r\n 5\r\n", "CONTENT-LENGTH \t: 5\r\n"] {
        let mut framer = StreamFramer::new();
        framer.push(options(1, "hello").replace("Content-Length: 5\r\n", length).as_bytes());
        assert_eq!(shape(&drain(&mut framer)), "1 ", "{length}");
    }
}

#[test]
fn announced_and_real_floods_are_cut_off() {
    let mut framer = StreamFramer::new();
    framer.push(options(1, "").replace("Length: 0", "Length: 9999999").as_bytes());
    assert!(matches!(framer.next(), Some(Err(FrameError::TooLarge { .. }))));
    let mut framer = StreamFramer::new();
    let mut failed = false;
    for _ in 0..100 {
        framer.push(&[b'x'; 4096]);
        failed |= framer.next().is_some_and(|item| item.is_err());
    }
    assert!(failed && framer.buffered() == 0);
}
