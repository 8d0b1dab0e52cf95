//! Importing files: encodings, headers, fields, errors, and what must not depend on how bytes arrive.
//!
//! All numbers and names are made up.

use contacts::{
    Column, ConsentChannel, ConsentRow, ContactRow, Delimiter, Encoding, Event, FileError, Importer, Options,
    Report, RowCode, RowError, fuzz_csv, header_line, row_line, to_gb18030,
};
use proptest::prelude::*;
use vocab::{PhoneNumber, Pii, UnixMs};

fn import_with(options: Options, file: &[u8], piece: usize) -> Result<(Vec<Event>, Report), FileError> {
    let mut importer = Importer::new(options);
    let mut events = Vec::new();
    for part in file.chunks(piece.max(1)) {
        events.extend(importer.feed(part)?);
    }
    let (last, report) = importer.finish()?;
    events.extend(last);
    Ok((events, report))
}

fn import(file: impl AsRef<[u8]>) -> Result<(Vec<Event>, Report), FileError> {
    import_with(Options::default(), file.as_ref(), usize::MAX)
}

fn rows(events: &[Event]) -> Vec<&ContactRow> {
    let mut rows = Vec::new();
    for event in events {
        match event {
            Event::Row(row) => rows.push(row.as_ref()),
            Event::Error(_) => {}
        }
    }
    rows
}

fn errors(file: impl AsRef<[u8]>) -> Vec<(u64, Option<Column>, RowCode)> {
    let (_, report) = import(file).expect("no error of the whole file");
    report.errors.iter().map(|&RowError { line, column, code }| (line, column, code)).collect()
}

/// The error of one value in one column of an otherwise good row.
fn error_of(column: Column, value: &str) -> Option<RowCode> {
    let quoted = value.replace('"', "\"\"");
    let file = format!("phone,{}\n13812345678,\"{quoted}\"\n", column.header());
    let found = errors(file);
    assert!(found.len() <= 1, "{found:?}");
    found.first().map(|(line, at, code)| {
        assert_eq!((*line, *at), (2, Some(column)));
        *code
    })
}

const CHINESE: &str = "手机号,姓名,订单号,需求类型,业务标签,咨询问题,授权时间,授权方式,授权用途,授权到期,授权凭证,出生日期,是否成年,来源日期\r\n\
    138 1234 5678,王小明,DD-2026-001,退货,老客户,\"屏幕坏了,\r\n怎么办\",2026-01-31 09:30,勾选,售后回访,2027/1/31,voucher-17.pdf,1990年3月7日,是,20260201\r\n";

fn the_chinese_row() -> ContactRow {
    let instant = |text: &str| {
        UnixMs(text.parse::<jiff::Timestamp>().expect("an instant of the test").as_millisecond())
    };
    let private = |text: &str| Some(Pii::new(text.to_owned()));
    ContactRow {
        line: 2,
        phone: PhoneNumber::parse("13812345678").expect("a number of the test"),
        name: private("王小明"),
        order_no: private("DD-2026-001"),
        demand_type: Some("退货".to_owned()),
        tag: Some("老客户".to_owned()),
        issue: private("屏幕坏了,\n怎么办"),
        consent: Some(ConsentRow {
            given_at: instant("2026-01-31T09:30:00+08:00"),
            channel: ConsentChannel::Ticked,
            purpose: "售后回访".to_owned(),
            expires_at: Some(instant("2027-01-31T00:00:00+08:00")),
            evidence: private("voucher-17.pdf"),
        }),
        birth_date: Some(Pii::new(jiff::civil::date(1990, 3, 7))),
        adult: Some(true),
        source_date: Some(jiff::civil::date(2026, 2, 1)),
    }
}

#[test]
fn dat_01_a_chinese_list_is_read_whatever_its_encoding() {
    let marked = [b"\xef\xbb\xbf".as_slice(), CHINESE.as_bytes()].concat();
    let cases = [
        (CHINESE.as_bytes().to_vec(), Encoding::Utf8),
        (marked, Encoding::Utf8),
        (to_gb18030(CHINESE), Encoding::Gb18030),
    ];
    for (file, encoding) in cases {
        for piece in [1, 3, usize::MAX] {
            let (events, report) = import_with(Options::default(), &file, piece).expect("a good file");
            assert_eq!(rows(&events), [&the_chinese_row()]);
            assert_eq!((report.encoding, report.delimiter), (Some(encoding), Some(Delimiter::Comma)));
            assert_eq!((report.rows, report.accepted, report.bytes), (1, 1, file.len() as u64));
            assert!(report.is_clean());
        }
    }
}

