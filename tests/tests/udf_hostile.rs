//! Damaged and malicious UDF volumes give errors, or what can still be read of them: no panic, no endless work.

use formats::files::Files;
use formats::io::ReadAt;
use formats::udf::Revision;
use formats::udf::dump::dump;
use formats::udf::read::Reader;
use formats::units::ByteLen;
use seedpress_tests::content::Sample;
use seedpress_tests::damage::follow;
use seedpress_tests::judge::Judge;
use seedpress_tests::paper::{Noise, bytes_of};
use seedpress_tests::udf::{PARTITION, lay_out, reseal};
use seedpress_tests::workshop::{HostFile, Workshop};

/// A small volume in memory. Behind the file set are the root's entry and names, then those of its files.
fn small(revision: Revision) -> Vec<u8> {
    let mut sample = Sample::new();
    sample.file("a", &[b'a'; 5000]);
    for number in 0..80 {
        sample.file(&format!("b/c/{number} has a long name, so that the names fill some blocks"), b"data");
    }
    bytes_of(&lay_out(revision, &sample.tree))
}

/// Where the descriptors of a volume start: those of blocks, and file identifiers.
fn descriptors(volume: &[u8]) -> Vec<usize> {
    let holds = |at: &usize| {
        let tag = &volume[*at..*at + 16];
        let sum = tag.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)).wrapping_sub(tag[4]);
        tag[4] != 0 && sum == tag[4] && tag[5] == 0 && [2, 3].contains(&tag[2]) && tag[3] == 0
    };
    (32 * 2048..volume.len() - 40).step_by(4).filter(holds).collect()
}

/// Opens a volume and reads all of it as far as that goes; makes a text of it, which is not much longer than it.
fn judge(volume: &dyn ReadAt) -> bool {
    let text = dump(volume).unwrap_or_default();
    assert!(text.len() as u64 <= 16 * volume.size().0 + 1000, "a text of {} bytes", text.len());
    Reader::open(volume).is_ok_and(|reader| follow(&reader))
}

#[test]
fn undamaged_volumes_are_read_to_their_end() {
    Revision::ALL.iter().for_each(|revision| assert!(judge(&small(*revision))));
}

#[test]
fn any_field_may_say_anything_under_a_sound_checksum() {
    for revision in [Revision::V1_02, Revision::V2_50] {
        let mut volume = small(revision);
        let starts = descriptors(&volume);
        assert!(starts.len() > 180, "{} descriptors", starts.len());
        let choices = Noise { seed: revision.number().into(), len: ByteLen(16 * 3000) }.bytes();
        for choice in choices.chunks_exact(16) {
            let number = |at: usize| usize::from(u16::from_le_bytes([choice[at], choice[at + 1]]));
            let start = starts[number(0) % starts.len()];
            // Numbers lie near the heads of descriptors, and behind the fixed part of entries.
            let at = start + number(2) % [40, 256, 512][number(4) % 3];
            let len = [1, 2, 4, 8][number(6) % 4].min(volume.len() - at);
            let kept = volume[start..].iter().take(2048).copied().collect::<Vec<u8>>();
            match number(8) % 3 {
                0 => volume[at..at + len].copy_from_slice(&choice[8..8 + len]),
                1 => volume[at..at + len].fill(0xFF),
                _ => volume[at] = volume[at].wrapping_add(1),
            }
            reseal(&mut volume[start..]);
            judge(&volume);
            volume[start..start + kept.len()].copy_from_slice(&kept);
        }
        assert!(judge(&volume), "what was changed is as it was");
    }
}

#[test]
fn a_volume_may_end_anywhere() {
    let volume = small(Revision::V2_50);
    // All of its metadata lie before the last of these.
    for len in (0..volume.len() * 3 / 4).step_by(4001) {
        assert!(!judge(&volume[..len].to_vec()), "{len} bytes of it are a volume");
    }
}

