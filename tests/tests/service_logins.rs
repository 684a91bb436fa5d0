//! Who is no device sees nothing, and a device sees what is its own.

use seedpress_tests::site::{DEVICE, Reply, Site, enroll};

/// What every path asks for.
const PATHS: [&str; 5] = ["/v1/target", "/v1/report", "/v1/layers/x/layer.json", "/", "/v1/nothing"];

/// Asks with a login.
fn with(site: &Site, path: &str, login: &str) -> Reply {
    site.ask(path, &["--user", login])
}

#[test]
fn without_a_right_login_every_path_gives_the_same_answer() {
    let site = Site::open();
    let secret = &site.secret;
    let other = enroll(&site.desk, "other");
    let expected = site.ask("/v1/target", &[]);
    assert_eq!((expected.status, &*expected.error()), (401, "unauthorized"));
    assert!(expected.header("www-authenticate").is_some_and(|how| how.starts_with("Basic realm=")));
    for path in PATHS {
        assert_eq!(site.ask(path, &[]).lasting(), expected.lasting(), "{path}");
    }
    let logins = [
        format!("{DEVICE}:"),
        format!("{DEVICE}:{other}"),
        format!("{DEVICE}:{}", secret.to_uppercase()),
        format!("{DEVICE}:{secret} "),
        format!("nobody:{secret}"),
        format!("../{DEVICE}:{secret}"),
        format!(":{secret}"),
    ];
    for login in logins {
        assert_eq!(with(&site, "/v1/target", &login).lasting(), expected.lasting(), "{login}");
    }
    for header in ["Authorization: Basic", "Authorization: Basic !", "Authorization: Bearer abc"] {
        let reply = site.ask("/v1/target", &["--header", header]);
        assert_eq!(reply.lasting(), expected.lasting(), "{header}");
    }
}

#[test]
fn what_is_another_devices_looks_like_what_does_not_exist() {
    let site = Site::open();
    let foreign = site.layers("Win7@3")[2];
    let own = site.layers("Win7@2")[0];
    let expected = site.get("/v1/layers/00000000-0000-0000-0000-000000000000/layer.json", &[]);
    assert_eq!((expected.status, &*expected.error()), (404, "not-found"));
    let paths = [
        format!("/v1/layers/{foreign}/layer.json"),
        format!("/v1/layers/{foreign}/disk.vhd.zst"),
        format!("/v1/layers/{foreign}/frames.bin"),
        format!("/v1/layers/{foreign}/frames/0"),
        format!("/v1/layers/{foreign}/frames/999999"),
        format!("/v1/layers/{own}/absent"),
        format!("/v1/layers/{own}/~disk.vhd.zst"),
        format!("/v1/layers/{own}/frames/999999"),
        format!("/v1/layers/{own}/../../store.json"),
        format!("/v1/layers/{own}/..%2f..%2fstore.json"),
        format!("/v1/layers/{}/layer.json", own.to_string().to_uppercase()),
        format!("/v1/layers/{}/layer.json", own.simple()),
        format!("/v1/layers/{{{own}}}/layer.json").replace('{', "%7b").replace('}', "%7d"),
        "/v1/layers/x/layer.json".into(),
        "/v1/layers/../store.json/layer.json".into(),
        "/v1/layers/%00/layer.json".into(),
        "/v1/layers//layer.json".into(),
        "/devices/pc-17.json".into(),
        "/".into(),
    ];
    for path in paths {
        assert_eq!(site.get(&path, &[]).lasting(), expected.lasting(), "{path}");
    }
    // Also what is asked for in another way.
    let ranged = site.get(&format!("/v1/layers/{foreign}/disk.vhd.zst"), &["--range", "0-0"]);
    assert_eq!(ranged.lasting(), expected.lasting());
    let tagged = ["--header", "If-None-Match: *"];
    assert_eq!(site.get(&format!("/v1/layers/{foreign}/layer.json"), &tagged).lasting(), expected.lasting());
}