#[test]
fn dat_01_comma_semicolon_and_tab_are_found_in_the_header() {
    for (delimiter, sign) in [(Delimiter::Comma, ","), (Delimiter::Semicolon, ";"), (Delimiter::Tab, "\t")] {
        let file = format!("Phone Number{sign}\"Order, No\"\n13812345678{sign}A1");
        let file = file.replace("Order, No", "ORDER-NO");
        let (events, report) = import(file).expect("a good file");
        assert_eq!(report.delimiter, Some(delimiter));
        assert_eq!(rows(&events)[0].order_no, Some(Pii::new("A1".to_owned())));
    }
}

#[test]
fn a_row_is_named_by_the_line_on_which_it_starts() {
    let file = "\n\nphone,issue\n13812345678,\"a\nb\nc\"\n\n1,x\n\"2\",\"y\ny\"\n3,z";
    let bad = |line| (line, Some(Column::Phone), RowCode::BadNumber);
    assert_eq!(errors(file), [bad(8), bad(9), bad(11)]);
    assert_eq!(errors(file.replace('\n', "\r\n")), [bad(8), bad(9), bad(11)]);
}

#[test]
fn dat_01_an_unknown_column_refuses_the_file_unless_the_caller_drops_or_maps_it() {
    let file = b"phone,mood,VIP\n13812345678,grumpy,gold\n";
    assert_eq!(import(file).map(|_| ()), Err(FileError::UnknownColumn { at: 2 }));
    let options = Options {
        drop: vec!["Mood".to_owned()],
        mapping: vec![("vip".to_owned(), Column::Tag)],
        ..Options::default()
    };
    let (events, report) = import_with(options, file, 4).expect("a good file");
    assert!(report.is_clean());
    assert_eq!(rows(&events)[0].tag.as_deref(), Some("gold"));
    assert!(!format!("{events:?}").contains("grumpy"), "what is dropped is not kept");
}

#[test]
fn a_header_without_a_number_or_with_one_twice_refuses_the_file() {
    assert_eq!(import("name,tag\nx,y\n").map(|_| ()), Err(FileError::NoPhoneColumn));
    let twice = FileError::ColumnTwice { column: Column::Phone, first: 1, second: 3 };
    assert_eq!(import("phone,tag,电话\n").map(|_| ()), Err(twice));
    for empty in ["", "\n\r\n", "\u{feff}"] {
        assert_eq!(import(empty).map(|_| ()), Err(FileError::Empty), "{empty:?}");
    }
    assert_eq!(import(b"\xff\xfep\0h\0").map(|_| ()), Err(FileError::Utf16));
    let nowhere = Options { zone: "Mars/Olympus".to_owned(), ..Options::default() };
    assert_eq!(import_with(nowhere, b"phone\n", 9).map(|_| ()), Err(FileError::UnknownZone));
}

#[test]
fn bytes_of_another_encoding_refuse_the_file_and_name_the_line() {
    let mut file = String::from("phone,name\n");
    for at in 0..6_000 {
        file += &format!("138{at:08},王\n");
    }
    assert!(file.len() > contacts::DETECT_BYTES);
    let mut late = file.clone().into_bytes();
    late.extend_from_slice(b"13912345678,\xcd\xf5\n");
    for piece in [1_000, 65_537, usize::MAX] {
        let found = import_with(Options::default(), &late, piece).map(|_| ());
        assert_eq!(found, Err(FileError::BadBytes { line: 6_002, encoding: Encoding::Utf8 }));
    }
    let mut odd = to_gb18030("phone,name\n13812345678,王\n");
    odd.extend_from_slice(b"13912345678,\xff\xff\n");
    let found = import(odd).map(|_| ());
    assert_eq!(found, Err(FileError::BadBytes { line: 3, encoding: Encoding::Gb18030 }));
}

#[test]
fn a_file_that_ends_within_a_utf_8_character_is_gb18030() {
    let (events, report) = import(b"phone,name\n13812345678,\xe7\x8e").expect("a good file");
    assert_eq!(report.encoding, Some(Encoding::Gb18030));
    assert_eq!(rows(&events).len(), 1);
}

