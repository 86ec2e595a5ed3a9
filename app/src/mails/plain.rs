//! A mail as plain text.

use super::{
    Letter,
    words::{Button, Paragraph, Piece},
};

/// Characters of a line, so that it stands in every mail program as it is (RFC 5322 §2.1.1).
const LINE_CHARACTERS: usize = 72;

pub(super) fn written(letter: &Letter<'_>) -> String {
    let words = letter.words;
    let mut blocks = vec![letter.name.to_owned(), wrapped(&words.heading)];
    blocks.extend(words.says.iter().map(paragraph));
    if let Some(Button { label, url }) = &words.button {
        blocks.push(format!("{label}:\n\n  {url}"));
    }
    blocks.extend(words.adds.iter().map(paragraph));
    let lines = |paragraphs: &[Paragraph]| paragraphs.iter().map(paragraph).collect::<Vec<_>>().join("\n");
    if !letter.own.is_empty() {
        blocks.push(lines(&letter.own));
    }
    // Mail programs know a signature by its dashes and the space behind them (RFC 3676 §4.3).
    format!("{}\n\n-- \n{}\n", blocks.join("\n\n"), lines(&letter.foot))
}

fn paragraph(paragraph: &Paragraph) -> String {
    match paragraph {
        Paragraph::Quote(words) => format!("    {words}"),
        Paragraph::Text(pieces) => {
            let pieces = pieces.iter().map(|piece| match piece {
                Piece::Plain(words) | Piece::Strong(words) => words.clone(),
                Piece::Link { label, url } => format!("{label}: {url}"),
            });
            wrapped(&pieces.collect::<String>())
        }
    }
}

/// A word that is longer than a line, such as a link, has one of its own.
fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = vec![];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= LINE_CHARACTERS => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
