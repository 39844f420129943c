//! Variables of the environment.

/// Their names, in words.
#[must_use]
pub fn told(variables: &[&str]) -> String {
    let names: Vec<String> = variables.iter().map(|name| format!("`{name}`")).collect();
    format!("the variable{} {}", if names.len() > 1 { "s" } else { "" }, names.join(" and "))
}