#[test]
fn a_record_has_bounds_and_quotes_must_close() {
    let long = format!("phone,issue\n13812345678,x\n13812345679,\"{}", "y\n".repeat(10_000));
    assert_eq!(import(long).map(|_| ()), Err(FileError::RecordTooLong { line: 3 }));
    assert_eq!(import("x".repeat(20_000)).map(|_| ()), Err(FileError::RecordTooLong { line: 1 }));
    let open = "phone,issue\n13812345678,x\n13812345679,\"y\nz\n";
    assert_eq!(import(open).map(|_| ()), Err(FileError::OpenQuote { line: 3 }));
    let wide = |fields: usize| format!("phone{}\n", ",x".repeat(fields - 1));
    assert_eq!(import(wide(65)).map(|_| ()), Err(FileError::TooManyFields { line: 1 }));
    let options = Options { drop: vec!["x".to_owned()], ..Options::default() };
    assert!(import_with(options, wide(64).as_bytes(), 7).is_ok(), "64 columns are allowed");
}

#[test]
fn after_an_error_the_import_is_over() {
    let mut importer = Importer::new(Options::default());
    let start = [b"name\n".as_slice(), &[b'x'; contacts::DETECT_BYTES]].concat();
    assert_eq!(importer.feed(&start).map(|_| ()), Err(FileError::NoPhoneColumn));
    assert_eq!(importer.feed(b"phone\n"), Err(FileError::AlreadyFailed));
    assert_eq!(importer.finish().map(|_| ()), Err(FileError::AlreadyFailed));
}

#[test]
fn cam_03_a_number_twice_in_one_file_names_the_first_row_whatever_its_spelling() {
    let file = "phone\n13812345678\n+86 138-1234-5678\n13912345678\n008613812345678\n";
    let again = |line| (line, Some(Column::Phone), RowCode::Duplicate { first_line: 2 });
    assert_eq!(errors(file), [again(3), again(5)]);
    let (events, report) = import(file).expect("no error of the whole file");
    assert_eq!((report.rows, report.accepted, rows(&events).len()), (4, 2, 2));
    assert!(!report.is_clean());
}

#[test]
fn a_row_tells_all_its_errors_at_once() {
    let file = "phone,birth_date,adult,consent_purpose,consent_expires_at\n,31.12.90,maybe,offer,soon\n13812345678\n";
    let at = |column, code| (2, Some(column), code);
    let count = RowCode::FieldCount { expected: 5, found: 1 };
    let expected = [
        at(Column::Phone, RowCode::Missing),
        at(Column::ConsentGivenAt, RowCode::Missing),
        at(Column::ConsentChannel, RowCode::Missing),
        at(Column::ConsentExpiresAt, RowCode::BadTime),
        at(Column::BirthDate, RowCode::BadDate),
        at(Column::Adult, RowCode::BadFlag),
        (3, None, count),
    ];
    assert_eq!(errors(file), expected);
}

#[test]
fn cam_08_consent_comes_whole_and_ends_after_it_began() {
    let head = "phone,consent_given_at,consent_channel,consent_purpose,consent_expires_at\n";
    let row = |rest: &str| errors(format!("{head}13812345678,{rest}\n"));
    assert_eq!(row("2026-01-02,voice,offer,"), []);
    assert_eq!(row(",,,"), []);
    let at = |column, code| vec![(2, Some(column), code)];
    assert_eq!(row("2026-01-02,,offer,"), at(Column::ConsentChannel, RowCode::Missing));
    assert_eq!(row("2026-01-02,whisper,offer,"), at(Column::ConsentChannel, RowCode::BadChannel));
    let ends = row("2026-01-02,voice,offer,2026-01-01");
    assert_eq!(ends, at(Column::ConsentExpiresAt, RowCode::EndsBeforeStart));
}

#[test]
fn dat_01_identity_numbers_are_refused_wherever_they_hide() {
    let hits = [
        "11010119900307803X",
        "身份证11010119900307803x，请核对",
        "110101 19900307 803X",
        "１１０１０１１９９００３０７８０３Ｘ",
        "order11010119900307803X9",
    ];
    for text in hits {
        for column in [Column::Issue, Column::Name, Column::OrderNo, Column::Tag, Column::DemandType] {
            assert_eq!(error_of(column, text), Some(RowCode::IdNumber), "{text}");
        }
    }
    let misses = ["110101199003078031", "11010119901307803X", "201010119900307803", "2026091500000012345"];
    for text in misses {
        assert_eq!(error_of(Column::OrderNo, text), None, "{text}");
    }
}

