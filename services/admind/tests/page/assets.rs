//! Style and script: kept for ever under their hash, never under another.

use crate::harness::Site;
use admind::assets::{address, names};

#[tokio::test]
async fn assets_are_kept_for_ever_under_the_hash_of_their_content() {
    let site = Site::start().await;
    for name in names() {
        let path = address(name);
        let answer = site.get(&path, "").await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("cache-control").contains("immutable"));
        let etag = answer.header("etag").to_owned();
        let known = site.request("GET", &path, &format!("If-None-Match: {etag}\r\n"));
        let known = site.raw(known.as_bytes()).await;
        assert_eq!((known.status, known.body.as_str()), (304, ""));
        let other = path.replace("/assets/", "/assets/0");
        assert_eq!(site.get(&other, "").await.status, 404);
    }
    assert!(names().any(|name| name == "app.css") && names().any(|name| name == "app.js"));
    site.stop().await;
}

#[tokio::test]
async fn assets_are_compressed_and_pages_never_are() {
    let site = Site::start().await;
    let ask = async |path: &str| {
        site.raw(site.request("GET", path, "Accept-Encoding: gzip, br\r\n").as_bytes()).await
    };
    assert_eq!(ask(&address("app.css")).await.header("content-encoding"), "gzip");
    assert_eq!(ask("/enrol").await.header("content-encoding"), "");
    site.stop().await;
}

#[tokio::test]
async fn every_asset_a_page_names_is_there() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    for page in [site.get("/enrol", "").await, browser.get(&site, "/me").await] {
        let mut found = 0;
        for piece in page.body.split('"').filter(|piece| piece.starts_with("/assets/")) {
            assert_eq!(site.get(piece, "").await.status, 200, "{piece}");
            found += 1;
        }
        assert!(found >= 3, "{found}");
    }
    site.stop().await;
}
