//! A mail as HTML: one page that holds all it needs. No script, no image, nothing from elsewhere, so that opening it tells
//! nobody anything (B35). Mail programs know little CSS; the styles stand where they count, and those of dark screens above.

use super::{
    Letter,
    words::{Button, Paragraph, Piece},
};
use domain::presentation::Presentation;
use std::fmt::Write;

const PAGE: &str = "max-width:560px;margin:0 auto;padding:32px 20px;font-family:system-ui,-apple-system,'Segoe UI',\
                    Roboto,Helvetica,Arial,sans-serif;font-size:17px;line-height:1.55";
const SAID: &str = "margin:0 0 24px";
const QUOTED: &str = "margin:0 0 24px;padding:12px 16px;border-left:4px solid #dde2e4;font-size:20px";
const ADDED: &str = "margin:0 0 8px;font-size:15px;color:#525d63";
const FOOT: &str =
    "border-top:1px solid #dde2e4;margin-top:28px;padding-top:20px;font-size:14px;color:#525d63";

pub(super) fn written(letter: &Letter<'_>) -> String {
    let colour = Colour::of(letter.colour);
    let words = letter.words;
    let mut body = String::new();
    for said in &words.says {
        body.push_str(&paragraph(said, "", SAID, &colour));
    }
    if let Some(Button { label, url }) = &words.button {
        body.push_str(&button(label, url, &colour));
    }
    let soft = |line: &Paragraph| paragraph(line, " class=\"m-soft\"", ADDED, &colour);
    body.extend(words.adds.iter().map(soft));
    if !letter.own.is_empty() {
        let own: String = letter.own.iter().map(soft).collect();
        writeln!(body, "<div style=\"margin-top:24px\">\n{own}</div>").expect("a text takes all");
    }
    let foot: String =
        letter.foot.iter().map(|line| paragraph(line, "", "margin:0 0 8px", &colour)).collect();
    let (name, subject, heading) = (escaped(letter.name), escaped(&words.subject), escaped(&words.heading));
    let light = &colour.light;
    format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n\
         <title>{subject}</title>\n\
         <style>\n\
         @media (prefers-color-scheme: dark) {{\n\
         .m-page {{ background: #14191c !important; color: #e9eced !important }}\n\
         .m-soft {{ color: #b4bcc0 !important }}\n\
         .m-link {{ color: {light} !important }}\n\
         .m-go {{ background: {light} !important; color: #0f1d23 !important }}\n\
         .m-line {{ border-color: #3a4347 !important }}\n\
         }}\n\
         </style>\n\
         </head>\n\
         <body class=\"m-page\" style=\"margin:0;padding:0;background:#ffffff;color:#1d2529\">\n\
         <main style=\"{PAGE}\">\n\
         <p style=\"margin:0 0 28px;font-weight:bold\">{name}</p>\n\
         <h1 style=\"margin:0 0 16px;font-size:24px;line-height:1.25\">{heading}</h1>\n\
         {body}\
         <div class=\"m-line m-soft\" style=\"{FOOT}\">\n{foot}</div>\n\
         </main>\n\
         </body>\n\
         </html>\n"
    )
}

fn button(label: &str, url: &str, colour: &Colour) -> String {
    let (label, shown) = (escaped(label), escaped(shown(url)));
    let (url, main) = (escaped(url), &colour.main);
    format!(
        "<p style=\"{SAID}\"><a class=\"m-go\" href=\"{url}\" style=\"display:inline-block;background:{main};\
         color:#ffffff;text-decoration:none;font-weight:bold;padding:13px 24px;border-radius:7px\">{label}</a></p>\n\
         <p class=\"m-soft\" style=\"{ADDED}\">Or copy this into your browser: <a class=\"m-link\" href=\"{url}\" \
         style=\"color:{main};overflow-wrap:anywhere\">{shown}</a></p>\n"
    )
}

/// An address as a person types it.
fn shown(url: &str) -> &str {
    url.trim_start_matches("https://").trim_end_matches('/')
}

fn paragraph(paragraph: &Paragraph, class: &str, style: &str, colour: &Colour) -> String {
    match paragraph {
        Paragraph::Quote(words) => {
            format!("<p class=\"m-line\" style=\"{QUOTED}\">{}</p>\n", escaped(words))
        }
        Paragraph::Text(pieces) => {
            let inside: String = pieces.iter().map(|one| piece(one, colour)).collect();
            format!("<p{class} style=\"{style}\">{inside}</p>\n")
        }
    }
}

fn piece(piece: &Piece, colour: &Colour) -> String {
    match piece {
        Piece::Plain(words) => escaped(words),
        Piece::Strong(words) => format!("<strong>{}</strong>", escaped(words)),
        Piece::Link { label, url } => {
            let (label, url, main) = (escaped(label), escaped(url), &colour.main);
            format!("<a class=\"m-link\" href=\"{url}\" style=\"color:{main}\">{label}</a>")
        }
    }
}

/// Text that is nothing but text, in an element and in an attribute.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
        escaped
    })
}

/// The organisation's colour, which white text stands out on, and a light one of it, which stands out on a dark page.
pub(super) struct Colour {
    pub(super) main: String,
    pub(super) light: String,
}

/// Percent of white in the light colour: even of black that makes a grey with a contrast of 7 : 1 to the dark page.
const WHITE_PERCENT: u32 = 65;

impl Colour {
    pub(super) fn of(colour: &str) -> Self {
        let parsed = channels(colour).map(|channels| (colour.to_owned(), channels));
        let (main, channels) = parsed.unwrap_or_else(|| (Presentation::default().colour, [0x1f, 0x4f, 0x82]));
        let mut light = "#".to_owned();
        for channel in channels {
            let lighter = channel + (255 - channel) * WHITE_PERCENT / 100;
            write!(light, "{lighter:02x}").expect("a text takes all");
        }
        Self { main, light }
    }
}

fn channels(colour: &str) -> Option<[u32; 3]> {
    let digits = colour.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    Some([number >> 16, number >> 8 & 0xff, number & 0xff])
}
