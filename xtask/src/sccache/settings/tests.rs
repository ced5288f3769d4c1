//! Which settings come of what is wanted, and what is refused.

use super::*;

fn text(wanted: &Wanted) -> String {
    let pairs = variables(wanted).unwrap();
    pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn every_backend_gets_its_documented_variables() {
    let local = Wanted { dir: some("/c"), size: some("20G"), ..Wanted::of(Backend::Local) };
    assert_eq!(
        text(&local),
        "SCCACHE_DIR=/c SCCACHE_CACHE_SIZE=20G SCCACHE_IGNORE_SERVER_IO_ERROR=1"
    );
    let redis = Wanted {
        endpoint: some("redis://h:1"),
        key_prefix: some("ws"),
        expiration: Some(60),
        read_only: true,
        ..Wanted::of(Backend::Redis)
    };
    assert_eq!(
        text(&redis),
        "SCCACHE_REDIS_ENDPOINT=redis://h:1 SCCACHE_REDIS_EXPIRATION=60 SCCACHE_REDIS_KEY_PREFIX=ws \
         SCCACHE_REDIS_RW_MODE=READ_ONLY SCCACHE_IGNORE_SERVER_IO_ERROR=1 SCCACHE_SKIP_CACHE_CHECK=1"
    );
    let s3 = Wanted { bucket: some("b"), region: some("r"), ..Wanted::of(Backend::S3) };
    assert!(text(&s3).starts_with("SCCACHE_BUCKET=b SCCACHE_REGION=r SCCACHE_IGNORE"));
    let minio =
        Wanted { bucket: some("b"), endpoint: some("http://m:9000"), ..Wanted::of(Backend::S3) };
    assert!(
        text(&minio).contains(
            "SCCACHE_REGION=auto SCCACHE_ENDPOINT=http://m:9000 SCCACHE_S3_USE_SSL=false"
        )
    );
    let gcs = Wanted { bucket: some("b"), ..Wanted::of(Backend::Gcs) };
    assert!(text(&gcs).starts_with("SCCACHE_GCS_BUCKET=b SCCACHE_GCS_RW_MODE=READ_WRITE "));
    let webdav = Wanted {
        endpoint: some("https://w/x"),
        key_prefix: some("p"),
        ..Wanted::of(Backend::Webdav)
    };
    assert!(
        text(&webdav)
            .starts_with("SCCACHE_WEBDAV_ENDPOINT=https://w/x SCCACHE_WEBDAV_KEY_PREFIX=p ")
    );
    let cluster =
        Wanted { endpoint: some("redis://a:1,redis://b:1"), ..Wanted::of(Backend::Redis) };
    assert!(text(&cluster).starts_with("SCCACHE_REDIS_CLUSTER_ENDPOINTS="));
}

#[test]
fn a_local_cache_in_front_is_a_chain_that_no_refused_write_breaks() {
    let wanted =
        Wanted { endpoint: some("redis://h"), local_first: true, ..Wanted::of(Backend::Redis) };
    assert!(text(&wanted).contains(
        "SCCACHE_MULTILEVEL_CHAIN=disk,redis SCCACHE_MULTILEVEL_WRITE_ERROR_POLICY=ignore"
    ));
}

#[test]
fn the_variables_known_as_own_are_those_that_are_written_and_none_is_a_secret() {
    let mut written = std::collections::BTreeSet::new();
    for backend in [Backend::Local, Backend::Redis, Backend::S3, Backend::Gcs, Backend::Webdav] {
        let is_remote = backend != Backend::Local;
        for endpoint in ["http://h", "http://h,http://i"] {
            let wanted = Wanted {
                endpoint: some(endpoint).filter(|_| is_remote && backend != Backend::Gcs),
                bucket: some("b").filter(|_| matches!(backend, Backend::S3 | Backend::Gcs)),
                region: some("r").filter(|_| backend == Backend::S3),
                key_prefix: some("p").filter(|_| is_remote),
                expiration: Some(1).filter(|_| backend == Backend::Redis),
                dir: some("/d"),
                size: some("1G"),
                read_only: true,
                local_first: is_remote,
                backend,
            };
            written.extend(variables(&wanted).unwrap().into_iter().map(|(key, _)| key));
        }
    }
    assert_eq!(written, OWN.into());
    assert!(SECRETS.iter().all(|secret| !written.contains(secret)));
}

#[test]
fn what_is_missing_or_means_nothing_is_said_with_the_flag() {
    for (wanted, said) in [
        (Wanted::of(Backend::Redis), "needs `--endpoint`"),
        (Wanted::of(Backend::S3), "needs `--bucket`"),
        (Wanted { bucket: some("b"), ..Wanted::of(Backend::S3) }, "needs `--region`"),
        (Wanted::of(Backend::Gcs), "needs `--bucket`"),
        (Wanted::of(Backend::Webdav), "needs `--endpoint`"),
        (Wanted { bucket: some("b"), ..Wanted::of(Backend::Local) }, "`--bucket` means nothing"),
        (
            Wanted { local_first: true, ..Wanted::of(Backend::Local) },
            "`--local-first` means nothing",
        ),
        (
            Wanted { endpoint: some("redis://h"), size: some("1G"), ..Wanted::of(Backend::Redis) },
            "`--size` means nothing",
        ),
    ] {
        let error = variables(&wanted).unwrap_err();
        assert!(error.contains(said), "`{said}` in {error}");
    }
}

#[test]
fn what_sccache_would_pass_over_without_a_word_is_refused() {
    for size in ["20GB", "20 G", "G", "-1", "1.5G"] {
        let wanted = Wanted { size: some(size), ..Wanted::of(Backend::Local) };
        let error = variables(&wanted).unwrap_err();
        assert!(error.contains(size) && error.contains("hint: "), "{error}");
    }
    for size in ["20G", "20g", "512M", "1073741824"] {
        let wanted = Wanted { size: some(size), ..Wanted::of(Backend::Local) };
        assert!(text(&wanted).contains(&format!("SCCACHE_CACHE_SIZE={size}")));
    }
    for dir in ["cache", "./cache", "~/cache"] {
        let wanted = Wanted { dir: some(dir), ..Wanted::of(Backend::Local) };
        let error = variables(&wanted).unwrap_err();
        assert!(error.contains(dir) && error.contains("not absolute"), "{error}");
    }
    for empty in ["", " "] {
        let wanted = Wanted { endpoint: some(empty), ..Wanted::of(Backend::Redis) };
        assert!(variables(&wanted).unwrap_err().contains("`--endpoint` is empty"));
    }
}

#[test]
fn no_credential_is_taken_from_any_flag_and_none_is_repeated() {
    for value in [
        "redis://user:hunter2@h:6379",
        "redis://:hunter2@h:6379",
        "rediss://user@h",
        "redis://h:1,redis://u:hunter2@h:2",
        "user:hunter2@h:6379",
        "https://h/x?password=hunter2",
        "https://h/x?a=1&Token=hunter2",
        "AKIAHUNTER2HUNTER2AA",
        "http://h/?sig=hunter2",
    ] {
        for (flag, wanted) in [
            ("--endpoint", Wanted { endpoint: some(value), ..Wanted::of(Backend::Redis) }),
            (
                "--key-prefix",
                Wanted {
                    endpoint: some("h"),
                    key_prefix: some(value),
                    ..Wanted::of(Backend::Redis)
                },
            ),
            ("--bucket", Wanted { bucket: some(value), ..Wanted::of(Backend::S3) }),
            ("--dir", Wanted { dir: some(value), ..Wanted::of(Backend::Local) }),
        ] {
            let error = variables(&wanted).unwrap_err();
            assert!(error.contains(flag) && error.contains("hint: "), "{error}");
            assert!(!error.to_lowercase().contains("hunter2"), "{error}");
        }
    }
    for value in
        ["redis://h:6379", "rediss://@1.2.3.4:6379", "unix:///run/redis.sock", "h", "https://h/a@b"]
    {
        assert_eq!(refuse_secret("--endpoint", value, Backend::Redis), Ok(()), "{value}");
    }
}

#[test]
fn the_variable_to_use_instead_is_named_for_each_backend() {
    for (backend, variable) in [
        (Backend::Redis, "SCCACHE_REDIS_PASSWORD"),
        (Backend::S3, "AWS_SECRET_ACCESS_KEY"),
        (Backend::Gcs, "SCCACHE_GCS_KEY_PATH"),
        (Backend::Webdav, "SCCACHE_WEBDAV_TOKEN"),
    ] {
        let error = refuse_secret("--endpoint", "x://u:p@h", backend).unwrap_err();
        assert!(error.contains(variable), "{error}");
    }
}

#[test]
fn a_server_is_named_without_user_and_password() {
    assert_eq!(
        without_credentials("redis, name: redis://u:p@h:1, prefix: /, also http://x@y/z@w"),
        "redis, name: redis://h:1, prefix: /, also http://y/z@w"
    );
    assert_eq!(without_credentials("Local disk: \"/a@b\""), "Local disk: \"/a@b\"");
}

#[test]
fn a_setting_with_a_credential_of_any_form_is_not_shown() {
    for value in ["user:hunter2@h:6379", ":hunter2@a:1,:hunter2@b:2", "https://h/?sig=hunter2"] {
        assert_eq!(shown(value), HIDDEN, "{value}");
    }
    assert_eq!(shown("redis://u:hunter2@h:1,redis://u:hunter2@i:1"), "redis://h:1,redis://i:1");
    for value in ["redis://h:6379", "/home/a@b/cache", "20G", "1"] {
        assert_eq!(shown(value), value);
    }
}

#[test]
fn a_storage_that_no_setup_writes_is_named_where_sccache_prefers_it() {
    let foreign = |set: &[&str]| foreign_storage(|name| set.contains(&name));
    assert_eq!(foreign(&[]), None);
    assert_eq!(foreign(&["SCCACHE_DIR"]), None);
    assert_eq!(foreign(&["SCCACHE_GHA_ENABLED"]), Some("SCCACHE_GHA_ENABLED"));
    assert_eq!(foreign(&["SCCACHE_COS_BUCKET"]), Some("SCCACHE_COS_BUCKET"));
    assert_eq!(foreign(&["SCCACHE_GHA_ENABLED", "SCCACHE_REDIS_ENDPOINT"]), None);
    assert_eq!(foreign(&["SCCACHE_GHA_ENABLED", "SCCACHE_GCS_BUCKET"]), None);
    let memcached = ["SCCACHE_MEMCACHED", "SCCACHE_GCS_BUCKET"];
    assert_eq!(foreign(&memcached), Some("SCCACHE_MEMCACHED"));
    assert_eq!(foreign(&["SCCACHE_OSS_BUCKET", "SCCACHE_WEBDAV_ENDPOINT"]), None);
}

#[test]
fn the_backend_is_told_by_what_is_set() {
    assert_eq!(backend_of(|_| false), Backend::Local);
    assert_eq!(backend_of(|name| name == "SCCACHE_DIR"), Backend::Local);
    assert_eq!(backend_of(|name| name == "SCCACHE_REDIS_CLUSTER_ENDPOINTS"), Backend::Redis);
    assert_eq!(backend_of(|name| name == "SCCACHE_GCS_BUCKET"), Backend::Gcs);
    assert_eq!(backend_of(|name| name == "SCCACHE_WEBDAV_ENDPOINT"), Backend::Webdav);
    assert_eq!(backend_of(|name| name.ends_with("BUCKET")), Backend::S3);
}
