//! A mail as the content rules see it (G3): its texts, those of its files and of mails within it.

use super::mime::{self, Incoming};
use crate::content_rules::is_text;
use domain::content::Scanned;

/// Bytes of one file that are looked at, and of all files of a mail together; as for what is written in the portal.
const FILE_BYTES: usize = 8 * 1024 * 1024;
const FILES_BYTES: usize = 32 * 1024 * 1024;
/// Mails within mails that are looked into.
const WITHIN: usize = 4;

impl Incoming {
    /// What rules look at. It takes time with the mail's size.
    pub(super) fn scanned(&self, sender: &str, recipients: &[String]) -> Scanned {
        let mut files = vec![];
        let mut left = FILES_BYTES;
        self.add_files(&mut files, &mut left, WITHIN);
        Scanned {
            sender: sender.to_owned(),
            recipients: recipients.to_vec(),
            subject: self.subject.clone(),
            headers: self.headers.clone(),
            text: self.text.clone(),
            files,
        }
    }

    fn add_files(&self, texts: &mut Vec<String>, left: &mut usize, within: usize) {
        for file in &self.files {
            let wanted = file.bytes.len().min(FILE_BYTES).min(*left);
            let is_mail = within > 0 && file.media_type == "message/rfc822" && wanted == file.bytes.len();
            if let Some(mail) = is_mail.then(|| mime::read(&file.bytes).ok()).flatten() {
                *left -= mail.text.len().min(*left);
                mail.add_files(texts, left, within - 1);
                texts.extend([mail.subject, mail.text]);
                continue;
            }
            if is_text(&file.media_type, &file.name) {
                *left -= wanted;
                texts.push(file.text(wanted));
            }
        }
    }
}
