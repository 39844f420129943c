//! Files that are odd in one way each.

/// What the file is; the file; the file with the entry, `@` standing for it, and `LONG` for a long text.
pub(super) const ODD: &[(&str, &str, &str)] = &[
    (
        "anchors, an alias and a merge key",
        "x: 1\nservices:\n  nas: &nas { url: \"https://192.168.1.5:5001\" }\n  films: { <<: *nas, host: films }\n",
        "x: 1\nservices:\n  nas: &nas { url: \"https://192.168.1.5:5001\" }\n  films: { <<: *nas, host: films }\n  @\n",
    ),
    (
        "flow style",
        "services: { nas: { url: \"https://192.168.1.5:5001\" } }    # all of them\nwhoami: false\n",
        "services: { nas: { url: \"https://192.168.1.5:5001\" }, @ }    # all of them\nwhoami: false\n",
    ),
    (
        "flow style of several lines, with a comma at its end",
        "services: {\n  nas: { url: 'http://10.0.0.2' },   # one, two\n  tv: { url: 'http://10.0.0.3' },   # three\n}\n",
        "services: {\n  nas: { url: 'http://10.0.0.2' },   # one, two\n  tv: { url: 'http://10.0.0.3' }, @,   # three\n}\n",
    ),
    (
        "JSON",
        "{\"a\": 1, \"services\": {\"nas\": {\"url\": \"http://10.0.0.2\"}}}",
        "{\"a\": 1, \"services\": {\"nas\": {\"url\": \"http://10.0.0.2\"}, @}}",
    ),
    (
        "CRLF",
        "services:\r\n  nas: { url: x }\r\nwhoami: false\r\n",
        "services:\r\n  nas: { url: x }\r\n  @\r\nwhoami: false\r\n",
    ),
    (
        "tabs in comments",
        "services:\t# mine\t\n  nas: { url: x }\t# a\tb\n",
        "services:\t# mine\t\n  nas: { url: x }\t# a\tb\n  @\n",
    ),
    ("no newline at its end", "services:\n  nas: { url: x }", "services:\n  nas: { url: x }\n  @"),
    ("no newline at its end, CRLF", "a: 1\r\nservices:", "a: 1\r\nservices:\r\n  @"),
    (
        "services without a value",
        "services:   # none yet\n  # tv: { url: y }\nwhoami: false\n",
        "services:   # none yet\n  @\n  # tv: { url: y }\nwhoami: false\n",
    ),
    ("services with no entry in braces", "services: {}   # none yet\n", "services: { @ }   # none yet\n"),
    (
        "a byte order mark",
        "\u{feff}services:\n  nas: { url: x }\n",
        "\u{feff}services:\n  nas: { url: x }\n  @\n",
    ),
    (
        "names that look the same",
        "services:\n  photos-2: { url: x }\n  \"Photos\": { url: y }\n  # photos: { url: z }\n  nas: { url: z, annotations: { photos: 'services: photos:' } }\nimages: { services: a }\n",
        "services:\n  photos-2: { url: x }\n  \"Photos\": { url: y }\n  # photos: { url: z }\n  nas: { url: z, annotations: { photos: 'services: photos:' } }\n  @\nimages: { services: a }\n",
    ),
    (
        "comments between entries and behind the last",
        "services:\n  # first\n  nas: { url: x }   # beside\n\n  # second\n  tv:\n    # inside\n    url: y\n  # last\n\n# next section\nwhoami: false\n",
        "services:\n  # first\n  nas: { url: x }   # beside\n\n  # second\n  tv:\n    # inside\n    url: y\n  @\n  # last\n\n# next section\nwhoami: false\n",
    ),
    (
        "block scalars with services in them",
        "services:\n  nas:\n    url: x\n    annotations:\n      a: |\n        services:\n          photos: {}\n\n\nwhoami: false\n",
        "services:\n  nas:\n    url: x\n    annotations:\n      a: |\n        services:\n          photos: {}\n  @\n\n\nwhoami: false\n",
    ),
    (
        "another indentation",
        "  domain: a\n  services:\n        nas: { url: x }\n  whoami: false\n",
        "  domain: a\n  services:\n        nas: { url: x }\n        @\n  whoami: false\n",
    ),
    (
        "quoted keys, with a tag and an anchor",
        "\"services\": !!map &all\n  'nas': { \"url\": x }\n",
        "\"services\": !!map &all\n  'nas': { \"url\": x }\n  @\n",
    ),
    (
        "lines that go on and on",
        "services:\n  nas: { url: x, annotations: { a: 'LONG', b: \"LONG\n    LONG\" } }   # LONG\n  tv: { url: y }\n",
        "services:\n  nas: { url: x, annotations: { a: 'LONG', b: \"LONG\n    LONG\" } }   # LONG\n  tv: { url: y }\n  @\n",
    ),
    (
        "the key and its name elsewhere",
        "images: { services: photos }\nsection:\n  services:\n    photos: { url: a }\nlist: [ services: { photos: {} } ]\n# services:\n#   photos:\nservices:\n  nas: { url: x }\ntext: |\n  services:\n    photos: {}\n",
        "images: { services: photos }\nsection:\n  services:\n    photos: { url: a }\nlist: [ services: { photos: {} } ]\n# services:\n#   photos:\nservices:\n  nas: { url: x }\n  @\ntext: |\n  services:\n    photos: {}\n",
    ),
    (
        "letters of every width",
        "# über 家 🏠\nservices:   # für alle\n  nas: { url: x, annotations: { é: 'naïve 🏠' } }   # 家\n",
        "# über 家 🏠\nservices:   # für alle\n  nas: { url: x, annotations: { é: 'naïve 🏠' } }   # 家\n  @\n",
    ),
    (
        "one document between its marks",
        "%YAML 1.2\n---\nservices:\n  nas: { url: x }\n...\n",
        "%YAML 1.2\n---\nservices:\n  nas: { url: x }\n  @\n...\n",
    ),
];
