//! GitLab's API: what it knows besides what every forge knows, and which request gets which answer.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use data_encoding::BASE64;
use serde_json::{Value, json};
use url::form_urlencoded;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::answers::{PageWish, document, found, page};
use super::faults::status;
use super::routes::{git, is_of, newest, touched};
use super::state::{FakeComment, FakePull, ForgeState, REPOSITORY_ID};

/// The longest note, in characters.
const NOTE_CHARS_MAX: usize = 1_000_000;
/// When notes were written of which nobody says it.
const NOTED_AT: &str = "2026-11-30T11:02:00.000Z";

/// What only GitLab knows.
#[derive(Debug, Default)]
pub(crate) struct GitLabState {
    pub(crate) pipelines: Vec<FakePipeline>,
    pub(crate) approvals: Vec<FakeApproval>,
    /// The heads that merge requests had, and since when.
    pub(crate) versions: Vec<(u64, String, String)>,
    /// What GitLab itself has noted: the merge request, who did it, what, and when.
    pub(crate) system_notes: Vec<(u64, String, String, String)>,
    /// Who is a program.
    pub(crate) bots: Vec<String>,
    /// Whether developers may push to a protected branch.
    pub(crate) developers_can_push: bool,
}

/// A pipeline of a merge request.
#[derive(Debug, Clone)]
pub(crate) struct FakePipeline {
    pub(crate) id: u64,
    pub(crate) pull: u64,
    /// `head`, `merge` or `train`, or a branch.
    pub(crate) place: &'static str,
    pub(crate) commit: String,
    pub(crate) source: &'static str,
    pub(crate) project: u64,
    pub(crate) created_at: String,
    pub(crate) jobs: Vec<FakeJob>,
}

/// A job of a pipeline.
#[derive(Debug, Clone)]
pub(crate) struct FakeJob {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) status: &'static str,
    pub(crate) created_at: String,
    pub(crate) finished_at: Option<String>,
    /// What it left.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) is_expired: bool,
}

/// Somebody's approval.
#[derive(Debug, Clone)]
pub(crate) struct FakeApproval {
    pub(crate) pull: u64,
    pub(crate) who: String,
    /// Newer GitLab says when.
    pub(crate) at: Option<String>,
}

/// The number of somebody.
fn id_of(login: &str) -> u64 {
    login.bytes().fold(7, |id, byte| (id * 31 + u64::from(byte)) % 100_000)
}

fn user(login: &str) -> Value {
    json!({ "id": id_of(login), "username": login, "name": "`$(reboot)`", "state": "active" })
}

/// The answer to a request below `/api/v4/`.
pub(super) fn route(
    state: &mut ForgeState,
    (method, path): (&str, &str),
    query: &str,
    body: &str,
    wish: &PageWish,
) -> Response<Body> {
    let parts: Vec<&str> = path.split('/').collect();
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    let asked: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let own = REPOSITORY_ID.to_string();
    let below = match (method, parts.as_slice()) {
        ("GET", ["user"]) => return found(&user(&state.login)),
        ("GET", ["users", id]) => {
            let all = state.access.keys().chain(&state.gitlab.bots);
            let Some(login) = all.into_iter().find(|login| id_of(login) == number(id)) else { return status(404) };
            let mut user = user(login);
            user["bot"] = json!(state.gitlab.bots.contains(login));
            return found(&user);
        }
        (_, ["projects", project, below @ ..]) if *project == own => below,
        _ => return status(404),
    };
    match (method, below) {
        ("GET", ["merge_requests"]) => {
            let base = asked.get("target_branch");
            let is_wanted = |pull: &&FakePull| pull.is_open && base.is_none_or(|base| *base == pull.base_branch);
            list(wish, state.pulls.iter().filter(is_wanted).map(|pull| request(pull, false)).collect())
        }
        ("GET", ["merge_requests", pull]) => {
            let pull = state.pulls.iter().find(|known| known.number == number(pull));
            pull.map_or_else(|| status(404), |pull| found(&request(pull, true)))
        }
        ("GET", ["merge_requests", pull, what]) => of_request(state, number(pull), what, wish),
        ("POST", ["merge_requests", pull, "notes"]) => write(state, number(pull), None, body),
        ("PUT", ["merge_requests", pull, "notes", id]) => write(state, number(pull), Some(number(id)), body),
        ("GET", ["pipelines", id, "jobs"]) => {
            let pipeline = state.gitlab.pipelines.iter().find(|pipeline| pipeline.id == number(id));
            list(wish, pipeline.into_iter().flat_map(|pipeline| &pipeline.jobs).map(job).collect())
        }
        ("GET", ["jobs", id, rest @ ..]) => of_job(state, number(id), rest),
        ("GET", ["members", "all", id]) => {
            let access = state.access.iter().find(|(login, _)| id_of(login) == number(id));
            let level = |access: &str| match access {
                "admin" => 40,
                "write" => 30,
                _ => 20,
            };
            let member = access.map(|(login, access)| {
                let mut member = user(login);
                member["access_level"] = json!(level(access));
                member
            });
            member.map_or_else(|| status(404), |member| found(&member))
        }
        ("GET", ["repository", rest @ ..]) => repository(state, rest, query, &asked, wish),
        _ => status(404),
    }
}

