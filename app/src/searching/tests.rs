use super::*;
use proptest::prelude::*;

fn holds(text: &str, searched: &str) -> bool {
    let nothing = Folded::default();
    Terms::read(searched).weigh([&Folded::of(text), &nothing], Folded::default).is_some()
}

/// N8: a word is found by its beginning, whatever its case, its diacritics and the way they were typed.
#[test]
fn words_are_folded() {
    for (text, searched) in [
        ("Les RÉSULTATS de mars", "resul mars"),
        ("Re\u{301}sultats", "résultats"),
        ("Die Straße", "STRASSE"),
        ("ΟΔΥΣΣΕΥΣ", "Ὀδυσσεύς"),
        ("ﬁnal №7", "final no7"),
        ("İstanbul", "istanbul"),
        ("請求書 2026", "請求"),
        ("ada@guest.example wrote", "ada@guest.ex"),
        ("an x-ray", "x-ray"),
    ] {
        assert!(holds(text, searched), "{searched} is not found in {text}");
    }
    for (text, searched) in [("results", "esults"), ("results", "results march"), ("an ant", "antenna")] {
        assert!(!holds(text, searched), "{searched} is found in {text}");
    }
}

/// N8: words in quotation marks stand side by side; nothing but signs searches for nothing.
#[test]
fn words_in_quotation_marks_stand_together() {
    assert!(holds("the blood test of March", "\"Blood tes\" march"));
    assert!(!holds("the test of blood", "\"blood test\""));
    assert!(holds("the blood test", "„blood test"));
    assert!(Terms::read(" \"\" -- , ").is_empty());
}

/// N8: where a word was found decides before when, and the subject most.
#[test]
fn the_subject_weighs_most() {
    let terms = Terms::read("heron lake");
    let fold = |text: &str| Folded::of(text);
    let weigh =
        |subject: &str, around: &str, body: &str| terms.weigh([&fold(subject), &fold(around)], || fold(body));
    assert_eq!(weigh("Herons on the lake", "", ""), Some(4));
    assert_eq!(weigh("Herons", "lake@x.example", ""), Some(3));
    assert_eq!(weigh("Herons", "", "on the lake"), Some(2));
    assert_eq!(weigh("", "", "Herons on the lake"), Some(0));
    assert_eq!(weigh("Herons", "", ""), None);
}

fn standing(weight: u16, seconds: i64, id: u8) -> Standing {
    let message = MessageId::from_bytes([id; 16]);
    Standing { weight, sent_at: Timestamp::from_micros(seconds * 1_000_000), message }
}

proptest! {
    /// N8: pages of any size, forwards and backwards, show what was found once and in order, also when more is found meanwhile.
    #[test]
    fn pages_are_stable(mut all in prop::collection::btree_set((0..3_u16, 0..3_i64, any::<u8>()), 0..30), size in 1..9_u32, late in any::<u8>()) {
        let list = |all: &BTreeSet<(u16, i64, u8)>| -> Vec<_> {
            all.iter().rev().map(|(weight, at, id)| standing(*weight, *at, *id)).collect()
        };
        let before = list(&all);
        let (mut seen, mut after) = (vec![], None);
        loop {
            let page = cut(list(&all).into_iter(), &FoundPage { first: Some(size), after, ..FoundPage::default() });
            seen.extend(&page.items);
            after = page.items.last().copied().or(after);
            all.insert((2, 9, late));
            if !page.has_next {
                break;
            }
        }
        seen.retain(|one| before.contains(one));
        prop_assert_eq!(&seen, &before);
        let backwards = cut(before.iter().copied(), &FoundPage { last: Some(size), ..FoundPage::default() });
        let start = before.len().saturating_sub(size as usize);
        prop_assert_eq!(&backwards.items[..], &before[start..]);
        prop_assert_eq!(backwards.has_previous, start > 0);
    }
}
