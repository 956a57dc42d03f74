//! Files of the plugin and of the page.

use std::path::{Component, Path as FilePath, PathBuf};

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, Uri, header},
    response::Response,
};

use super::{Workbench, error::ApiError};

pub(super) async fn plugin_file(
    State(bench): State<Workbench>,
    Path((id, path)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    if id != bench.plugin.id {
        return Err(ApiError::NotFound(format!("there is no plugin {id:?}")));
    }
    read(&bench.plugin.folder, &path).await
}

/// A path with no extension is one of the page's rooms, which the page finds by itself.
pub(super) async fn page_file(State(bench): State<Workbench>, uri: Uri) -> Result<Response, ApiError> {
    let path = uri.path().trim_start_matches('/');
    let is_room = FilePath::new(path).extension().is_none();
    read(&bench.page, if is_room { "index.html" } else { path }).await
}

async fn read(folder: &FilePath, path: &str) -> Result<Response, ApiError> {
    let not_found = || ApiError::NotFound(format!("there is no file {path:?}"));
    let file = within(folder, path).ok_or_else(not_found)?;
    let bytes = tokio::fs::read(&file).await.map_err(|_unreadable| not_found())?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(&file)));
    // Both are rebuilt under the same names while one works on them.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// The file of this relative path, if the path does not lead out of the folder.
fn within(folder: &FilePath, path: &str) -> Option<PathBuf> {
    let relative = FilePath::new(path);
    let stays = relative.components().all(|component| matches!(component, Component::Normal(_)));
    stays.then(|| folder.join(relative))
}

fn content_type(file: &FilePath) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "md" | "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let folder = FilePath::new("/srv");
        assert_eq!(within(folder, "img/logo.svg"), Some("/srv/img/logo.svg".into()));
        for bad in ["../secret", "/etc/passwd", "img/../../secret"] {
            assert_eq!(within(folder, bad), None, "{bad}");
        }
    }
}
