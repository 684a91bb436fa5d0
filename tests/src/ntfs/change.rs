//! What drivers do to copies of our volumes: a shell script for whoever mounted one, and what must be there after it.

use formats::digest::Sha256;
use formats::units::ByteLen;

use crate::content::Content;
use crate::paper::Noise;

/// Run in the root of a volume with [`Sample::some_of_everything`](crate::content::Sample::some_of_everything):
/// creates, grows, shrinks, moves and deletes files, and makes one index grow and another one shrink.
pub const SCRIPT: &str = r#"
mkdir new && echo text > new/small.txt && cp payloads/3.bin new/copy.bin
cat payloads/1.bin >> README.txt
echo grown > empty
printf UPPER > names/UPPER.TXT
mv payloads/0.bin a/b/c/moved.bin
mv "many/file number 0001.dat" "many/a name of another length, in the same directory.dat"
mv names "renamed directory"
rm many/file\ number\ 03*
rm -r sizes
rmdir a/b/c/d/e/f/g
i=0; while [ $i -lt 300 ]; do echo $i > "new/created as number $i"; i=$((i + 1)); done
sync
"#;

/// What a volume holds after the script when it held `before`.
///
/// # Panics
/// When `before` is not the content of that sample.
pub fn after(before: &Content) -> Content {
    let mut content = before.clone();
    let files = &mut content.files;
    files.insert("new/small.txt".into(), Sha256::of(b"text\n"));
    files.insert("new/copy.bin".into(), files["payloads/3.bin"]);
    let grown = [b"Read me.\r\n".to_vec(), Noise { seed: 99 + 4096, len: ByteLen(4096) }.bytes()].concat();
    files.insert("README.txt".into(), Sha256::of(&grown));
    files.insert("empty".into(), Sha256::of(b"grown\n"));
    files.insert("names/UPPER.TXT".into(), Sha256::of(b"UPPER"));
    rename(&mut content, "payloads/0.bin", "a/b/c/moved.bin");
    let long = "many/a name of another length, in the same directory.dat";
    rename(&mut content, "many/file number 0001.dat", long);
    rename(&mut content, "names", "renamed directory");
    content.files.retain(|path, _| !path.starts_with("many/file number 03") && !path.starts_with("sizes/"));
    for number in 0..300 {
        content
            .files
            .insert(format!("new/created as number {number}"), Sha256::of(format!("{number}\n").as_bytes()));
    }
    content.directories.insert("new".into());
    content.directories.retain(|path| path != "sizes" && path != "a/b/c/d/e/f/g");
    content
}

/// Renames a file, or a directory with all in it.
fn rename(content: &mut Content, from: &str, to: &str) {
    let moved = |path: &str| match path.strip_prefix(from) {
        Some("") => to.to_owned(),
        Some(rest) if rest.starts_with('/') => format!("{to}{rest}"),
        _ => path.to_owned(),
    };
    let files = std::mem::take(&mut content.files);
    content.files = files.into_iter().map(|(path, digest)| (moved(&path), digest)).collect();
    let directories = std::mem::take(&mut content.directories);
    content.directories = directories.into_iter().map(|path| moved(&path)).collect();
}
