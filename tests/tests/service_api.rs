//! What the page of the API shows can be typed as it stands.

use formats::minisign::{KeyId, SecretKey, sign};
use seedpress_tests::judge::Judge;
use seedpress_tests::site::{DEVICE, Site};
use serde_json::json;

/// The page.
const PAGE: &str = include_str!("../../authoring/sync/API.md");

/// What stands between the marks of shell examples, all of it in order: later ones may need what earlier ones got.
fn examples() -> String {
    let mut text = String::new();
    let mut inside = false;
    for line in PAGE.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside => text += &format!("{line}\n"),
            _ => {}
        }
    }
    text
}

/// A report of the first receipt.
fn report() -> String {
    let receipt = json!({
        "format": 1, "device": DEVICE, "number": 1, "started": "2026-11-22T08:00:00Z",
        "finished": "2026-11-22T08:00:01Z", "tool": "seedpress 0.1.0", "images": [], "layers": [], "wire": 0
    });
    let receipt = receipt.to_string();
    let key = SecretKey::from_seed(&[7; 32], KeyId([1; 8]));
    let signature = sign(&key, receipt.as_bytes(), "receipt").unwrap().print();
    json!({ "format": 1, "key": key.public().to_base64(), "receipt": receipt, "signature": signature })
        .to_string()
}

#[test]
fn every_example_of_the_page_works() {
    let site = Site::open();
    site.desk.write("report.json", report().as_bytes());
    let layer = site.layers("Win7@2")[0].to_string();
    let examples = examples();
    let said = Judge::new("sh")
        .args(["-euxc", &examples])
        .env("URL", &site.service.url)
        .env("CA", &site.service.ca)
        .env("LOGIN", format!("{DEVICE}:{}", site.secret))
        .env("LAYER", &layer)
        .folder(site.desk.folder())
        .agrees();
    let said = said.text();
    for word in ["{\"status\": \"ok\"}", "304", "frame: OK", "HTTP/2 200", "seedpress_build_info"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let shown = site.desk.does(&format!("device report {DEVICE} --store store")).text();
    assert!(shown.contains("receipt   1, 2026-11-22T08:00:00Z to 2026-11-22T08:00:01Z"), "{shown}");
}

#[test]
fn the_page_has_every_word_of_every_refusal() {
    let source = concat!(
        include_str!("../../authoring/sync/src/server/answer.rs"),
        include_str!("../../authoring/sync/src/server/report.rs")
    );
    let words = source.split("refusal(").skip(1).filter_map(|call| call.split('"').nth(1));
    let is_word = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let words: Vec<_> = words.filter(is_word).collect();
    assert!(words.len() > 15, "{words:?}");
    for word in words {
        assert!(PAGE.contains(&format!("`{word}`")), "{word}");
    }
}
