//! Whether a mail comes from whom it says, as the organisation's own mail server found out (RFC 8601).

use domain::address::Domain;

/// Whether the server that is believed says of this domain that the mail is its: by SPF, DKIM or DMARC. Only what stands first
/// counts: a server writes on top, and what is below it can have come with the mail.
pub(super) fn is_authentic(headers: &[(String, String)], server: &str, domain: &Domain) -> bool {
    let mut results = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Authentication-Results"));
    let Some((_, value)) = results.find(|(_, value)| is_of(value, server)) else { return false };
    let value = without_comments(value);
    value.split(';').skip(1).any(|result| proves(result, domain))
}

/// Whether a field was written by this server.
fn is_of(value: &str, server: &str) -> bool {
    let value = without_comments(value);
    let id = value.split(';').next().and_then(|id| id.split_whitespace().next());
    id.is_some_and(|id| id.eq_ignore_ascii_case(server))
}

/// Whether one result is a pass whose identity has this domain.
fn proves(result: &str, domain: &Domain) -> bool {
    let spaced = result.replace('=', " = ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let [method, "=", verdict, ..] = words[..] else { return false };
    let identity = match method.to_ascii_lowercase().as_str() {
        "spf" => "smtp.mailfrom",
        "dkim" => "header.d",
        "dmarc" => "header.from",
        _ => return false,
    };
    let proven = words.windows(3).find_map(|property| match *property {
        [name, "=", value] if name.eq_ignore_ascii_case(identity) => Some(value.trim_matches('"')),
        _ => None,
    });
    let of = |value: &str| Domain::parse(value.rsplit('@').next().unwrap_or_default()).ok();
    verdict.eq_ignore_ascii_case("pass") && proven.and_then(of).as_ref() == Some(domain)
}

/// A field without its comments, which may hold anything (RFC 5322 §3.2.2), and with nothing in quotation marks that would
/// part it.
fn without_comments(value: &str) -> String {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    let kept = |c: char| {
        let literal = std::mem::take(&mut escaped);
        match c {
            '\\' if !literal => escaped = true,
            '"' if !literal && depth == 0 => quoted = !quoted,
            '(' if !literal && !quoted => depth += 1,
            ')' if !literal && !quoted && depth > 0 => {
                depth -= 1;
                return None;
            }
            ';' | '=' | ' ' if quoted => return Some('_'),
            _ => {}
        }
        (depth == 0).then_some(c)
    };
    value.chars().filter_map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proven(values: &[&str]) -> bool {
        let headers: Vec<_> =
            values.iter().map(|value| ("authentication-results".to_owned(), (*value).to_owned())).collect();
        is_authentic(&headers, "mx.insurer.example", &Domain::parse("guest.example").unwrap())
    }

    /// B36: what the organisation's own server says of a mail's domain is believed, and nothing else.
    #[test]
    fn a_pass_of_the_domain_proves_it() {
        for value in [
            "mx.insurer.example; spf=pass smtp.mailfrom=ada@guest.example",
            "MX.Insurer.example 1; dkim=fail (bad) header.d=guest.example; dkim = pass header.i=@guest.example header.d=guest.example",
            "mx.insurer.example (postfix); dmarc=pass (p=none; x) header.from=Guest.Example",
            "mx.insurer.example; spf=pass smtp.mailfrom=\"guest.example\"",
        ] {
            assert!(proven(&[value]), "{value}");
        }
        for value in [
            "mx.insurer.example; none",
            "mx.insurer.example; spf=softfail smtp.mailfrom=guest.example",
            "mx.insurer.example; dkim=pass header.d=other.example",
            "mx.insurer.example; dkim=pass header.d=mail.guest.example",
            "mx.insurer.example; spf=pass smtp.helo=guest.example",
            "mx.insurer.example; spf=fail (x) (dmarc=pass header.from=guest.example)",
            "mx.insurer.example; x=\"; dkim=pass header.d=guest.example\"",
            "other.example; dkim=pass header.d=guest.example",
            "mx.insurer.example.other; dkim=pass header.d=guest.example",
            "dkim=pass header.d=guest.example",
            "",
        ] {
            assert!(!proven(&[value]), "{value}");
        }
    }

    /// B36: what came with the mail stands below what the server found, and is not believed.
    #[test]
    fn the_first_result_counts() {
        let found = "mx.insurer.example; spf=fail smtp.mailfrom=guest.example";
        let forged = "mx.insurer.example; spf=pass smtp.mailfrom=guest.example";
        assert!(!proven(&[found, forged]));
        assert!(proven(&["other.example; spf=fail smtp.mailfrom=guest.example", forged]));
    }
}