fn of_request(state: &ForgeState, pull: u64, what: &str, wish: &PageWish) -> Response<Body> {
    match what {
        "notes" => {
            let mut notes: Vec<Value> =
                state.comments.iter().filter(|comment| comment.pull == pull).map(note).collect();
            let own = state.gitlab.system_notes.iter().enumerate().filter(|(_, (of, ..))| *of == pull);
            notes.extend(own.map(|(at, (_, who, text, time))| {
                json!({ "id": 70_000 + at, "body": text, "author": user(who), "system": true, "created_at": time })
            }));
            list(wish, notes)
        }
        "versions" => {
            let versions = state.gitlab.versions.iter().enumerate().filter(|(_, (of, ..))| *of == pull);
            let version = |(id, (_, head, since)): (usize, &(u64, String, String))| json!({ "id": id, "head_commit_sha": head, "created_at": since, "state": "collected" });
            list(wish, versions.rev().map(version).collect())
        }
        "approvals" => {
            let by = state.gitlab.approvals.iter().filter(|approval| approval.pull == pull);
            let by: Vec<Value> = by
                .map(|approval| match &approval.at {
                    Some(at) => json!({ "user": user(&approval.who), "approved_at": at }),
                    None => json!({ "user": user(&approval.who) }),
                })
                .collect();
            found(&json!({ "approved": !by.is_empty(), "approved_by": by }))
        }
        "pipelines" => {
            let own = state.gitlab.pipelines.iter().filter(|pipeline| pipeline.pull == pull);
            list(wish, own.rev().map(FakePipeline::document).collect())
        }
        _ => status(404),
    }
}

fn of_job(state: &ForgeState, id: u64, rest: &[&str]) -> Response<Body> {
    let mut jobs = state.gitlab.pipelines.iter().flat_map(|pipeline| &pipeline.jobs);
    let Some(known) = jobs.find(|job| job.id == id) else { return status(404) };
    let files = if known.is_expired { [].as_slice() } else { &known.files };
    match rest {
        [] => found(&job(known)),
        ["artifacts"] if !files.is_empty() => {
            let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
            for (name, content) in files {
                writer.start_file(name.as_str(), SimpleFileOptions::default()).expect("a file begins");
                writer.write_all(content).expect("a file is written");
            }
            Response::new(Body::from(writer.finish().expect("an archive").into_inner()))
        }
        ["artifacts", name] => {
            let file = files.iter().find(|(known, _)| known == name);
            file.map_or_else(|| status(404), |(_, content)| Response::new(Body::from(content.clone())))
        }
        _ => status(404),
    }
}

fn repository(
    state: &ForgeState,
    rest: &[&str],
    query: &str,
    asked: &BTreeMap<String, String>,
    wish: &PageWish,
) -> Response<Body> {
    let named = |name: &str| asked.get(name).map_or("main", String::as_str);
    match rest {
        ["commits"] => newest(state, asked, ("ref_name", "id")),
        ["commits", commit, "diff"] => match touched(state, commit) {
            Some(files) => {
                let file = |(is_new, name): &(bool, String)| {
                    json!({
                        "old_path": name, "new_path": name, "new_file": is_new, "renamed_file": false,
                        "deleted_file": false, "diff": "",
                    })
                };
                found(&json!(files.iter().map(file).collect::<Vec<Value>>()))
            }
            None => status(404),
        },
        ["branches", branch @ ..] => found(&json!({
            "name": branch.join("/"), "protected": state.is_protected, "can_push": true, "default": false,
            "developers_can_push": state.gitlab.developers_can_push,
        })),
        ["commits", commit, "merge_requests"] => {
            let of_commit = state.pulls.iter().filter(|pull| is_of(state, pull, commit));
            list(wish, of_commit.map(|pull| request(pull, false)).collect())
        }
        ["commits", commit] => match git(state, &["show", "--no-patch", "--format=%P", commit]) {
            Some(parents) => {
                let parents: Vec<&str> = parents.split_whitespace().collect();
                found(&json!({ "id": commit, "parent_ids": parents }))
            }
            None => status(404),
        },
        ["merge_base"] => {
            let refs = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "refs[]");
            let refs: Vec<String> = refs.map(|(_, value)| value.into_owned()).collect();
            match git(state, &["merge-base", &refs[0], &refs[1]]) {
                Some(base) => found(&json!({ "id": base })),
                None => status(404),
            }
        }
        ["files", path @ ..] => match git(state, &["show", &format!("{}:{}", named("ref"), path.join("/"))]) {
            Some(text) => {
                found(&json!({ "encoding": "base64", "content": BASE64.encode(format!("{text}\n").as_bytes()) }))
            }
            None => status(404),
        },
        _ => status(404),
    }
}