#[test]
fn a_secret_that_is_wrong_too_often_waits_and_a_right_one_never_does() {
    let site = Site::open();
    let other = enroll(&site.desk, "other");
    let right = format!("{DEVICE}:{}", site.secret);
    for _ in 0..10 {
        assert_eq!(with(&site, "/v1/target", &format!("{DEVICE}:wrong")).status, 401);
    }
    let reply = with(&site, "/v1/target", &format!("{DEVICE}:wrong"));
    assert_eq!((reply.status, &*reply.error()), (429, "too-many-logins"));
    assert!(reply.header("retry-after").unwrap().parse::<u32>().is_ok_and(|wait| (1..=11).contains(&wait)));
    // Who shares the address, as behind a proxy, is not kept out, and least of all the device that is meant.
    for login in [&right, &format!("other:{other}")] {
        assert_eq!(with(&site, "/v1/target", login).status, 200);
    }
    let elsewhere = ["--user", &format!("{DEVICE}:wrong"), "--interface", "127.0.0.2"];
    assert_eq!(site.ask("/v1/target", &elsewhere).status, 401);
    let log = site.service.kill();
    let told =
        |fault: &str| log.lines().filter(|line| line.contains(&format!("\"fault\":\"{fault}\""))).count();
    assert_eq!((told("wrong"), told("too-many")), (11, 1), "{log}");
    for secret in [&site.secret, &other] {
        assert!(!log.contains(&**secret), "{log}");
    }
}

#[test]
fn changes_of_a_device_count_at_its_next_request() {
    let mut site = Site::open();
    let base = site.layers("Win7@2")[0];
    let leaf = site.layers("Win7@3")[2];
    let layer = |site: &Site, layer| site.get(&format!("/v1/layers/{layer}/layer.json"), &[]).status;
    let target = |site: &Site| -> serde_json::Value {
        serde_json::from_slice(&site.get("/v1/target", &[]).body).unwrap()
    };
    assert_eq!((layer(&site, base), layer(&site, leaf)), (200, 404));
    site.device("assign pc-17 Win7@3 --staged");
    assert_eq!((layer(&site, base), layer(&site, leaf)), (200, 200));
    assert_eq!(target(&site)["images"][1]["role"], "staged");
    site.device("unassign pc-17 Win7");
    assert_eq!((layer(&site, base), &target(&site)["images"][0]["removed"]), (200, &true.into()));
    site.device("unassign pc-17 Win7 --hard");
    assert_eq!((layer(&site, base), &target(&site)["images"]), (404, &serde_json::json!([])));
    site.device("assign pc-17 Win7@2 --lock");
    assert_eq!((layer(&site, base), layer(&site, leaf)), (200, 200));
    assert_eq!(target(&site)["images"][0]["locked"], true);
    site.device("remove pc-17");
    let removed = serde_json::json!({
        "format": 1, "device": DEVICE, "removed": true, "config": [], "images": [], "layers": []
    });
    assert_eq!((layer(&site, base), target(&site)), (404, removed));
    site.device("restore pc-17");
    assert_eq!(layer(&site, base), 200);
    let old = site.secret.clone();
    let rotated = site.desk.object(0, "device rotate-secret pc-17 --store store");
    assert_eq!(layer(&site, base), 401);
    site.secret = rotated["secret"].as_str().unwrap().into();
    assert!(layer(&site, base) == 200 && site.secret != old);
    site.device("remove pc-17 --hard");
    assert_eq!(layer(&site, base), 401);
}

#[test]
fn a_version_that_the_store_has_lost_is_never_left_out() {
    let site = Site::open();
    let layers = site.layers("Win7@2");
    let leaf = site.stored(layers[1], "layer.json");
    std::fs::rename(&leaf, site.desk.path("lost.json")).unwrap();
    let reply = site.get("/v1/target", &[]);
    assert_eq!((reply.status, &*reply.error()), (503, "store"));
    assert!(reply.header("retry-after").is_some());
    // What is not lost is still there.
    assert_eq!(site.get(&format!("/v1/layers/{}/layer.json", layers[0]), &[]).status, 200);
    let lost = site.get(&format!("/v1/layers/{}/layer.json", layers[1]), &[]);
    assert_eq!(lost.lasting(), reply.lasting());
    std::fs::rename(site.desk.path("lost.json"), &leaf).unwrap();
    assert_eq!(site.get("/v1/target", &[]).status, 200);
    site.desk.write(&format!("store/devices/{DEVICE}.json"), b"{}");
    assert_eq!(site.get("/v1/target", &[]).status, 503);
    let log = site.service.kill();
    assert!(log.contains(&layers[1].to_string()) && log.contains("pc-17.json is damaged"), "{log}");
}
