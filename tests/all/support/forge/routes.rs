//! The forge's API: which request gets which answer.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode, header};
use data_encoding::BASE64;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use url::form_urlencoded;

use super::answers::{PageWish, document, found, page};
use super::faults::{ForgeFault, status};
use super::gitlab;
use super::state::{FakePull, ForgeRequest, ForgeState};
use super::{REPOSITORY, TOKEN};

/// The longest comment, in characters.
const COMMENT_CHARS_MAX: usize = 65_536;

type Shared = (Arc<Mutex<ForgeState>>, SocketAddr);

/// Serves until it is ended.
pub(super) async fn serve(
    listener: std::net::TcpListener,
    address: SocketAddr,
    state: Arc<Mutex<ForgeState>>,
    ended: oneshot::Receiver<()>,
) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listening socket");
    let router = Router::new().fallback(take).with_state((state, address));
    let serving = axum::serve(listener, router).with_graceful_shutdown(async {
        // Whoever goes away without a word ends it as well.
        drop(ended.await);
    });
    serving.await.expect("the forge serves");
}

async fn take(State((state, address)): State<Shared>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 10_000_000).await.expect("a whole request");
    let body = String::from_utf8(body.to_vec()).expect("text");
    let (mut answer, fault) = answer(&mut state.lock().expect("nobody has panicked"), address, &head, &body);
    if fault == Some(ForgeFault::CutShort) {
        let bytes = to_bytes(std::mem::take(answer.body_mut()), 10_000_000).await.expect("a whole answer");
        *answer.body_mut() = Body::from(bytes.slice(..bytes.len() / 2));
    }
    answer
}

/// The answer to a request, and the fault that was asked for in it.
fn answer(
    state: &mut ForgeState,
    address: SocketAddr,
    head: &Parts,
    body: &str,
) -> (Response<Body>, Option<ForgeFault>) {
    let target = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let line = format!("{} {target}", head.method);
    let authorization = head.headers.get(header::AUTHORIZATION);
    let authorization = authorization.map(|value| value.to_str().expect("plain letters").to_owned());
    let request = ForgeRequest { line: line.clone(), authorization: authorization.clone(), body: body.to_owned() };
    state.requests.push(request);
    let path = percent_encoding::percent_decode_str(head.uri.path()).decode_utf8().expect("text").into_owned();
    if let Some(id) = path.strip_prefix("/blob/") {
        // Storage refuses whoever comes with a second proof of who they are.
        return (if authorization.is_some() { status(400) } else { blob(state, id) }, None);
    }
    if authorization != Some(format!("Bearer {TOKEN}")) {
        return (status(401), None);
    }
    let fault = fault_of(state, &line);
    match fault {
        Some(ForgeFault::Status(code) | ForgeFault::StatusTimes(code, _)) => return (status(code), fault),
        Some(ForgeFault::Html) => return (Response::new(Body::from("<html>")), fault),
        Some(ForgeFault::Redirect) => return (redirect(&format!("{}/elsewhere", elsewhere(state, address))), fault),
        _ => {}
    }
    let query: BTreeMap<String, String> =
        form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
    let wish = PageWish {
        page: number("page").unwrap_or(1),
        items: number("per_page").unwrap_or(30).min(state.page_items),
        fault,
        address: format!("http://{address}{}?per_page=100", head.uri.path()),
    };
    let method = head.method.as_str();
    // GitLab may also be below a path of its server.
    let of_gitlab = ["/api/v4/", "/gitlab/api/v4/"].iter().find_map(|top| path.strip_prefix(top));
    if let Some(below) = of_gitlab {
        let query = head.uri.query().unwrap_or_default();
        return (gitlab::route(state, (method, below), query, body, &wish), fault);
    }
    (route(state, address, (method, &path), &query, body, &wish), fault)
}

/// The first fault that is asked for in a request, unless it has passed.
fn fault_of(state: &mut ForgeState, line: &str) -> Option<ForgeFault> {
    let wanted = |(wanted, fault): &&mut (String, ForgeFault)| {
        line.contains(wanted.as_str()) && !matches!(fault, ForgeFault::StatusTimes(_, 0))
    };
    let (_, fault) = state.faults.iter_mut().find(wanted)?;
    let now = *fault;
    if let ForgeFault::StatusTimes(_, left) = fault {
        *left -= 1;
    }
    Some(now)
}

