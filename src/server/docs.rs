//! `/docs`: the API on one plain page, from the same description as `/openapi.json`. It needs no script and no network.

use std::fmt::Write as _;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use actix_web::web::Data;
use serde_json::{Map, Value};

use super::caller::Probe;
use super::probes::description;
use super::problem::Refusal;
use super::state::State;
use crate::api::paths;

/// Nothing is fetched and nothing runs, whatever stands in a description.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";
const STYLE: &str = "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}\
     code,pre,h3{font-family:monospace}table{border-collapse:collapse}\
     td,th{border:1px solid #999;padding:.2em .6em;text-align:left;vertical-align:top}section{margin:2em 0}\
     @media(prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8bf}}";
/// Methods in the order in which they are shown.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// How deep a schema is told in words before it is only named.
const DEPTH_MAX: usize = 4;

/// The API as one page for people.
#[utoipa::path(get, path = paths::DOCS, tag = "service",
    responses((status = 200, content_type = "text/html", body = String)))]
pub(super) async fn page(_: Probe, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let text = description(&state)?;
    let document: Value = serde_json::from_slice(&text)
        .map_err(|error| Refusal::internal(format!("the description does not read: {error}")))?;
    Ok(HttpResponse::Ok()
        .insert_header((
            CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ))
        .insert_header((CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)))
        .body(html(&document)))
}

/// The page of a description.
fn html(document: &Value) -> String {
    let mut page = String::new();
    let info = &document["info"];
    let title = escaped(text_of(&info["title"]));
    let version = escaped(text_of(&info["version"]));
    let about = escaped(text_of(&info["description"]));
    push(
        &mut page,
        format_args!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>{title} {version}: API</title><style>{STYLE}</style></head>\n\
             <body><h1>{title} {version}: API</h1>\n<p>{about}</p>\n<p>For programs: \
             <a href=\"/openapi.json\">/openapi.json</a>.</p>\n"
        ),
    );
    let empty = Map::new();
    let routes = document["paths"].as_object().unwrap_or(&empty);
    let operations: Vec<(&str, &str, &Value)> = routes
        .iter()
        .flat_map(|(path, methods)| {
            METHODS.iter().filter_map(move |&method| {
                let operation = methods.get(method)?;
                Some((method, path.as_str(), operation))
            })
        })
        .collect();
    page.push_str("<ul>\n");
    for (index, (method, path, operation)) in operations.iter().enumerate() {
        let summary = escaped(text_of(&operation["summary"]));
        let (method, path) = (method.to_uppercase(), escaped(path));
        push(
            &mut page,
            format_args!(
                "<li><a href=\"#r{index}\"><code>{method} {path}</code></a> {summary}</li>\n"
            ),
        );
    }
    page.push_str("</ul>\n");
    for (index, (method, path, operation)) in operations.iter().enumerate() {
        route(&mut page, index, (method, path), operation);
    }
    schemas(&mut page, document);
    page.push_str("</body></html>\n");
    page
}

fn route(page: &mut String, index: usize, (method, path): (&str, &str), operation: &Value) {
    let (method, path) = (method.to_uppercase(), escaped(path));
    push(
        page,
        format_args!("<section id=\"r{index}\"><h3>{method} {path}</h3>\n"),
    );
    for member in ["summary", "description"] {
        let text = escaped(text_of(&operation[member]));
        if !text.is_empty() {
            push(page, format_args!("<p>{text}</p>\n"));
        }
    }
    let parameters = operation["parameters"].as_array();
    if let Some(parameters) = parameters.filter(|list| !list.is_empty()) {
        page.push_str("<table><tr><th>parameter</th><th>in</th><th>what</th></tr>\n");
        for parameter in parameters {
            let name = escaped(text_of(&parameter["name"]));
            let place = escaped(text_of(&parameter["in"]));
            let about = escaped(text_of(&parameter["description"]));
            push(
                page,
                format_args!(
                    "<tr><td><code>{name}</code></td><td>{place}</td><td>{about}</td></tr>\n"
                ),
            );
        }
        page.push_str("</table>\n");
    }
    for (media, body) in members(&operation["requestBody"]["content"]) {
        let shape = shape(&body["schema"], 0);
        let media = escaped(media);
        push(page, format_args!("<p>Takes {media}: {shape}</p>\n"));
    }
    page.push_str("<table><tr><th>status</th><th>answer</th></tr>\n");
    for (status, answer) in members(&operation["responses"]) {
        let about = escaped(text_of(&answer["description"]));
        let content = members(&answer["content"]).next();
        let shape = content.map_or_else(String::new, |(_, body)| shape(&body["schema"], 0));
        let status = escaped(status);
        push(
            page,
            format_args!("<tr><td>{status}</td><td>{about} {shape}</td></tr>\n"),
        );
    }
    page.push_str("</table></section>\n");
}

