//! A job of a workflow, gone through step by step as a runner does: `run` in bash with the environment that GitHub gives,
//! the action of this repository from its file. Of others it is noted that they were called.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::readme::root;

use super::condition::{evaluate, filled, holds};

/// A job under way.
#[derive(Debug)]
pub(super) struct Job {
    temp: TempDir,
    workspace: PathBuf,
    environment: BTreeMap<String, String>,
    path: Vec<PathBuf>,
    /// What expressions come to that are about the surroundings.
    values: BTreeMap<String, String>,
    /// Of each step that has a name, by `steps.NAME.outputs.OUTPUT`.
    outputs: BTreeMap<String, String>,
    /// The files that were kept as artifacts.
    pub(super) kept: Vec<PathBuf>,
    /// All that was printed.
    pub(super) printed: String,
    failed: bool,
}

impl Job {
    /// A job in a work tree, whose PATH begins with these folders.
    pub(super) fn new(workspace: &Path, path: &[&Path]) -> Self {
        Self {
            temp: tempfile::tempdir().unwrap(),
            workspace: workspace.to_owned(),
            environment: BTreeMap::new(),
            path: path.iter().map(|folder| (*folder).to_owned()).collect(),
            values: BTreeMap::new(),
            outputs: BTreeMap::new(),
            kept: Vec::new(),
            printed: String::new(),
            failed: false,
        }
    }

    /// Says what an expression comes to.
    pub(super) fn value(mut self, name: &str, value: &str) -> Self {
        self.values.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets a variable that the runner gives to all steps.
    pub(super) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// The folder for what must not be in the work tree.
    pub(super) fn temp(&self) -> &Path {
        self.temp.path()
    }

    /// What a step has given.
    pub(super) fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    /// Goes through all steps; says whether none has failed.
    pub(super) fn run(&mut self, steps: &Value) -> bool {
        let inputs = BTreeMap::new();
        for step in steps.as_array().expect("a job has steps") {
            self.step(step, &inputs, &BTreeMap::new(), None);
        }
        !self.failed
    }

    fn step(
        &mut self,
        step: &Value,
        inputs: &BTreeMap<String, String>,
        above: &BTreeMap<String, String>,
        action: Option<&Path>,
    ) {
        let condition = step["if"].as_str();
        let is_wanted = condition.map_or("true".to_owned(), |text| {
            let text = text.trim().trim_start_matches("${{").trim_end_matches("}}");
            evaluate(text, &|name| self.look_up(name, inputs))
        });
        let runs_always = condition.is_some_and(|condition| condition.contains("always()"));
        if !holds(&is_wanted) || (self.failed && !runs_always) {
            return;
        }
        let texts = |key: &str| self.texts(&step[key], inputs);
        let (own, with) = (texts("env"), texts("with"));
        let mut environment = above.clone();
        environment.extend(own);
        match (step["run"].as_str(), step["uses"].as_str()) {
            (Some(script), None) => self.script(script, step["id"].as_str(), &environment, action),
            (None, Some(uses)) if uses.contains("/.github/actions/sendform") => {
                self.action(with, &environment, step["id"].as_str());
            }
            (None, Some(uses)) if uses.starts_with("actions/upload-artifact@") => {
                let secret =
                    environment.iter().find(|(name, value)| name.starts_with("SENDFORM_") && !value.is_empty());
                assert_eq!(secret, None, "an action of somebody else sees a secret");
                self.kept.push(self.workspace.join(&with["path"]));
            }
            (None, Some(uses)) => {
                assert!(uses.starts_with("actions/checkout@"), "{uses}");
                assert_eq!(with["persist-credentials"], "false");
            }
            _ => panic!("a step runs or uses something: {step}"),
        }
    }

    /// Goes through the steps of this repository's action.
    fn action(&mut self, mut with: BTreeMap<String, String>, environment: &BTreeMap<String, String>, id: Option<&str>) {
        let folder = root().join(".github/actions/sendform");
        let text = fs::read_to_string(folder.join("action.yml")).unwrap();
        let action: Value = serde_yaml::from_str(&text).unwrap();
        let declared = action["inputs"].as_object().unwrap();
        for name in with.keys() {
            assert!(declared.contains_key(name), "the action has no input `{name}`");
        }
        for (name, input) in declared {
            let default = filled(input["default"].as_str().unwrap_or_default(), &|name| self.look_up(name, &with));
            with.entry(name.clone()).or_insert(default);
        }
        for step in action["runs"]["steps"].as_array().unwrap() {
            self.step(step, &with, environment, Some(&folder));
        }
        for (name, output) in action["outputs"].as_object().unwrap() {
            let value = filled(output["value"].as_str().unwrap(), &|name| self.look_up(name, &with));
            self.outputs.insert(format!("steps.{}.outputs.{name}", id.unwrap_or("action")), value);
        }
    }

    fn script(
        &mut self,
        script: &str,
        id: Option<&str>,
        environment: &BTreeMap<String, String>,
        action: Option<&Path>,
    ) {
        assert!(!script.contains("${{"), "an expression within a script is a script: {script}");
        let files = ["GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"];
        let files = files.map(|name| (name, self.temp.path().join(name)));
        for (_, file) in &files {
            fs::write(file, "").unwrap();
        }
        let file = self.temp.path().join("script.sh");
        fs::write(&file, script).unwrap();
        let path: Vec<String> = self.path.iter().map(|folder| folder.display().to_string()).collect();
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(&file).current_dir(&self.workspace).env_clear();
        bash.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", path.join(":"))).env("HOME", self.temp.path());
        bash.envs(&self.environment).envs(environment).envs(files.iter().map(|(name, file)| (name, file)));
        bash.env("RUNNER_TEMP", self.temp.path()).env("GITHUB_WORKSPACE", &self.workspace).env("CI", "true");
        if let Some(action) = action {
            bash.env("GITHUB_ACTION_PATH", action);
        }
        let output = bash.output().expect("bash can be run");
        for text in [&output.stdout, &output.stderr] {
            self.printed += &String::from_utf8_lossy(text);
        }
        self.failed |= !output.status.success();
        let [environment, path, outputs, _] = files.map(|(_, file)| fs::read_to_string(file).unwrap());
        self.environment.extend(pairs(&environment));
        self.path.splice(0..0, path.lines().map(PathBuf::from));
        if let Some(id) = id {
            let named = |(name, value)| (format!("steps.{id}.outputs.{name}"), value);
            self.outputs.extend(pairs(&outputs).into_iter().map(named));
        }
    }

    /// A map of a step, with values in the place of expressions.
    fn texts(&self, map: &Value, inputs: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let entries = map.as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        entries.map(|(name, value)| (name.clone(), filled(&text(value), &|name| self.look_up(name, inputs)))).collect()
    }

    fn look_up(&self, name: &str, inputs: &BTreeMap<String, String>) -> String {
        if let Some(input) = name.strip_prefix("inputs.").and_then(|name| inputs.get(name)) {
            return input.clone();
        }
        if name.starts_with("steps.") {
            return self.output(name).to_owned();
        }
        self.values.get(name).unwrap_or_else(|| panic!("nothing says what `{name}` is")).clone()
    }
}

/// What a step has written: `name=value`, or `name<<END`, lines, and `END`.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some((name, end)) = line.split_once("<<") {
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
            pairs.push((name.to_owned(), value.join("\n")));
        } else if let Some((name, value)) = line.split_once('=') {
            pairs.push((name.to_owned(), value.to_owned()));
        }
    }
    pairs
}
