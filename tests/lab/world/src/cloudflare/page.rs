//! Lists in pages.

use serde_json::{Value, json};

use super::filter::{Query, value};

/// One page of a list and its `result_info`. A page past the end is empty, and no error: clients stop there.
pub(crate) fn page<T>(items: Vec<T>, query: &Query, default: usize, most: usize) -> (Vec<T>, Value) {
    let number = |key: &str| value(query, key).and_then(|text| text.parse::<usize>().ok());
    let per_page = number("per_page").unwrap_or(default).clamp(1, most);
    let page = number("page").unwrap_or(1).max(1);
    let total = items.len();
    let items: Vec<T> = items.into_iter().skip((page - 1).saturating_mul(per_page)).take(per_page).collect();
    let info = json!({
        "page": page, "per_page": per_page, "count": items.len(), "total_count": total,
        "total_pages": total.div_ceil(per_page),
    });
    (items, info)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(query: &[(&str, &str)]) -> (Vec<u32>, Value) {
        let query: Vec<(String, String)> =
            query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        page((1..=5).collect(), &query, 100, 1000)
    }

    #[test]
    fn the_last_page_may_be_short_and_the_one_after_it_is_empty() {
        assert_eq!(ask(&[("per_page", "2"), ("page", "3")]).0, [5]);
        let (items, info) = ask(&[("per_page", "2"), ("page", "4")]);
        assert!(items.is_empty());
        assert_eq!(
            (&info["count"], &info["total_count"], &info["total_pages"]),
            (&json!(0), &json!(5), &json!(3))
        );
    }

    #[test]
    fn without_wishes_the_default_page_is_answered() {
        let (items, info) = ask(&[]);
        assert_eq!((items.len(), &info["per_page"], &info["page"]), (5, &json!(100), &json!(1)));
    }
}