#[test]
fn dat_01_bank_card_numbers_are_refused_and_business_numbers_are_not() {
    let hits = [
        "4111111111111111",
        "卡号6222021234567890128。",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "378282246310005",
        "4111111111111111x2",
        "电话 13812345678 4111111111111111",
    ];
    for text in hits {
        assert_eq!(error_of(Column::Issue, text), Some(RowCode::BankCard), "{text}");
    }
    assert_eq!(error_of(Column::OrderNo, "4111111111111111"), Some(RowCode::BankCard));
    for text in ["4111111111111112", "20260915000123456", "1000000000000008", "41111111111111112"] {
        assert_eq!(error_of(Column::Issue, text), None, "{text}");
        assert_eq!(error_of(Column::OrderNo, text), None, "{text}");
    }
}

#[test]
fn dat_01_addresses_are_refused_and_talk_of_roads_is_not() {
    for text in ["请寄到 a.b@example.com", "ming＠mail.example.cn"] {
        assert_eq!(error_of(Column::Issue, text), Some(RowCode::Email), "{text}");
    }
    let homes =
        ["上海市人民路100号", "住在建国大道一百二十号", "3号楼2单元502", "5栋 1202室", "221 Baker Street"];
    for text in homes {
        assert_eq!(error_of(Column::Issue, text), Some(RowCode::Address), "{text}");
    }
    for text in ["路上堵车，订单100件", "see you @ 9", "线路故障 3 次", "first street food"] {
        assert_eq!(error_of(Column::Issue, text), None, "{text}");
    }
}

#[test]
fn l_93_formulas_and_control_characters_are_refused() {
    for text in ["=1+1", "+cmd", "-2", "@sum", "＝1", " =1"] {
        assert_eq!(error_of(Column::Tag, text), Some(RowCode::Formula), "{text}");
    }
    for text in ["a\u{0}b", "a\u{7f}", "a\rb", "王\u{85}b"] {
        assert_eq!(error_of(Column::Issue, text), Some(RowCode::ControlCharacter), "{text:?}");
    }
    assert_eq!(error_of(Column::Tag, "a\nb"), Some(RowCode::ControlCharacter));
    assert_eq!(error_of(Column::Issue, "1+1=2"), None);
}

#[test]
fn a_text_is_bounded_in_characters_not_bytes() {
    assert_eq!(error_of(Column::Name, &"王".repeat(64)), None);
    assert_eq!(error_of(Column::Name, &"王".repeat(65)), Some(RowCode::TooLong { max: 64 }));
}

#[test]
fn dat_04_no_value_of_the_file_is_in_an_error_or_a_debug_output() {
    let file = "phone,name,issue,birth_date\n1381234567a,=Zhang,11010119900307803X,1990-99-99\n\
                13812345678,Wanglili,fine,1990-03-07\n13812345678,Wanglili,fine,1990-03-07\n";
    let (events, report) = import(file).expect("no error of the whole file");
    let texts: Vec<String> =
        report.errors.iter().flat_map(|error| [error.code.text_en(), error.code.text_zh()]).collect();
    let shown = format!("{events:?} {report:?} {texts:?}");
    for value in ["1381234567", "Zhang", "110101", "1990-99", "13812345678", "Wanglili", "1990-03-07"] {
        assert!(!shown.contains(value), "{value} is shown");
    }
    assert_eq!(report.error_count(), 5);
}

#[test]
fn the_report_keeps_the_first_thousand_errors_and_counts_all() {
    let file = format!("phone\n{}", "x\n".repeat(1_500));
    let (_, report) = import(file).expect("no error of the whole file");
    assert_eq!(report.errors.len(), contacts::MAX_KEPT_ERRORS);
    assert_eq!(report.totals.get("bad_number"), Some(&1_500));
    assert_eq!((report.rows, report.error_count()), (1_500, 1_500));
}

#[test]
fn progress_is_told_while_the_file_comes() {
    let mut importer = Importer::new(Options::default());
    let file = [b"phone\n13812345678\n".as_slice(), &[b'\n'; contacts::DETECT_BYTES]].concat();
    importer.feed(&file).expect("a good file");
    let progress = importer.progress();
    assert_eq!((progress.bytes, progress.rows, progress.accepted), (file.len() as u64, 1, 1));
}

fn text(pattern: &'static str) -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop::string::string_regex(pattern).expect("a pattern of the tests"))
}

