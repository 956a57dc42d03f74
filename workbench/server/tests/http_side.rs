//! Grafana's HTTP side over a real process, as the page calls it.

mod echo;

use std::{env, fs, path::Path};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header},
};
use futures::StreamExt;
use goldwire_workbench::grafana::{PluginError, Workbench};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

/// A plugin's folder with the example plugin in it, and a page.
fn installed() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("plugin.json", r#"{"id": "echo", "name": "Echo", "type": "datasource", "executable": "gpx_echo"}"#);
    write("module.js", "define([], () => ({}))");
    write("index.html", "<title>page</title>");
    let arch = if env::consts::ARCH == "aarch64" { "arm64" } else { "amd64" };
    std::os::unix::fs::symlink(echo::plugin(), folder.path().join(format!("gpx_echo_linux_{arch}"))).unwrap();
    folder
}

async fn workbench(folder: &Path) -> Router {
    Workbench::start(folder, folder).await.unwrap().router()
}

fn request(method: Method, path: &str, body: &Value) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:3300");
    request.header(header::CONTENT_TYPE, "application/json").body(body.to_string().into()).unwrap()
}

async fn ask(bench: &Router, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
    let response = bench.clone().oneshot(request(method, path, &body)).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into()))
}

async fn add(bench: &Router, name: &str) -> String {
    let body = json!({"name": name, "type": "echo", "secureJsonData": {"token": "hush"}});
    let (status, added) = ask(bench, Method::POST, "/api/datasources", body).await;
    assert_eq!(status, StatusCode::OK, "{added}");
    added["datasource"]["uid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_panels_queries_are_answered_with_frames() {
    let folder = installed();
    let bench = workbench(folder.path()).await;
    let uid = add(&bench, "Echo").await;
    let good = json!({"refId": "A", "queryType": "signals", "datasource": {"uid": uid}});
    let body = json!({"queries": [good], "from": "1000", "to": 2000});
    let (status, answer) = ask(&bench, Method::POST, "/api/ds/query", body).await;
    let frame = &answer["results"]["A"]["frames"][0];
    assert_eq!((status, &frame["schema"]["name"]), (StatusCode::OK, &json!("echo")));
    assert_eq!(frame["data"]["values"][1], json!(["1000..2000"]));
    let bad = json!({"refId": "B", "queryType": "fail", "datasource": {"uid": uid}});
    let (status, answer) =
        ask(&bench, Method::POST, "/api/ds/query", json!({"queries": [bad], "from": 0, "to": 1})).await;
    assert_eq!((status, &answer["results"]["B"]["error"]), (StatusCode::BAD_REQUEST, &json!("as asked")));
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_with_words() {
    let folder = installed();
    let bench = workbench(folder.path()).await;
    let query = |queries: Value, from: Value| json!({"queries": queries, "from": from, "to": 1});
    let unknown = json!([{"datasource": {"uid": "none"}}]);
    for (body, status, words) in [
        (query(json!([]), json!(0)), 400, "no queries found"),
        (query(json!([{}]), json!(0)), 400, "a query names no data source"),
        (query(json!([{}]), json!("yesterday")), 400, "from is \"yesterday\", not milliseconds since the epoch"),
        (query(unknown, json!(0)), 404, "there is no data source \"none\""),
    ] {
        let (got, answer) = ask(&bench, Method::POST, "/api/ds/query", body).await;
        assert_eq!((got.as_u16(), answer["message"].as_str()), (status, Some(words)));
    }
    assert_eq!(ask(&bench, Method::GET, "/api/folders", Value::Null).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn health_and_resources_reach_the_plugin() {
    let folder = installed();
    let bench = workbench(folder.path()).await;
    let (well, sick) = (add(&bench, "well").await, add(&bench, "sick").await);
    let health = |uid: &str| format!("/api/datasources/uid/{uid}/health");
    let (status, answer) = ask(&bench, Method::GET, &health(&well), Value::Null).await;
    assert_eq!((status, &answer["status"], &answer["message"]), (StatusCode::OK, &json!("OK"), &json!("well")));
    assert_eq!(ask(&bench, Method::GET, &health(&sick), Value::Null).await.0, StatusCode::BAD_REQUEST);
    let path = format!("/api/datasources/uid/{well}/resources/filter/check?x=1");
    let (status, answer) = ask(&bench, Method::POST, &path, json!({})).await;
    let asked = json!({"asked": "POST filter/check filter/check?x=1", "bytes": 2});
    assert_eq!((status.as_u16(), answer), (203, asked));
}

#[tokio::test]
async fn a_live_channel_is_a_stream_of_lines() {
    let folder = installed();
    let bench = workbench(folder.path()).await;
    let uid = add(&bench, "Echo").await;
    let body = json!({"channel": format!("ds/{uid}/live/1"), "data": {"live": true}});
    let response = bench.clone().oneshot(request(Method::POST, "/api/live/subscribe", &body)).await.unwrap();
    let mut lines = response.into_body().into_data_stream();
    let mut next = async || serde_json::from_slice::<Value>(&lines.next().await.unwrap().unwrap()).unwrap();
    assert_eq!(next().await, json!({"type": "subscribed", "data": {"live": true}}));
    assert_eq!(next().await, json!({"type": "message", "data": {"live/1": 0}}));
    let body = json!({"channel": format!("ds/{uid}/other")});
    let (status, _) = ask(&bench, Method::POST, "/api/live/subscribe", body).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn files_of_plugin_and_page_are_served_to_own_pages_only() {
    let folder = installed();
    let bench = workbench(folder.path()).await;
    let get = |path: &'static str| ask(&bench, Method::GET, path, Value::Null);
    assert_eq!(get("/public/plugins/echo/module.js").await.1, "define([], () => ({}))");
    assert_eq!(get("/explore").await.1, "<title>page</title>");
    for absent in ["/public/plugins/other/module.js", "/public/plugins/echo/..%2Fx", "/none.js"] {
        assert_eq!(get(absent).await.0, StatusCode::NOT_FOUND, "{absent}");
    }
    let (_, settings) = get("/api/plugins/echo/settings").await;
    assert_eq!(settings["module"], "public/plugins/echo/module.js");
    let mut foreign = request(Method::GET, "/api/datasources", &Value::Null);
    foreign.headers_mut().insert(header::HOST, "example.org".parse().unwrap());
    assert_eq!(bench.clone().oneshot(foreign).await.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_folder_without_a_plugin_says_what_to_do() {
    let folder = TempDir::new().unwrap();
    let error = Workbench::start(folder.path(), folder.path()).await.unwrap_err();
    assert!(matches!(error, PluginError::Absent { .. }) && error.to_string().ends_with("run cargo xtask dist"));
    fs::write(folder.path().join("plugin.json"), r#"{"id": "x"}"#).unwrap();
    let error = Workbench::start(folder.path(), folder.path()).await.unwrap_err();
    assert!(error.to_string().ends_with("plugin.json has no usable executable"), "{error}");
}
