//! What a medium starts, as it is asked for on the command line: what goes together, what does not, and what lies on the
//! medium then.

use seedpress_tests::desk::Desk;
use seedpress_tests::judge::Judge;

const USB: &str = "build usb --store store Win7@1 -o m.img --force";

/// What a file on the EFI system partition says.
fn esp(desk: &Desk, path: &str) -> String {
    desk.does(&format!("cat m.img --esp {path}")).text()
}

#[test]
fn a_medium_of_the_default_template_starts_the_loader_and_says_what_it_trusts() {
    let desk = Desk::stocked();
    desk.does(USB);
    assert_eq!(
        desk.does("ls m.img --esp -R").text(),
        "EFI/\nEFI/BOOT/\nEFI/BOOT/BOOTX64.EFI\nseed/\nseed/medium.json\n"
    );
    let id = desk.object(0, "identify m.img")["medium"].as_str().unwrap().to_owned();
    assert!(esp(&desk, "seed/medium.json").contains(&id));
    let said = desk.does("inspect m.img").text();
    assert!(said.contains("seedpress loader, takes unsigned media"), "{said}");
    desk.does(&format!("{USB} --sign key --trust key.pub"));
    let key = desk.read("key.pub");
    let key = String::from_utf8(key).unwrap();
    let said = desk.does("inspect m.img").text();
    let id = key.lines().next().unwrap().rsplit(' ').next().unwrap();
    assert!(said.contains(&format!("takes media signed by {id}")), "{said}");
    assert!(desk.does("verify m.img --pubkey key.pub --strict").text().contains("pristine"));
}

#[test]
fn answers_are_read_before_they_go_onto_a_medium() {
    let desk = Desk::stocked();
    desk.write("answers", b"format = 1\nend = \"reboot\"\n[target]\nonly-disk = true\n");
    let said = desk.does(&format!("{USB} --answer answers"));
    assert!(said.all().contains("a disk overwritten without a question"), "{said}");
    assert!(esp(&desk, "seed/deploy.toml").contains("only-disk = true"));
    let readme = desk.does("cat m.img README.txt").text();
    assert!(readme.starts_with("THIS MEDIUM OVERWRITES A DISK WITHOUT ASKING\r\n"), "{readme}");
    assert!(!readme.contains("whose name was not typed"), "{readme}");
    let said = desk.refuses(2, &format!("{} --answer answers", USB.replace("Win7@1", "Win7@1 Win7@3")));
    assert!(said.contains("name no image") && said.contains("Win7@1, Win7@3"), "{said}");
    for wanted in ["Win7@9", "win7"] {
        let text = format!("format = 1\nimage = \"{wanted}\"\nend = \"stay\"\n[target]\nonly-disk = true\n");
        desk.write("answers", text.as_bytes());
        let said = desk.refuses(2, &format!("{USB} --answer answers"));
        assert!(said.contains(&format!("want {wanted}, which the medium does not have")), "{said}");
    }
    desk.write("answers", b"format = 1\nend = \"reboot\"\n[target]\nonly_disk = true\n");
    let said = desk.refuses(2, &format!("{USB} --answer answers"));
    assert!(said.contains("cannot use the answers answers") && said.contains("line 4"), "{said}");
    assert!(desk.refuses(16, &format!("{USB} --answer absent")).contains("absent"));
}

#[test]
fn a_medium_is_not_pressed_that_would_refuse_itself() {
    let desk = Desk::stocked();
    let said = desk.refuses(2, &format!("{USB} --trust key.pub"));
    assert!(said.contains("it is not signed") && said.contains("--sign KEY"), "{said}");
    desk.does("keygen -s other -p other.pub --no-password");
    let said = desk.refuses(2, &format!("{USB} --sign key --trust other.pub"));
    assert!(said.contains("which none of --trust is"), "{said}");
    desk.does(&format!("{USB} --sign key --trust other.pub --trust key.pub"));
}

