//! A program that homelab is to run, from an image.

use crate::cli::Expose;
use crate::commands::expose::backend::{Behind, with_rest};
use crate::config::edit::Setting;

/// What the entry says of it. Whether the image is there, only the node can see, when `up` runs it.
pub(super) fn behind(flags: &Expose, name: &str, image: &str) -> Behind {
    let mut settings = vec![("image", Setting::Text(image.to_owned()))];
    settings.extend(flags.port.map(|port| ("port", Setting::Number(port))));
    settings.extend(flags.data.iter().map(|path| ("data", Setting::Text(path.clone()))));
    let mut again = command!("sudo homelab expose {} --image {}", name, image);
    if let Some(port) = flags.port {
        again = again.and_then(|line| command!("{} --port {}", line, port.to_string()));
    }
    if let Some(path) = &flags.data {
        again = again.and_then(|line| command!("{} --data {}", line, path));
    }
    Behind { settings, warning: None, again: again.map(|line| with_rest(line, flags)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_and_the_command_for_root_say_what_was_asked_for() {
        let flags = Expose {
            name: Some("books".into()),
            image: Some("a/b:1".into()),
            port: Some(8083),
            data: Some("/config".into()),
            ..Expose::default()
        };
        let behind = behind(&flags, "books", "a/b:1");
        let text = |text: &str| Setting::Text(text.to_owned());
        assert_eq!(
            behind.settings,
            [("image", text("a/b:1")), ("port", Setting::Number(8083)), ("data", text("/config"))]
        );
        assert_eq!(
            behind.again.as_deref(),
            Some("sudo homelab expose books --image a/b:1 --port 8083 --data /config")
        );
    }
}
