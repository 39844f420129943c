//! What the ingress controllers are that homelab knows: how each answers for a name that it does not know.

use crate::evidence::http::HttpAnswer;

/// The 404 that ingress-nginx gives for a name it does not know: an HTML page signed `nginx`.
#[must_use]
pub fn is_nginx_404(answer: &HttpAnswer) -> bool {
    answer.status == 404 && answer.body.contains("<center>nginx")
}

/// The 404 of Go's standard library, which traefik gives for a name it does not know.
#[must_use]
pub fn is_go_404(answer: &HttpAnswer) -> bool {
    let plain = answer.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/plain"));
    answer.status == 404 && plain && answer.body.trim_end() == "404 page not found"
}

#[cfg(test)]
mod tests {
    use super::*;

    const NGINX: &str = "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not \
                         Found</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

    fn page(kind: &str, body: &str) -> HttpAnswer {
        HttpAnswer {
            status: 404,
            server: None,
            content_type: Some(kind.into()),
            location: None,
            body: body.into(),
        }
    }

    #[test]
    fn the_404_of_nginx_is_not_that_of_traefik() {
        let nginx = page("text/html", NGINX);
        assert!(is_nginx_404(&nginx) && !is_go_404(&nginx));
        let go = page("text/plain; charset=utf-8", "404 page not found\n");
        assert!(is_go_404(&go) && !is_nginx_404(&go));
    }
}