#[test]
fn options_that_mean_nothing_together_are_refused() {
    let desk = Desk::stocked();
    desk.write("answers", b"format = 1\nend = \"stay\"\n[target]\nonly-disk = true\n");
    for (options, words) in [
        ("--boot none --esp-tree esp", "starts nothing"),
        ("--boot none --answer answers", "--answer means nothing with the boot payload none"),
        ("--boot none --sign key --trust key.pub", "--trust means nothing"),
        ("--boot tree esp --answer answers", "--answer means nothing"),
        ("--boot linux --sign-efi key key.pub", "--sign-efi means nothing"),
        ("--boot native --kernel 1.img", "--kernel means nothing with the boot payload native"),
        ("--boot both --shim 1.img", "--shim means nothing with the boot payload both"),
        ("--boot both --grub 1.img", "--grub means nothing with the boot payload both"),
        ("--template data-only --boot native", "no EFI system partition"),
        ("--boot grub", "expected native, linux, both, none or tree DIR"),
        ("--boot tree", "expected the folder of the tree"),
    ] {
        let said = desk.run(&format!("{USB} {options}"));
        assert_eq!(said.code, Some(2), "{options}: {said}");
        assert!(said.all().contains(words), "{options}: {said}");
    }
}

#[test]
fn a_tree_starts_and_one_without_a_program_is_warned_of() {
    let desk = Desk::stocked();
    let said = desk.does(&format!("{USB} --boot tree esp"));
    assert!(!said.all().contains("firmware will start nothing"), "{said}");
    assert_eq!(esp(&desk, "EFI/BOOT/BOOTX64.EFI"), "boot");
    desk.write("tree/boot.efi", b"boot");
    let said = desk.does(&format!("{USB} --boot tree tree"));
    assert!(said.all().contains("firmware will start nothing"), "{said}");
    let both = desk.refuses(2, &format!("{USB} --esp-tree esp"));
    assert!(both.contains("EFI/BOOT/BOOTX64.EFI"), "{both}");
}

#[test]
fn a_loader_is_signed_with_a_fleets_own_key() {
    let desk = Desk::stocked();
    let make = "req -x509 -newkey rsa:2048 -nodes -keyout efi.key -out efi.pem -subj /CN=Fleet -days 30";
    Judge::new("openssl").args(make.split(' ')).folder(desk.folder()).agrees();
    desk.does(&format!("{USB} --sign-efi efi.key efi.pem"));
    desk.write("loader.efi", &desk.does("cat m.img --esp EFI/BOOT/BOOTX64.EFI").stdout);
    Judge::new("sbverify").args(["--cert", "efi.pem", "loader.efi"]).folder(desk.folder()).agrees();
    let said = desk.does("inspect m.img --cert efi.pem").text();
    assert!(said.contains("Fleet"), "{said}");
    let said = desk.refuses(2, &format!("{USB} --sign-efi efi.pem efi.key"));
    assert!(said.contains("cannot sign the loader with efi.pem and efi.key"), "{said}");
}

#[test]
fn a_template_of_ones_own_brings_files_along() {
    let desk = Desk::stocked();
    let text = include_str!("../../templates/data-only.toml");
    let more = "[[file]]\nvolume = \"seed\"\npath = \"docs/a.txt\"\nfrom = \"sub/a\"\n";
    desk.write("mine/my.toml", format!("{text}\n{more}").as_bytes());
    desk.write("mine/sub/a", b"hello");
    desk.does(&format!("{USB} --template mine/my.toml"));
    assert_eq!(desk.does("cat m.img docs/a.txt").stdout, b"hello");
    desk.write("mine/my.toml", format!("{text}\n{}", more.replace("sub/a", "sub/b")).as_bytes());
    assert!(desk.refuses(16, &format!("{USB} --template mine/my.toml")).contains("sub/b"));
    desk.write("mine/my.toml", format!("{text}\n[[files]]\n").as_bytes());
    let said = desk.refuses(2, &format!("{USB} --template mine/my.toml"));
    assert!(said.contains("unknown field `files`") && said.contains("line "), "{said}");
}
