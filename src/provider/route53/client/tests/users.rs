//! The users of organisations, at an IAM that answers in one form.

use serde_json::json;

use super::*;
use crate::provider::members::{Member, MemberApi};

const NAME: &str = "acme@attic";

fn acme() -> Member {
    Member { owner: "attic".into(), organisation: "acme".into(), cluster: "u-1".into() }
}

fn answer(action: &str, inside: &str) -> (u16, String) {
    let text = format!(
        "<{action}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><{action}Result>{inside}</{action}Result></{action}Response>"
    );
    (200, text)
}

fn refused(status: u16, code: &str, message: &str) -> (u16, String) {
    let text = format!(
        "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    );
    (status, text)
}

fn seen(tags: &str) -> String {
    format!(
        "<UserName>{NAME}</UserName><Path>/homelab/attic/</Path><UserId>U</UserId><Arn>arn:aws:iam::1:user/homelab/attic/{NAME}</Arn><CreateDate>2026-12-01T10:00:00Z</CreateDate>{tags}"
    )
}

/// The action of a request, and what it says.
fn action(request: &str) -> &str {
    let (_, said) = request.split_once("Action=").unwrap();
    said.split(['&', '\r', '\n']).next().unwrap()
}

/// An account with the user of an organisation, or without it.
fn account(has_user: bool) -> impl Fn(&str) -> (u16, String) + Send + 'static {
    move |request| match action(request) {
        "ListUsers" => {
            let users = if has_user { format!("<member>{}</member>", seen("")) } else { String::new() };
            answer("ListUsers", &format!("<IsTruncated>false</IsTruncated><Users>{users}</Users>"))
        }
        "GetUser" => {
            let tag = |key: &str, value: &str| {
                format!("<member><Key>homelab/{key}</Key><Value>{value}</Value></member>")
            };
            let tags = [tag("owner", "attic"), tag("organisation", "acme"), tag("cluster", "u-1")].concat();
            answer("GetUser", &format!("<User>{}</User>", seen(&format!("<Tags>{tags}</Tags>"))))
        }
        "ListUserPolicies" => answer(
            "ListUserPolicies",
            "<PolicyNames><member>organisation</member></PolicyNames><IsTruncated>false</IsTruncated>",
        ),
        "GetUserPolicy" => answer(
            "GetUserPolicy",
            &format!(
                "<UserName>{NAME}</UserName><PolicyName>organisation</PolicyName><PolicyDocument>%7B%22zone%22%3A%22Z1%22%7D</PolicyDocument>"
            ),
        ),
        "ListAccessKeys" => {
            let key = |id: &str, status: &str, day: &str| {
                format!(
                    "<member><UserName>{NAME}</UserName><AccessKeyId>{id}</AccessKeyId><Status>{status}</Status><CreateDate>2026-12-{day}T10:00:00Z</CreateDate></member>"
                )
            };
            let keys = key("AKIANEW", "Active", "02") + &key("AKIAOLD", "Inactive", "01");
            answer("ListAccessKeys", &format!("<AccessKeyMetadata>{keys}</AccessKeyMetadata>"))
        }
        "CreateAccessKey" => answer(
            "CreateAccessKey",
            &format!(
                "<AccessKey><UserName>{NAME}</UserName><AccessKeyId>AKIANEWEST</AccessKeyId><Status>Active</Status><SecretAccessKey>s3cret/of+acme</SecretAccessKey></AccessKey>"
            ),
        ),
        other => (200, format!("<{other}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"/>")),
    }
}

async fn with(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> (Client, Server) {
    let server = Canned::serve_by(answer).await;
    (client(&server), server)
}

fn actions(server: &Server) -> Vec<String> {
    server.requests().iter().map(|request| action(request).to_owned()).collect()
}

#[tokio::test]
async fn a_user_is_read_whole_the_oldest_key_first() {
    let (client, _) = with(account(true)).await;
    let user = client.user(&acme()).await.unwrap().unwrap();
    assert!(acme().is_it(&user) && user.name == NAME, "{user:?}");
    assert_eq!(user.rights["organisation"], json!({ "zone": "Z1" }));
    let keys: Vec<_> = user.keys.iter().map(|key| (key.id.as_str(), key.is_active)).collect();
    assert_eq!(keys, [("AKIAOLD", false), ("AKIANEW", true)]);
    let all = client.of_owner("attic").await.unwrap();
    assert!(all.len() == 1 && acme().is_it(&all[0]), "{all:?}");
}

#[tokio::test]
async fn a_user_that_is_not_there_is_told_by_the_list_from_a_right_that_is_missing() {
    let denied = |has_user: bool| {
        let account = account(has_user);
        with(move |request: &str| match action(request) {
            "GetUser" => refused(
                403,
                "AccessDenied",
                "User: arn:aws:iam::1:user/maker is not authorized to perform: iam:GetUser on resource: arn:aws:iam::1:user/acme@attic because no identity-based policy allows the iam:GetUser action",
            ),
            _ => account(request),
        })
    };
    let (client, server) = denied(false).await;
    assert_eq!(client.user(&acme()).await.unwrap(), None);
    assert_eq!(actions(&server), ["GetUser", "ListUsers"]);
    assert!(server.requests()[1].contains("PathPrefix=%2Fhomelab%2Fattic%2F"), "{}", server.requests()[1]);
    assert!(server.requests()[1].contains("/us-east-1/iam/aws4_request"));
    let (client, _) = denied(true).await;
    assert!(told(&client.user(&acme()).await.unwrap_err()).contains("iam:GetUser"));
}

#[tokio::test]
async fn a_user_that_the_list_does_not_have_yet_is_there() {
    let (whole, bare) = (account(true), account(false));
    let (client, _) = with(move |request: &str| match action(request) {
        "ListUsers" => bare(request),
        _ => whole(request),
    })
    .await;
    assert!(client.user(&acme()).await.unwrap().is_some_and(|user| acme().is_it(&user)));
}

#[tokio::test]
async fn a_user_that_was_just_made_and_is_not_known_everywhere_is_waited_for() {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let account = account(true);
    let (client, server) =
        with(move |request: &str| match asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => refused(404, "NoSuchEntity", "The user with name acme@attic cannot be found."),
            _ => account(request),
        })
        .await;
    client.make_key(NAME).await.unwrap();
    assert_eq!(actions(&server), ["CreateAccessKey", "CreateAccessKey"]);
}

#[tokio::test]
async fn a_user_is_made_with_its_path_and_all_tags() {
    let (client, server) = with(|request: &str| match action(request) {
        "CreateUser" => answer("CreateUser", &format!("<User>{}</User>", seen(""))),
        other => panic!("{other}"),
    })
    .await;
    client.make_user(&acme()).await.unwrap();
    let sent = server.requests().remove(0);
    for part in [
        "Path=%2Fhomelab%2Fattic%2F",
        "UserName=acme%40attic",
        "Tags.member.1.Key=homelab%2Fowner&Tags.member.1.Value=attic",
        "Tags.member.2.Key=homelab%2Forganisation&Tags.member.2.Value=acme",
        "Tags.member.3.Key=homelab%2Fcluster&Tags.member.3.Value=u-1",
    ] {
        assert!(sent.contains(part), "{part}: {sent}");
    }
}

#[tokio::test]
async fn a_name_that_somebody_else_has_is_told_with_what_to_do() {
    let (client, _) =
        with(|_: &str| refused(409, "EntityAlreadyExists", "User with name acme@attic already exists."))
            .await;
    let fault = client.make_user(&acme()).await.unwrap_err();
    assert!(told(&fault).contains("another user `acme@attic`"), "{}", told(&fault));
    assert!(hint(&fault).contains("another `dns.owner`"), "{}", hint(&fault));
}

#[tokio::test]
async fn the_secret_of_a_new_key_is_in_no_text() {
    let (client, _) = with(account(true)).await;
    let keyring = client.make_key(NAME).await.unwrap();
    assert_eq!(client.key_id(&keyring), Some("AKIANEWEST"));
    assert_eq!(keyring.get(SECRET_ACCESS_KEY).unwrap().expose(), "s3cret/of+acme");
    assert!(!format!("{keyring:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_key_is_asked_for_once_whatever_becomes_of_the_answer() {
    let (client, server) = with(|_: &str| refused(503, "ServiceUnavailable", "try again")).await;
    client.make_key(NAME).await.unwrap_err();
    assert_eq!(actions(&server), ["CreateAccessKey"]);
    client.delete_key(NAME, "AKIAOLD").await.unwrap_err();
    assert!(actions(&server).len() > 2, "everything else is asked for again: {:?}", actions(&server));
}

#[tokio::test]
async fn what_is_gone_already_is_deleted() {
    let (client, _) =
        with(|_: &str| refused(404, "NoSuchEntity", "The user with name acme@attic cannot be found.")).await;
    client.delete_key(NAME, "AKIAOLD").await.unwrap();
    client.revoke(NAME, "organisation").await.unwrap();
    client.delete_user(NAME).await.unwrap();
}

#[tokio::test]
async fn a_right_that_is_missing_is_named_with_what_it_is_for_and_where_the_policy_is() {
    let (client, _) = with(|_: &str| {
        let arn = "arn:aws:iam::123456789012:user/homelab/attic/acme@attic";
        let said = format!("User: arn:aws:iam::123456789012:user/lab is not authorized to perform: iam:CreateUser on resource: {arn} because no identity-based policy allows the iam:CreateUser action");
        refused(403, "AccessDenied", &said)
    })
    .await;
    let fault = client.make_user(&acme()).await.unwrap_err();
    let text = told(&fault);
    assert!(
        text.contains("`iam:CreateUser` on `arn:aws:iam::123456789012:user/homelab/attic/acme@attic`"),
        "{text}"
    );
    assert!(hint(&fault).contains("`homelab zone policy --for maker`"), "{}", hint(&fault));
}