#[test]
fn allocation_extents_that_go_in_a_circle_are_damage() {
    let mut volume = small(Revision::V1_02);
    // The entry of `a`: its one descriptor becomes a link to an allocation extent that links to itself.
    let entry = (PARTITION as usize + 4) * 2048;
    let extent = (PARTITION as usize + 5) * 2048;
    let link = [0x00, 0x08, 0x00, 0xC0, 5, 0, 0, 0];
    volume[entry + 176..entry + 184].copy_from_slice(&link);
    reseal(&mut volume[entry..]);
    volume[extent..extent + 2048].fill(0);
    volume[extent..extent + 4].copy_from_slice(&[2, 1, 2, 0]);
    volume[extent + 10] = 16;
    volume[extent + 12] = 5;
    volume[extent + 20] = 8;
    volume[extent + 24..extent + 32].copy_from_slice(&link);
    reseal(&mut volume[extent..]);
    let reader = Reader::open(&volume).unwrap();
    let refused = reader.open("a").err().unwrap().to_string();
    assert!(refused.contains("\"a\""), "{refused}");
    assert!(dump(&volume).unwrap().contains("circle"));
}

#[test]
fn a_directory_that_holds_itself_is_printed_once_and_not_followed() {
    let mut volume = small(Revision::V1_02);
    // The root's third name is `b`: it now leads to the root, whose entry is in block 2.
    let name = (PARTITION as usize + 3) * 2048 + 40 + 40;
    volume[name + 24..name + 28].copy_from_slice(&2u32.to_le_bytes());
    reseal(&mut volume[name..]);
    let reader = Reader::open(&volume).unwrap();
    assert_eq!(reader.list("").unwrap().len(), 2);
    for path in ["b", "b/b/b"] {
        let refused = reader.list(path).unwrap_err().to_string();
        assert!(refused.contains("contains itself"), "{refused}");
    }
    assert!(reader.open("b/a").is_err() && reader.open("a").is_ok());
    assert_eq!(dump(&volume).unwrap().matches("name \"a\"").count(), 1);
}

#[test]
fn a_directory_under_many_names_is_not_read_for_ever() {
    let mut sample = Sample::new();
    (0..500).for_each(|number| sample.file(&format!("big/{number:0200}"), b"data"));
    (0..80).for_each(|number| sample.file(&format!("d{number:02}/file"), b"data"));
    let mut volume = bytes_of(&lay_out(Revision::V1_02, &sample.tree));
    // Behind the name of the directory above, all names of the root take up 44 bytes, that of `big` the first ones.
    let names = (PARTITION as usize + 3) * 2048 + 40;
    let big: [u8; 4] = volume[names + 24..names + 28].try_into().unwrap();
    for number in 1..=80 {
        let name = names + 44 * number;
        volume[name + 24..name + 28].copy_from_slice(&big);
        reseal(&mut volume[name..]);
    }
    let reader = Reader::open(&volume).unwrap();
    let mut finder = reader.finder();
    assert!(finder.list("big").is_ok_and(|entries| entries.len() == 500));
    let refused = (0..80).find_map(|number| finder.list(&format!("d{number:02}")).err()).unwrap();
    assert!(refused.to_string().contains("take more than the volume"), "{refused}");
}

#[test]
fn what_others_wrote_is_read() {
    let workshop = Workshop::new();
    let (files, image) = (workshop.path("files"), workshop.path("image"));
    workshop.write("files/directory/Grüße.txt", b"Hello.");
    workshop.write("files/long", &vec![7; 3_000_000]);
    let form = ["-quiet", "-udf", "-R", "-J", "-V", "SEED", "-o"];
    Judge::new("genisoimage").args(form).args([&image, &files]).agrees();
    let reader = Reader::open(HostFile::open(&image)).unwrap();
    assert_eq!(reader.open("long").unwrap().size(), ByteLen(3_000_000));
    assert_eq!(reader.open("directory/Grüße.txt").unwrap().size(), ByteLen(6));
    let empty = workshop.path("empty");
    std::fs::File::create(&empty).unwrap().set_len(16 << 20).unwrap();
    Judge::new("mkudffs").args(["-b", "2048", "-r", "2.01"]).arg(&empty).agrees();
    assert!(Reader::open(HostFile::open(&empty)).unwrap().list("").unwrap().is_empty());
}
