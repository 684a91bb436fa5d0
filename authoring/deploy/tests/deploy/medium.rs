//! A medium is found in whatever it comes in, and its manifest is held against whom we trust.

use std::sync::Arc;

use deploy::{Medium, MediumError, Remark, Signed, Trust, TrustError, load};
use formats::fat;
use formats::gpt::{self, Partition, Table, raw};
use formats::io::read_vec;
use formats::kind::ErrorKind;
use formats::manifest::{Volume, paths};
use formats::minisign::{KeyId, PublicKey, SecretKey, sign};
use formats::region::{Region, Regions};
use formats::time::Timestamp;
use formats::tree::{Data, Directory};
use formats::units::{ByteLen, ByteOffset, MIB};
use uuid::Uuid;

use crate::fake::{Shelf, Stack};

/// A signer whose key's id starts with a zero digit.
fn signer(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32], KeyId([seed, 2, 3, 4, 5, 6, 7, 8]))
}

fn manifest(expires: Option<&str>) -> Vec<u8> {
    let mut manifest = Stack::default().manifest();
    manifest.images.clear();
    manifest.expires = expires.map(|time| time.parse().unwrap());
    manifest.print().unwrap().into_bytes()
}

fn shelf(text: &[u8], signature: Option<&str>) -> Shelf {
    let mut shelf = Shelf::default();
    shelf.0.insert(paths::MANIFEST.into(), text.into());
    shelf.0.extend(signature.map(|signature| (paths::SIGNATURE.into(), signature.into())));
    shelf
}

fn loaded(shelf: Shelf, keys: &[PublicKey]) -> Result<Signed, TrustError> {
    let medium = Medium::mounted(Box::new(shelf));
    load(&medium, &Trust { keys: keys.into(), now: None }).map(|loaded| loaded.signed)
}

fn signed(text: &[u8]) -> String {
    sign(&signer(1), text, "made by a test").unwrap().print()
}

#[test]
fn a_signature_counts_when_a_trusted_key_made_it() {
    let text = manifest(None);
    let (key, other) = (signer(1).public(), signer(2).public());
    let by = Signed::By { key: key.id, comment: "made by a test".into() };
    assert_eq!(loaded(shelf(&text, Some(&signed(&text))), &[other, key]), Ok(by));
    assert_eq!(loaded(shelf(&text, Some(&signed(&text))), &[]), Ok(Signed::Unverified { key: key.id }));
    assert_eq!(loaded(shelf(&text, None), &[]), Ok(Signed::Not));
}

#[test]
fn a_wrong_key_a_changed_manifest_and_a_missing_signature_are_three_errors() {
    let text = manifest(None);
    let key = signer(1).public();
    let wrong = loaded(shelf(&text, Some(&signed(&text))), &[signer(2).public()]).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "the medium is signed with key 0807060504030201, which is not trusted; trusted: 0807060504030202"
    );
    let missing = loaded(shelf(&text, None), &[key]).unwrap_err();
    assert_eq!(missing, TrustError::NoSignature);
    let mut other = text.clone();
    other[20] ^= 1;
    let changed = loaded(shelf(&other, Some(&signed(&text))), &[key]).unwrap_err();
    assert!(matches!(changed, TrustError::Changed(_)), "{changed}");
    let broken = loaded(shelf(&text, Some("untrusted comment: x\nAAAA\n")), &[key]).unwrap_err();
    assert!(matches!(broken, TrustError::Signature(_)), "{broken}");
    for error in [wrong, missing, changed, broken] {
        assert_eq!(error.kind(), ErrorKind::Trust, "{error}");
    }
}

#[test]
fn a_changed_comment_and_a_key_with_the_same_id_do_not_count() {
    let text = manifest(None);
    let comment = signed(&text).replace("made by a test", "made by a rest");
    assert!(matches!(
        loaded(shelf(&text, Some(&comment)), &[signer(1).public()]),
        Err(TrustError::Changed(_))
    ));
    let twin = SecretKey::from_seed(&[9; 32], signer(1).public().id).public();
    assert!(matches!(loaded(shelf(&text, Some(&signed(&text))), &[twin]), Err(TrustError::Changed(_))));
    let both = loaded(shelf(&text, Some(&signed(&text))), &[twin, signer(1).public()]);
    assert!(matches!(both, Ok(Signed::By { .. })));
}

