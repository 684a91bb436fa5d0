//! What templates may say.

use super::*;

fn own(name: &str) -> &'static str {
    OWN.into_iter().find(|(own, _)| *own == name).unwrap().1
}

#[test]
fn the_templates_that_come_with_the_program_are_some() {
    for (name, text) in OWN {
        let template = Template::parse(text).unwrap();
        assert_eq!(template.name, name);
        assert_eq!(Template::named(name), Ok(Some(template)));
    }
    assert_eq!(Template::named("no-such"), Ok(None));
    let stick = Template::parse(own("courier-usb")).unwrap();
    assert_eq!(
        (stick.esp.as_ref().unwrap().size(), stick.seed.free()),
        (ByteLen(64 * MIB), ByteLen(16 * MIB))
    );
    assert_eq!(stick.boot.payload, Payload::Native);
    let data = Template::parse(own("data-only")).unwrap();
    assert_eq!((&data.esp, data.boot.payload), (&None, Payload::None));
    assert!([Kind::Usb, Kind::Disc].into_iter().all(|kind| data.suits(kind)));
    assert!(!stick.suits(Kind::Disc));
}

#[test]
fn keys_that_mean_nothing_are_refused_where_they_stand() {
    let usb = own("courier-usb");
    let bad = usb.replace("size_mib", "size_mb");
    let error = Template::parse(&bad).unwrap_err().to_string();
    assert!(error.contains("size_mb") && error.contains("line 10"), "{error}");
    let other = usb.replace("format = 1", "format = 2");
    assert_eq!(Template::parse(&other), Err(TemplateError::Format { found: 2 }));
}

#[test]
fn the_keys_of_a_disc_are_in_the_templates_of_discs_and_in_no_others() {
    let disc = "[disc]\nudf_revision = \"1.02\"\niso_9660 = true\n";
    let text = own("courier-disc");
    assert_eq!(Template::parse(&text.replace(disc, "")), Err(TemplateError::NoDisc));
    let both = format!("{}{disc}", own("courier-usb"));
    assert_eq!(Template::parse(&both), Err(TemplateError::NotOfDisc));
    let half = Template::parse(&text.replace("iso_9660 = true", "")).unwrap_err().to_string();
    assert!(half.contains("iso_9660"), "{half}");
}

#[test]
fn what_starts_needs_a_partition_to_start_from() {
    let bad = own("data-only").replace("\"none\"", "\"linux\"");
    assert!(matches!(Template::parse(&bad), Err(TemplateError::NoEsp { .. })));
    let file = "[[file]]\nvolume = \"esp\"\npath = \"a\"\ntext = \"b\"\n";
    let bad = format!("{}{file}", own("data-only"));
    assert!(matches!(Template::parse(&bad), Err(TemplateError::NoEsp { .. })));
}

#[test]
fn a_file_has_one_source_and_leads_nowhere_else() {
    let file = |rest: &str| {
        let text = format!("{}[[file]]\nvolume = \"seed\"\n{rest}\n", own("courier-usb"));
        Template::parse(&text).map(|template| template.files)
    };
    assert_eq!(file("path = \"a\"\nfrom = \"b/c\"").unwrap()[0].from.as_deref(), Some("b/c"));
    assert!(matches!(file("path = \"a\""), Err(TemplateError::File { found: "neither", .. })));
    let both = file("path = \"a\"\ntext = \"b\"\nfrom = \"c\"");
    assert!(matches!(both, Err(TemplateError::File { found: "both", .. })));
    for bad in ["path = \"a\"\nfrom = \"../c\"", "path = \"/a\"\ntext = \"b\""] {
        assert!(matches!(file(bad), Err(TemplateError::Path(_))), "{bad}");
    }
}

#[test]
fn a_word_in_braces_that_stands_for_nothing_is_refused() {
    let text = |readme: &str| format!("{}\n[readme]\ntext = \"{readme}\"\n", own("courier-usb"));
    assert!(Template::parse(&text("{label} {set} {} {NOT} {not this}")).is_ok());
    let word = TemplateError::Word { word: "lable".into() };
    assert_eq!(Template::parse(&text("{label} {lable}")), Err(word.clone()));
    assert_eq!(
        word.to_string(),
        "{lable} in readme.text stands for nothing: templates/README.md lists the words"
    );
}