fn route(
    state: &mut ForgeState,
    address: SocketAddr,
    (method, path): (&str, &str),
    query: &BTreeMap<String, String>,
    body: &str,
    wish: &PageWish,
) -> Response<Body> {
    if (method, path) == ("POST", "/graphql") {
        return graphql(state, body);
    }
    let Some(path) = path.strip_prefix(&format!("/repos/{REPOSITORY}/")) else { return status(404) };
    let parts: Vec<&str> = path.split('/').collect();
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    let text =
        || -> String { serde_json::from_str::<Value>(body).expect("JSON")["body"].as_str().expect("text").to_owned() };
    match (method, parts.as_slice()) {
        ("GET", ["issues", pull, "comments"]) => {
            let own = state.comments.iter().filter(|comment| comment.pull == number(pull));
            page(wish, None, own.map(super::state::FakeComment::document).collect())
        }
        ("POST", ["issues", pull, "comments"]) => write(state, number(pull), None, &text()),
        ("GET", ["issues", "comments", id]) => {
            let comment = state.comments.iter().find(|comment| comment.id == number(id));
            comment.map_or_else(|| status(404), |comment| found(&comment.document()))
        }
        ("PATCH", ["issues", "comments", id]) => write(state, 0, Some(number(id)), &text()),
        ("GET", ["commits", commit, "pulls"]) => {
            let of_commit = state.pulls.iter().filter(|pull| is_of(state, pull, commit));
            page(wish, None, of_commit.map(FakePull::document).collect())
        }
        ("GET", ["pulls"]) => {
            let base = query.get("base");
            let open =
                state.pulls.iter().filter(|pull| pull.is_open && base.is_none_or(|base| *base == pull.base_branch));
            page(wish, None, open.map(FakePull::document).collect())
        }
        ("GET", ["pulls", pull]) => {
            let pull = state.pulls.iter().find(|known| known.number == number(pull));
            pull.map_or_else(|| status(404), |pull| found(&pull.document()))
        }
        ("GET", ["pulls", pull, "reviews"]) => {
            let reviews = state.reviews.iter().enumerate().filter(|(_, review)| review.pull == number(pull));
            page(wish, None, reviews.map(|(id, review)| review.document(id)).collect())
        }
        ("GET", ["collaborators", login, "permission"]) => match state.access.get(*login) {
            Some(access) => found(&json!({ "permission": access, "role_name": access })),
            None => status(404),
        },
        ("GET", ["actions", "runs"]) => {
            let wanted = |name: &str, value: &str| query.get(name).is_none_or(|wanted| wanted == value);
            let runs = state.runs.iter().filter(|run| wanted("head_sha", &run.head) && wanted("event", &run.event));
            page(wish, Some("workflow_runs"), runs.rev().map(super::state::FakeRun::document).collect())
        }
        ("GET", ["actions", "runs", run]) => {
            let run = state.runs.iter().find(|known| known.id == number(run));
            run.map_or_else(|| status(404), |run| found(&run.document()))
        }
        ("GET", ["actions", "runs", run, "artifacts"]) => {
            let left = state.artifacts.iter().filter(|artifact| artifact.run == number(run));
            page(wish, Some("artifacts"), left.map(super::state::FakeArtifact::document).collect())
        }
        ("GET", ["actions", "artifacts"]) => {
            let named =
                state.artifacts.iter().filter(|artifact| query.get("name").is_none_or(|name| *name == artifact.name));
            page(wish, Some("artifacts"), named.map(super::state::FakeArtifact::document).collect())
        }
        ("GET", ["actions", "artifacts", id, "zip"]) => {
            match state.artifacts.iter().find(|artifact| artifact.id == number(id)) {
                Some(artifact) if artifact.is_expired => status(410),
                Some(artifact) => redirect(&format!("{}/blob/{}?signature=0", elsewhere(state, address), artifact.id)),
                None => status(404),
            }
        }
        ("GET", ["commits"]) => newest(state, query, ("sha", "sha")),
        ("GET", ["commits", commit]) => match touched(state, commit) {
            Some(files) => {
                let file = |(is_new, name): &(bool, String)| json!({ "filename": name, "status": if *is_new { "added" } else { "modified" } });
                found(&json!({ "sha": commit, "files": files.iter().map(file).collect::<Vec<Value>>() }))
            }
            None => status(404),
        },
        ("GET", ["rules", "branches", ..]) => {
            let rules = state.rules.iter().enumerate();
            page(wish, None, rules.map(|(id, (rule, _))| json!({ "type": rule, "ruleset_id": id })).collect())
        }
        ("GET", ["rulesets", id]) => match state.rules.get(usize::try_from(number(id)).expect("a small number")) {
            Some((_, bypass)) => found(&json!({ "id": number(id), "current_user_can_bypass": bypass })),
            None => status(404),
        },
        ("GET", ["branches", branch @ ..]) => {
            found(&json!({ "name": branch.join("/"), "protection": { "enabled": state.is_protected } }))
        }
        ("GET", ["compare", range]) => compare(state, range),
        ("GET", ["contents", path @ ..]) => file(state, &path.join("/"), query),
        _ => status(404),
    }
}