prop_compose! {
    fn any_row()(
        subscriber in 0_u64..1_000_000_000,
        name in text("[a-z王小明]{1,20}"),
        order_no in text("[A-Z][A-Z0-9]{0,9}"),
        tag in text("[a-z]([a-z,;\t\"' ]{0,20}[a-z])?"),
        issue in text("[a-z坏]([a-z坏,;\"'\n ]{0,60}[a-z坏])?"),
        consent in prop::option::of((0_i64..2_000_000_000, 1_i64..1_000_000, any::<bool>())),
        birth in prop::option::of((1930_i16..2020, 1_i8..=12, 1_i8..=28)),
        adult in any::<Option<bool>>(),
    ) -> ContactRow {
        ContactRow {
            line: 0,
            phone: PhoneNumber::parse(&format!("13{subscriber:09}")).expect("a mobile number"),
            name: name.map(Pii::new),
            order_no: order_no.map(Pii::new),
            demand_type: None,
            tag: tag.map(|tag| tag.replace('\t', " ")),
            issue: issue.map(Pii::new),
            consent: consent.map(|(given_s, lasts_s, ends)| ConsentRow {
                given_at: UnixMs(given_s * 1_000),
                channel: ConsentChannel::Voice,
                purpose: "offer".to_owned(),
                expires_at: ends.then_some(UnixMs((given_s + lasts_s) * 1_000)),
                evidence: None,
            }),
            birth_date: birth.map(|(year, month, day)| Pii::new(jiff::civil::date(year, month, day))),
            adult,
            source_date: None,
        }
    }
}

#[test]
fn dat_01_bytes_that_read_as_two_encodings_are_refused_and_a_mark_settles_it() {
    // One character in GB18030; the same two bytes are an inverted exclamation mark in UTF-8.
    let body = [b"phone,name\n13812345678,".as_slice(), &to_gb18030("隆"), b"\n"].concat();
    assert!(std::str::from_utf8(&body).is_ok(), "the trap");
    assert!(matches!(import(&body), Err(FileError::UnclearEncoding)));
    let marked = [b"\xef\xbb\xbf".as_slice(), "phone,name\n13812345678,José\n".as_bytes()].concat();
    assert!(import(&marked).expect("it reads").1.is_clean());
    let header = [to_gb18030("手机号,姓名\n13812345678,").as_slice(), &to_gb18030("隆"), b"\n"].concat();
    assert!(import(&header).expect("it reads").1.is_clean(), "one Chinese header settles it as well");
}

fn file_of(rows: &[ContactRow], delimiter: Delimiter) -> String {
    rows.iter().fold(header_line(delimiter), |file, row| file + &row_line(row, delimiter))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn dat_01_what_is_written_is_read_again(
        written in prop::collection::vec(any_row(), 1..20),
        which in 0_usize..3,
        gb18030 in any::<bool>(),
        piece in 1_usize..300,
    ) {
        let delimiter = [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab][which];
        let mut written = written;
        written.sort_by_key(|row| row.phone);
        written.dedup_by_key(|row| row.phone);
        let text = file_of(&written, delimiter);
        let file = if gb18030 { to_gb18030(&text) } else { text.into_bytes() };
        let imported = import_with(Options::default(), &file, piece);
        if matches!(imported, Err(FileError::UnclearEncoding)) {
            prop_assert!(std::str::from_utf8(&file).is_ok_and(|text| !text.is_ascii()));
            return Ok(());
        }
        let (events, report) = imported?;
        prop_assert!(report.is_clean(), "{:?}", report.errors);
        let read: Vec<ContactRow> =
            rows(&events).into_iter().map(|row| ContactRow { line: 0, ..row.clone() }).collect();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn how_the_bytes_are_cut_never_changes_what_is_read(
        body in "[0-9,;\"\r\n 王a=@]{0,300}",
        tail in prop::collection::vec(any::<u8>(), 0..4),
        pieces in prop::collection::vec(1_usize..50, 1..4),
        gb18030 in any::<bool>(),
    ) {
        let text = format!("phone,name\n13812345678,\"x\"\n{body}");
        let mut file = if gb18030 { to_gb18030(&text) } else { text.into_bytes() };
        file.extend_from_slice(&tail);
        let whole = import_with(Options::default(), &file, usize::MAX);
        for piece in pieces {
            prop_assert_eq!(&import_with(Options::default(), &file, piece), &whole);
        }
        fuzz_csv(&file);
    }

    #[test]
    fn any_bytes_are_imported_or_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        fuzz_csv(&bytes);
    }
}
