use super::*;
use crate::evidence::http::HttpAnswer;

const NGINX: &str = "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not \
                     Found</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

fn page(kind: &str, body: &str) -> HttpAnswer {
    HttpAnswer {
        status: 404,
        server: None,
        content_type: Some(kind.into()),
        location: None,
        round: None,
        body: body.into(),
    }
}

#[test]
fn the_404_of_nginx_is_not_that_of_traefik() {
    let nginx = page("text/html", NGINX);
    assert!((nginx::TRAITS.is_unknown_name)(&nginx) && !is_go_404(&nginx));
    let go = page("text/plain; charset=utf-8", "404 page not found\n");
    assert!(is_go_404(&go) && !(nginx::TRAITS.is_unknown_name)(&go));
}

#[test]
fn each_controller_knows_its_own_answer_and_nobody_elses() {
    let blank = page("text/plain", "blank page");
    let who: Vec<&str> = known().filter(|one| (one.is_unknown_name)(&blank)).map(|one| one.program).collect();
    assert_eq!(who, ["paper"]);
}