#[test]
fn an_unsigned_manifest_is_still_guarded_against_accidents() {
    let mut text = manifest(None);
    text[30] ^= 1;
    let error = loaded(shelf(&text, None), &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(loaded(Shelf::default(), &[]).unwrap_err(), TrustError::NoManifest);
}

#[test]
fn a_medium_expires_at_its_time_and_not_before() {
    let text = manifest(Some("2027-01-01T00:00:00Z"));
    let at = |now: Option<&str>| {
        let medium = Medium::mounted(Box::new(shelf(&text, None)));
        load(&medium, &Trust { keys: Vec::new(), now: now.map(|now| now.parse().unwrap()) }).map(|_| ())
    };
    assert_eq!(at(Some("2026-12-31T23:59:59Z")), Ok(()));
    assert_eq!(at(None), Ok(()));
    let error = at(Some("2027-01-01T00:00:00Z")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Expired);
}

/// A FAT volume with these files.
fn volume(start: u64, files: &[(&str, &[u8])]) -> Vec<Region> {
    let mut tree = Directory::new();
    files.iter().for_each(|(path, bytes)| tree.add_file(path, Data::Bytes((*bytes).into())).unwrap());
    let volume = fat::write::Volume {
        kind: fat::Kind::Fat32,
        size: ByteLen(40 * MIB),
        sector_size: 512,
        hidden: ByteOffset(start),
        label: "V".into(),
        serial: 1,
        time: Timestamp::EARLIEST,
    };
    let regions = fat::write::volume(&volume, &tree).unwrap();
    regions.into_iter().map(|region| region.moved(ByteOffset(start)).unwrap()).collect()
}

/// A disk with an ESP, a volume of somebody else's and a seed volume.
fn disk() -> Vec<u8> {
    let starts = [MIB, 41 * MIB, 81 * MIB];
    let partition = |number: usize, kind| Partition {
        name: format!("partition {number}"),
        kind,
        guid: Uuid::from_u128(number as u128 + 1),
        start: ByteOffset(starts[number]),
        len: ByteLen(40 * MIB),
        attributes: 0,
    };
    let partitions =
        vec![partition(0, raw::EFI_SYSTEM), partition(1, raw::BASIC_DATA), partition(2, raw::BASIC_DATA)];
    let size = ByteLen(122 * MIB);
    let table = Table { size, sector_size: 512, guid: Uuid::from_u128(9), partitions };
    let mut regions = gpt::write::table(&table).unwrap();
    regions.extend(volume(starts[0], &[("EFI/BOOT/BOOTX64.EFI", b"loader")]));
    regions.extend(volume(starts[1], &[("holiday.jpg", b"jpg")]));
    regions.extend(volume(starts[2], &[(paths::MANIFEST, &manifest(None))]));
    let regions = Regions::cover(regions, size).unwrap();
    let mut bytes = vec![0; size.0 as usize];
    for region in regions.iter() {
        region.fill(0, &mut bytes[region.range().start as usize..region.range().end as usize]);
    }
    bytes
}

fn open(bytes: Vec<u8>) -> Result<Medium, MediumError> {
    Medium::open(Arc::new(bytes))
}

#[test]
fn the_seed_volume_is_the_one_with_a_manifest() {
    let medium = open(disk()).unwrap();
    assert_eq!(medium.start(Volume::Seed), Some(ByteOffset(81 * MIB)));
    assert_eq!(medium.start(Volume::Esp), Some(ByteOffset(MIB)));
    let esp = medium.volume(Volume::Esp).unwrap();
    let loader = esp.open("EFI/BOOT/BOOTX64.EFI").unwrap();
    assert_eq!(read_vec(&loader, ByteOffset(0), 6).unwrap(), b"loader");
    assert!(load(&medium, &Trust::default()).is_ok());
    assert!(medium.remarks().is_empty() && medium.table().is_some());
    assert_eq!(medium.disk().unwrap().size(), ByteLen(122 * MIB));
}

#[test]
fn a_volume_alone_is_a_medium_too() {
    let bytes = disk()[81 * MIB as usize..121 * MIB as usize].to_vec();
    let medium = open(bytes).unwrap();
    assert_eq!(medium.start(Volume::Seed), Some(ByteOffset(0)));
    assert!(medium.volume(Volume::Esp).is_none() && load(&medium, &Trust::default()).is_ok());
}

#[test]
fn damage_that_can_be_worked_around_is_a_remark() {
    let mut bytes = disk();
    bytes[512 + 60] ^= 1;
    bytes[MIB as usize + 11] = 0xff;
    let medium = open(bytes).unwrap();
    let remarks = medium.remarks();
    assert!(matches!(remarks[0], Remark::Table { copy: gpt::read::Copy::Primary, .. }), "{remarks:?}");
    assert!(matches!(&remarks[1], Remark::Partition { partition, .. } if partition == "partition 0"));
    assert!(medium.volume(Volume::Esp).is_none() && load(&medium, &Trust::default()).is_ok());
}

#[test]
fn what_is_no_medium_is_refused_with_a_reason() {
    let shown = |bytes: Vec<u8>| open(bytes).map(|_| ()).unwrap_err().to_string();
    assert!(shown(Vec::new()).contains("neither a partition table nor a volume"));
    assert!(shown(vec![0; 1 << 20]).contains("neither a partition table nor a volume"));
    let mut bytes = disk();
    bytes[41 * MIB as usize + 510] = 0;
    bytes[81 * MIB as usize + 510] = 0;
    assert!(shown(bytes).contains("none of the medium's partitions"));
    let mut cut = disk();
    cut.truncate(100 << 20);
    assert!(open(cut).is_err());
}