fn write(state: &mut ForgeState, pull: u64, id: Option<u64>, body: &str) -> Response<Body> {
    let text: Value = serde_json::from_str(body).expect("JSON");
    let text = text["body"].as_str().expect("a text");
    if text.chars().count() > NOTE_CHARS_MAX {
        let message = json!({ "message": "400 Bad request - Note is too long (maximum is 1000000 characters)" });
        return document(StatusCode::BAD_REQUEST, &message);
    }
    let login = state.login.clone();
    let (id, code) = match id {
        Some(id) => (id, StatusCode::OK),
        None => (state.comment(pull, &login, text), StatusCode::CREATED),
    };
    match state.comments.iter_mut().find(|comment| comment.id == id && comment.pull == pull) {
        Some(comment) if comment.author != login => status(403),
        Some(comment) => {
            text.clone_into(&mut comment.body);
            document(code, &note(comment))
        }
        None => status(404),
    }
}

/// A page of a list, which names the next one in a header of its own.
fn list(wish: &PageWish, items: Vec<Value>) -> Response<Body> {
    let mut answer = page(wish, None, items);
    let has_next = answer.headers_mut().remove(header::LINK).is_some();
    let next = if has_next { (wish.page + 1).to_string() } else { String::new() };
    answer.headers_mut().insert("x-next-page", HeaderValue::from_str(&next).expect("a header"));
    answer
}

fn note(comment: &FakeComment) -> Value {
    json!({
        "id": comment.id, "body": comment.body, "author": user(&comment.author), "system": false,
        "created_at": NOTED_AT, "noteable_iid": comment.pull,
    })
}

/// A merge request; only by itself it says what it is compared with.
fn request(pull: &FakePull, is_whole: bool) -> Value {
    let state = match (&pull.merged_at, pull.is_open) {
        (Some(_), _) => "merged",
        (None, true) => "opened",
        (None, false) => "closed",
    };
    let mut request = json!({
        "id": 5000 + pull.number, "iid": pull.number, "project_id": REPOSITORY_ID, "state": state,
        "title": "`$(reboot)` ::error::", "author": user(&pull.author), "sha": pull.head,
        "source_project_id": pull.head_repository, "target_project_id": REPOSITORY_ID,
        "source_branch": "feature", "target_branch": pull.base_branch,
        "merged_at": pull.merged_at, "merge_commit_sha": pull.merge_commit, "squash_commit_sha": null,
    });
    if is_whole {
        request["diff_refs"] = json!({ "base_sha": pull.base, "start_sha": pull.base, "head_sha": pull.head });
    }
    request
}

impl FakePipeline {
    fn document(&self) -> Value {
        let reference = match self.place {
            "head" | "merge" | "train" => format!("refs/merge-requests/{}/{}", self.pull, self.place),
            branch => branch.to_owned(),
        };
        json!({
            "id": self.id, "project_id": self.project, "sha": self.commit, "ref": reference, "status": "success",
            "source": self.source, "created_at": self.created_at, "updated_at": self.created_at,
            "web_url": format!("https://forge.test/acme/shop/-/pipelines/{}", self.id),
        })
    }
}

fn job(job: &FakeJob) -> Value {
    let has_archive = !job.files.is_empty() && !job.is_expired;
    let mut artifacts = vec![json!({ "file_type": "trace", "size": 1, "filename": "job.log" })];
    if has_archive {
        artifacts.push(json!({ "file_type": "archive", "size": 1, "filename": "artifacts.zip", "file_format": "zip" }));
    }
    json!({
        "id": job.id, "name": job.name, "status": job.status, "stage": "test", "created_at": job.created_at,
        "finished_at": job.finished_at, "artifacts": artifacts,
        "artifacts_expire_at": (!job.files.is_empty()).then_some("2027-02-28T11:00:00.000Z"),
        "web_url": format!("https://forge.test/acme/shop/-/jobs/{}", job.id),
    })
}