/// Who somebody is, and the one change that is made over GraphQL. A refusal is a success for HTTP.
fn graphql(state: &mut ForgeState, body: &str) -> Response<Body> {
    let asked: Value = serde_json::from_str(body).expect("JSON");
    if !asked["query"].as_str().expect("text").contains("minimizeComment") {
        return found(&json!({ "data": { "viewer": { "login": state.login } } }));
    }
    let node = asked["variables"]["id"].as_str().expect("text");
    let login = state.login.clone();
    let comment = state.comments.iter_mut().find(|comment| format!("IC_{}", comment.id) == node);
    match comment.filter(|comment| comment.author == login && state.hides) {
        Some(comment) => {
            comment.is_hidden = true;
            found(&json!({ "data": { "minimizeComment": { "minimizedComment": { "isMinimized": true } } } }))
        }
        None => found(&json!({ "data": { "minimizeComment": null }, "errors": [{ "type": "FORBIDDEN" }] })),
    }
}

/// Where redirects lead.
fn elsewhere(state: &ForgeState, own: SocketAddr) -> String {
    state.elsewhere.clone().unwrap_or_else(|| format!("http://{own}"))
}

fn redirect(place: &str) -> Response<Body> {
    let answer = Response::builder().status(StatusCode::FOUND).header(header::LOCATION, place);
    answer.body(Body::empty()).expect("an answer")
}

fn blob(state: &ForgeState, id: &str) -> Response<Body> {
    let artifact = state.artifacts.iter().find(|artifact| artifact.id.to_string() == id);
    artifact.map_or_else(|| status(404), |artifact| Response::new(Body::from(artifact.content.clone())))
}

fn write(state: &mut ForgeState, pull: u64, id: Option<u64>, body: &str) -> Response<Body> {
    if body.chars().count() > COMMENT_CHARS_MAX {
        let message = "body is too long (maximum is 65536 characters)";
        return document(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "message": message }));
    }
    let login = state.login.clone();
    let (id, code) = match id {
        Some(id) => (id, StatusCode::OK),
        None => (state.comment(pull, &login, body), StatusCode::CREATED),
    };
    match state.comments.iter_mut().find(|comment| comment.id == id) {
        // A job's token may not write in somebody else's name.
        Some(comment) if comment.author != login => status(403),
        Some(comment) => {
            body.clone_into(&mut comment.body);
            document(code, &comment.document())
        }
        None => status(404),
    }
}

/// Whether a pull request has brought a commit, or has it.
pub(super) fn is_of(state: &ForgeState, pull: &FakePull, commit: &str) -> bool {
    let merged = pull.merge_commit.as_deref();
    if merged == Some(commit) || pull.head == commit {
        return true;
    }
    // What came with the merge and was not on the branch before.
    let inside = |older: &str, newer: &str| git(state, &["merge-base", "--is-ancestor", older, newer]).is_some();
    inside(commit, &pull.head) && !inside(commit, &pull.base)
}

/// What a commit touched, as git tells it.
/// The files that a commit touched, and whether each is new.
pub(super) fn touched(state: &ForgeState, commit: &str) -> Option<Vec<(bool, String)>> {
    let arguments = ["diff-tree", "-r", "-m", "--first-parent", "--root", "--no-commit-id", "--name-status", commit];
    let file = |line: &str| {
        let (status, name) = line.split_once('\t').expect("a status and a name");
        (status == "A", name.to_owned())
    };
    Some(git(state, &arguments)?.lines().map(file).collect())
}

/// The newest commits of a branch; forges call the branch and the commit differently.
pub(super) fn newest(
    state: &ForgeState,
    query: &BTreeMap<String, String>,
    (branch, id): (&str, &str),
) -> Response<Body> {
    let branch = query.get(branch).map_or("main", String::as_str);
    let count = format!("-{}", query.get("per_page").map_or("30", String::as_str));
    let mut arguments = vec!["log", &count, "--format=%H", branch];
    arguments.extend(query.get("path").map(|path| ["--", path.as_str()]).into_iter().flatten());
    match git(state, &arguments) {
        Some(commits) => found(&commits.lines().map(|commit| json!({ id: commit })).collect()),
        None => status(404),
    }
}

fn compare(state: &ForgeState, range: &str) -> Response<Body> {
    let Some((older, newer)) = range.split_once("...") else { return status(404) };
    let inside = |older: &str, newer: &str| git(state, &["merge-base", "--is-ancestor", older, newer]).is_some();
    let word = match (inside(older, newer), inside(newer, older)) {
        (true, true) => "identical",
        (true, false) => "ahead",
        (false, true) => "behind",
        (false, false) => "diverged",
    };
    found(&json!({ "status": word, "files": [] }))
}

fn file(state: &ForgeState, path: &str, query: &BTreeMap<String, String>) -> Response<Body> {
    let commit = query.get("ref").map_or("main", String::as_str);
    match git(state, &["show", &format!("{commit}:{path}")]) {
        Some(text) => found(&json!({ "encoding": "base64", "content": BASE64.encode(format!("{text}\n").as_bytes()) })),
        None => status(404),
    }
}

/// What git says in the repository; `None` if it fails.
pub(super) fn git(state: &ForgeState, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C").args(["-c", "safe.directory=*"]);
    let output = command.args(arguments).current_dir(&state.repository).output().expect("git can be run");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}
