//! The contests, their contenders and what we promise.

use anyhow::Result;

use super::contest::{Contender, Contest, Target};
use super::ground::Ground;

/// A medium is laid out in at most so many seconds.
const PLAN: f64 = 2.0;

/// All of them. What the last two work on takes the place of what the others worked on.
pub fn all(ground: &Ground) -> Vec<Contest> {
    vec![
        build_usb(ground),
        build_disc(ground),
        verify(ground),
        plan_large(ground),
        plan_many(ground),
        publish(ground),
        deploy(ground),
    ]
}

fn build_usb(ground: &Ground) -> Contest {
    // ntfs-3g stays in the foreground, so that its processor time counts.
    let ntfs = format!(
        "truncate -s {} out; mkntfs -q -F -Q out 2> /dev/null; mkdir mnt; ntfs-3g -o no_detach out mnt 2> /dev/null &
         until mountpoint -q mnt; do sleep 0.05; done
         cp half-one half-two mnt; umount mnt; wait; openssl dgst -sha256 half-one half-two",
        ground.size + ground.size / 64 + (64 << 20),
    );
    let theirs = ("mkntfs, ntfs-3g, cp, openssl", ntfs);
    build(ground, ("build a medium, every byte checked", "usb"), theirs, 0.25)
}

fn build_disc(ground: &Ground) -> Contest {
    // Level 3 and a limited size on the ISO 9660 side: halves may have more than 4 GiB, which UDF holds.
    let genisoimage =
        "genisoimage -quiet -udf -iso-level 3 -allow-limited-size -r -J -o out half-one half-two
         openssl dgst -sha256 out";
    let theirs = ("genisoimage -udf, openssl", genisoimage.to_owned());
    build(ground, ("build a disc, every byte checked", "disc"), theirs, 0.333)
}

/// A contest about a kind of medium: with copying, and with another way to such a medium, of whose time we take at most
/// a `share`.
fn build(
    ground: &Ground,
    (name, kind): (&'static str, &str),
    theirs: (&'static str, String),
    share: f64,
) -> Contest {
    let ours = ground.seedpress(&format!("build {kind} --store store -o out one@1 two@1"));
    let reads = "half-one half-two";
    let dd = "for half in one two; do dd if=half-$half of=out-$half bs=4M oflag=direct status=none; done";
    let clean = "if mountpoint -q mnt; then umount -l mnt; fi; rm -rf mnt out out-one out-two";
    let contender = |name, script: String| Contender { name, reads, script, clean };
    Contest {
        name,
        bytes: ground.size,
        lay: Ground::halves,
        contenders: vec![
            contender("seedpress build", ours),
            contender("cp", "mkdir mnt; cp half-one half-two mnt".into()),
            contender(
                "cp, sync",
                "mkdir mnt; cp half-one half-two mnt; sync mnt/half-one mnt/half-two".into(),
            ),
            contender("dd oflag=direct bs=4M", dd.into()),
            contender(theirs.0, theirs.1),
        ],
        targets: vec![
            Target::Share("cp", 0.4),
            Target::Share("dd oflag=direct bs=4M", 1.3),
            Target::Share(theirs.0, share),
        ],
    }
}

fn verify(ground: &Ground) -> Contest {
    let openssl = "openssl dgst -sha256 half-one & first=$!; openssl dgst -sha256 half-two; wait $first";
    let verify = ground.seedpress("verify medium.img");
    Contest {
        name: "verify a medium",
        bytes: ground.size,
        lay: Ground::medium,
        contenders: vec![
            Contender { name: "seedpress verify", reads: "medium.img", script: verify, clean: "" },
            Contender {
                name: "openssl sha256 of two halves",
                reads: "half-one half-two",
                script: openssl.into(),
                clean: "",
            },
        ],
        // 80 % of the rate.
        targets: vec![Target::Share("openssl sha256 of two halves", 1.25)],
    }
}

fn publish(ground: &Ground) -> Contest {
    let publish = ground.seedpress("publish --store out System@1 system.vhd");
    let contender =
        |name, script: String| Contender { name, reads: "system.vhd", script, clean: "rm -rf out" };
    Contest {
        name: "publish a disk",
        bytes: ground.size,
        lay: Ground::system,
        contenders: vec![
            contender("seedpress publish", publish),
            contender("zstd -T0 -3", "zstd -q -T0 -3 system.vhd -o out".into()),
        ],
        // 90 % of the rate.
        targets: vec![Target::Share("zstd -T0 -3", 1.11)],
    }
}

fn deploy(ground: &Ground) -> Contest {
    let zstd = "zstd -q -d half-one.zst -o out & first=$!; zstd -q -d half-two.zst -o out-two; wait $first";
    let theirs = |name, script| Contender {
        name,
        reads: "half-one.zst half-two.zst",
        script,
        clean: "rm -f out out-two",
    };
    Contest {
        name: "deploy a disk",
        bytes: ground.size,
        lay: Ground::system_medium,
        contenders: vec![
            Contender {
                name: "seedpress deploy",
                reads: "system.img",
                script: ground.seedpress("deploy system.img System@1 -o out"),
                clean: "if test -e out; then sha256sum --quiet -c system.sum; fi; rm -f out",
            },
            theirs("zstd -d of two halves", zstd.into()),
            theirs("zstd -d of two halves, sync", format!("{zstd}; sync out out-two")),
        ],
        // 80 % of the rate.
        targets: vec![Target::Share("zstd -d of two halves", 1.25)],
    }
}

fn plan_large(ground: &Ground) -> Contest {
    let script = ground.seedpress("plan usb --store store one@1 --size 16TiB");
    plan("plan a medium of 16 TiB", script, Ground::halves)
}

fn plan_many(ground: &Ground) -> Contest {
    let script = ground.seedpress("plan usb --store store one@1 --add many");
    plan("plan 100,000 files", script, Ground::many_files)
}

fn plan(name: &'static str, script: String, lay: fn(&Ground) -> Result<()>) -> Contest {
    let contenders = vec![Contender { name: "seedpress plan", reads: "", script, clean: "" }];
    Contest { name, bytes: 0, lay, contenders, targets: vec![Target::Seconds(PLAN)] }
}
