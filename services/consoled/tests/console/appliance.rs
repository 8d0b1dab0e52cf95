//! Orders to the box: each is asked back, each goes to the vault; a reset is ordered by typing which box it is.

use crate::bench::Bench;
use idl::host::HostOrder;

fn at_box() -> Bench {
    let mut bench = Bench::modern(true);
    bench.sign_in();
    bench.keys("6");
    bench
}

#[test]
fn a_technician_installs_the_newest_update_restarts_powers_off_and_collects_diagnostics() {
    let install = HostOrder::Install { bundle: [0xab; 32], downgrade: false };
    let orders = [
        ("iy", install),
        ("ry", HostOrder::Restart),
        ("oy", HostOrder::PowerOff),
        ("dy", HostOrder::Diagnostics),
    ];
    let mut bench = at_box();
    for (keys, order) in orders {
        bench.keys(keys);
        assert_eq!(bench.box_orders.pop(), Some(order), "{keys}");
        assert!(bench.screen().contains("已完成："), "{keys}: {}", bench.screen());
    }
}

#[test]
fn nothing_is_ordered_of_the_box_without_a_yes() {
    let mut bench = at_box();
    for keys in ["rn", "o\u{1b}", "dn", "in", "f\r", "y"] {
        bench.keys(keys);
        bench.pass(200);
        assert!(bench.screen().contains("[r]"), "{keys:?}: {}", bench.screen());
    }
    assert!(bench.box_orders.is_empty());
}

#[test]
fn ret_05_a_reset_is_ordered_by_the_boxs_own_number_alone() {
    let mut bench = at_box();
    bench.keys("f");
    assert!(bench.screen().contains("3F2A-91BC") && bench.screen().contains("密钥保管人"));
    for wrong in ["y", "3F2A-91BD", "3F2A", "3f2a91bc"] {
        bench.lines(&[wrong]);
        assert!(bench.box_orders.is_empty(), "{wrong}");
        assert!(bench.screen().contains("未下达"), "{}", bench.screen());
    }
    bench.lines(&["3f2a-91bc"]);
    assert_eq!(bench.box_orders, [HostOrder::FactoryReset]);
    assert!(bench.screen().contains("已完成：恢复出厂") && bench.screen().contains("[r]"));
    bench.box_orders.clear();
    bench.facts.device.clear();
    bench.told();
    bench.keys("f");
    bench.lines(&["0000-0000", "f"]);
    assert!(bench.box_orders.is_empty(), "a box without a number is not reset from here");
}

#[test]
fn a_refusal_of_the_vault_is_told_on_the_boxs_page() {
    let mut bench = at_box();
    bench.keys("r");
    bench.refusal = Some("box-busy");
    bench.keys("y");
    assert!(bench.screen().contains("不行。") && bench.screen().contains("[r]"), "{}", bench.screen());
}
