//! The lines of a log as Kubernetes' own programs write them, and many others with them.

/// The letter of a line's severity: `I`, `W`, `E` or `F`; `None` where klog did not write the line. It writes
/// `E0601 11:58:00.000000       1 file.go:7] text`: the letter with month and day, the time, the thread, the place
/// (k8s.io/klog/v2, klog.go, `formatHeader`).
#[must_use]
pub fn severity(line: &str) -> Option<char> {
    let letter = line.chars().next().filter(|letter| "IWEF".contains(*letter))?;
    let mut parts = line[1..].split(' ').filter(|part| !part.is_empty());
    let (day, time) = (parts.next()?, parts.next()?);
    let is_day = day.len() == 4 && day.bytes().all(|byte| byte.is_ascii_digit());
    (is_day && time.contains(':')).then_some(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_klog_is_told_from_all_others() {
        assert_eq!(severity("E0601 11:58:00.000000       1 x.go:1] dial tcp"), Some('E'));
        assert_eq!(severity("I1126 03:10:00.000001       7 controller.go:193] \"x\""), Some('I'));
        for line in
            ["", "E", "E0601", "E0601 text", "Error: 11:58", "F1 11:58:00", "ünder 11:58", "I06012 1:2"]
        {
            assert_eq!(severity(line), None, "{line}");
        }
    }
}
