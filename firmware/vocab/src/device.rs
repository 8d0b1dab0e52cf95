//! The number of a box: the begin of its machine id, as people read it out and type it. It reads no file.

/// `3F2A-91BC` of a machine id; nothing, if that is none.
#[must_use]
pub fn device_number(machine_id: &[u8]) -> Option<String> {
    let whole = machine_id.get(..ID_DIGITS).filter(|id| id.iter().all(u8::is_ascii_hexdigit))?;
    let [first, second, ..] = whole.as_chunks::<4>().0 else { return None };
    let text = |four: &[u8; 4]| String::from_utf8_lossy(four).to_uppercase();
    Some(format!("{}-{}", text(first), text(second)))
}

/// Digits of a machine id (machine-id(5)).
const ID_DIGITS: usize = 32;

#[cfg(test)]
mod tests {
    use super::device_number;

    #[test]
    fn a_machine_id_gives_the_device_number_and_anything_else_none() {
        let number = device_number(b"3f2a91bc00112233445566778899aabb\n");
        assert_eq!(number.as_deref(), Some("3F2A-91BC"));
        for none in
            [b"".as_slice(), b"uninitialized\n", b"3f2a91bc", b"3f2a91bc0011223344556677889900\xff\xff"]
        {
            assert_eq!(device_number(none), None);
        }
    }
}
