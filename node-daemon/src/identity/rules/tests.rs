//! Rules as people write them.

use super::*;

const FILE: &str = r#"
rules:
  - match:
      executable: /usr/bin/python3*
      arguments: ["*worker.py*", "*worker -q*"]
    workload: worker
  - match: { unit: "nginx*", user: www-data }
    workload: edge
  - match:
      labels: { tier: "db*" }
      image: postgres:*
    workload: database
  - match: { process: "java" }
    workload: any-java
"#;

fn parse(text: &str) -> Result<WorkloadRules, String> {
    WorkloadRules::parse(text, Path::new("w.yaml")).map_err(|error| error.to_string())
}

fn identity() -> Identity {
    Identity::new(7, 0, "java".into(), "own".into())
}

#[test]
fn the_first_rule_that_fits_names_the_workload() {
    let rules = parse(FILE).expect("rules");
    let workload = |identity, path: &str| rules.apply(identity, &Cgroup::of_path(path)).workload.to_string();
    assert_eq!((rules.count(), rules.want_arguments()), (4, true));
    let python = Identity {
        process: "python3".into(),
        executable: Some("/usr/bin/python3.11".into()),
        arguments: Some("python3 /srv/worker.py --queue a".into()),
        ..identity()
    };
    assert_eq!(workload(python.clone(), "/"), "worker");
    assert_eq!(workload(Identity { arguments: None, ..python.clone() }, "/"), "own", "what is absent fits nothing");
    assert_eq!(workload(Identity { process: "java".into(), ..python }, "/"), "worker", "the order counts");
    let www = Identity { process: "nginx".into(), user: Some("www-data".into()), ..identity() };
    assert_eq!(workload(www.clone(), "/system.slice/nginx-edge.service"), "edge");
    assert_eq!(workload(www, "/system.slice/other.service"), "own");
    let labels = Arc::from([("tier".into(), "db-1".into())]);
    let database = Identity { image: Some("postgres:17".into()), labels, ..identity() };
    assert_eq!(workload(database, "/"), "database");
    assert_eq!(workload(identity(), "/"), "any-java");
}

#[test]
fn a_bad_file_says_where_and_what_was_expected() {
    for (text, expected) in [
        (
            "rules:\n  - match: { executabel: x }\n    workload: a\n",
            "w.yaml, line 2, column 14: there is no key `executabel` here: did you mean `executable`?; expected executable, process,",
        ),
        (
            "rules:\n  - match: { process: x }\n    worklod: a\n",
            "line 3, column 5: there is no key `worklod` here: did you mean `workload`?; expected match, workload",
        ),
        ("rules:\n  - match: {}\n    workload: a\n", "line 2"),
        ("rules:\n  - match: { process: [] }\n    workload: a\n", "text such as"),
        ("rules:\n  - match: { process: { a: b } }\n    workload: a\n", "text such as"),
        ("rules:\n  - match: { process: x }\n    workload: ''\n", "needs a name"),
        ("rules:\n  - match: { process: x }\n", "workload"),
        ("rule: []\n", "did you mean `rules`"),
        ("rules: [\n", "line"),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let missing = WorkloadRules::read(Path::new("/nowhere/w.yaml")).unwrap_err().to_string();
    assert!(missing.starts_with("failed to read /nowhere/w.yaml: "), "{missing}");
}

#[test]
fn the_example_is_taken() {
    let example = include_str!("../../../../deploy/workloads/workloads.yaml");
    assert_eq!(parse(example).expect("rules").count(), 4);
}