/// Every named shape with its members.
fn schemas(page: &mut String, document: &Value) {
    page.push_str("<h2>Shapes</h2>\n");
    for (name, schema) in members(&document["components"]["schemas"]) {
        let (name, about) = (escaped(name), escaped(text_of(&schema["description"])));
        push(
            page,
            format_args!("<section id=\"s-{name}\"><h3>{name}</h3>\n<p>{about}</p>\n"),
        );
        let properties: Vec<(&str, &Value)> = members(&schema["properties"])
            .chain(
                schema["allOf"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .flat_map(|part| members(&part["properties"])),
            )
            .collect();
        if !properties.is_empty() {
            page.push_str("<table><tr><th>member</th><th>shape</th><th>what</th></tr>\n");
        }
        for (member, inner) in &properties {
            let (member, about) = (escaped(member), escaped(text_of(&inner["description"])));
            let shape = shape(inner, 0);
            push(
                page,
                format_args!(
                    "<tr><td><code>{member}</code></td><td>{shape}</td><td>{about}</td></tr>\n"
                ),
            );
        }
        if !properties.is_empty() {
            page.push_str("</table>\n");
        }
        page.push_str("</section>\n");
    }
}

/// A schema in few words; named ones are links.
fn shape(schema: &Value, depth: usize) -> String {
    if let Some(name) = text_of(&schema["$ref"]).strip_prefix("#/components/schemas/") {
        let name = escaped(name);
        return format!("<a href=\"#s-{name}\">{name}</a>");
    }
    if depth >= DEPTH_MAX {
        return "…".to_owned();
    }
    for member in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[member].as_array() {
            let parts: Vec<String> = parts
                .iter()
                .map(|part| shape(part, depth + 1))
                .filter(|part| part != "null")
                .collect();
            return parts.join(" or ");
        }
    }
    let kinds = match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds
            .iter()
            .map(text_of)
            .filter(|kind| *kind != "null")
            .collect(),
        _ => Vec::new(),
    };
    if kinds == ["array"] {
        return format!("array of {}", shape(&schema["items"], depth + 1));
    }
    escaped(&kinds.join(" or "))
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let object = value.as_object().into_iter().flatten();
    object.map(|(name, value)| (name.as_str(), value))
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn push(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String does not fail.
    let _ = page.write_fmt(text);
}

/// Text as it stands in HTML: also what a contract's file says of itself.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_description_says_is_text_and_never_markup() {
        let document = serde_json::json!({
            "info": {"title": "<script>x</script>", "description": "a & b", "version": "1"},
            "paths": {"/x\"><img>": {"get": {"summary": "it's <b>", "responses": {"200": {"description": "<i>"}}}}},
            "components": {"schemas": {"A<": {"properties": {"m<": {"type": "string", "description": "<u>"}}}}},
        });
        let page = html(&document);
        for markup in ["<script", "<img", "<b>", "<i>", "<u>", "A<", "m<"] {
            assert!(!page.contains(markup), "{markup} in {page}");
        }
        assert!(page.contains("a &amp; b") && page.contains("it&#39;s &lt;b&gt;"));
    }
}
