//! From a merged commit to the plan that was reviewed: from the commit to its pull request, to the run that planned
//! its head, to the file that this run left. Each step is a pure function of what the forge said; what is not exactly
//! as it should be is refused, and nothing is guessed.

use jiff::Timestamp;

use crate::identity::ProjectId;

use super::commit_id::CommitId;
use super::facts::{Artifact, Pull, WorkflowRun};
use super::plan_name::PlanName;
use super::unbound::Unbound;

/// The event whose runs plan pull requests.
pub const PLANNING_EVENT: &str = "pull_request";

/// A commit that came to a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The commit.
    pub commit: CommitId,
    /// The branch.
    pub branch: String,
    /// The repository.
    pub repository: u64,
}

/// A plan that was reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The pull request that it is of.
    pub pull: Pull,
    /// The run that made it.
    pub run: u64,
    /// The file that has it.
    pub artifact: Artifact,
    /// Its name, which says its project and digest.
    pub name: PlanName,
}

/// The pull request that a commit came with.
///
/// # Errors
/// If it came without one, or with several; if that went to another branch, or is from a fork.
pub fn pull_of<'a>(arrival: &Arrival, pulls: &'a [Pull]) -> Result<&'a Pull, Unbound> {
    let commit = || arrival.commit.short().to_owned();
    let merged: Vec<&Pull> = pulls.iter().filter(|pull| pull.merged_at.is_some()).collect();
    let here: Vec<&Pull> = merged.iter().copied().filter(|pull| pull.base_branch == arrival.branch).collect();
    let exact = |pull: &&&Pull| pull.merge_commit.as_ref() == Some(&arrival.commit);
    let found = match (here.iter().find(exact), here.as_slice(), merged.first()) {
        (Some(pull), _, _) => pull,
        (None, [pull], _) => pull,
        (None, [], None) => {
            return Err(Unbound::DirectPush { commit: commit(), branch: arrival.branch.clone() });
        }
        (None, [], Some(other)) => {
            let (base, branch) = (other.base_branch.clone(), arrival.branch.clone());
            return Err(Unbound::OtherBase { pull: other.number, base, branch });
        }
        (None, several, _) => {
            let pulls = several.iter().map(|pull| pull.number).collect();
            return Err(Unbound::SeveralPulls { commit: commit(), pulls });
        }
    };
    is_of(found, arrival.repository)?;
    Ok(found)
}

/// Makes sure that a pull request's branch is in this repository.
///
/// # Errors
/// If it is in another one.
pub fn is_of(pull: &Pull, repository: u64) -> Result<(), Unbound> {
    let is_own = pull.head_repository == Some(repository);
    if is_own { Ok(()) } else { Err(Unbound::Fork { pull: pull.number }) }
}

/// Makes sure that no other pull request has the same head: runs are known by the head that they planned, and not by
/// the pull request that they planned it for.
///
/// # Errors
/// If one has.
pub fn has_head_alone(pull: &Pull, with_head: &[Pull]) -> Result<(), Unbound> {
    let others = with_head.iter().filter(|other| other.number != pull.number && other.head == pull.head);
    let others: Vec<u64> = others.map(|other| other.number).collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(Unbound::SharedHead { pull: pull.number, head: pull.head.short().to_owned(), others })
}

/// The run that planned the head of a pull request: the newest of this workflow that was there before the merge.
///
/// # Errors
/// If there is none, or the newest is not over, failed, or was started again after the merge.
pub fn run_of<'a>(
    pull: &Pull,
    workflow: &str,
    repository: u64,
    runs: &'a [WorkflowRun],
) -> Result<&'a WorkflowRun, Unbound> {
    let is_own = |run: &&WorkflowRun| {
        run.event == PLANNING_EVENT && run.head == pull.head && run.head_repository == Some(repository)
    };
    let own: Vec<&WorkflowRun> = runs.iter().filter(is_own).collect();
    let planned: Vec<&WorkflowRun> = own.iter().copied().filter(|run| run.path == workflow).collect();
    let number = pull.number;
    if planned.is_empty() {
        let mut others: Vec<String> = own.into_iter().map(|run| run.path.clone()).collect();
        others.sort();
        others.dedup();
        let (head, workflow) = (pull.head.short().to_owned(), workflow.to_owned());
        return Err(Unbound::NoRun { pull: number, head, workflow, others });
    }
    let merged_at = pull.merged_at.unwrap_or(Timestamp::MAX);
    let before = planned.iter().copied().filter(|run| run.created_at <= merged_at);
    let Some(run) = before.max_by_key(|run| (run.created_at, run.id)) else {
        let page = planned.first().map_or_else(String::new, |run| run.page.clone());
        return Err(Unbound::PlannedTooLate { pull: number, page });
    };
    let page = || run.page.clone();
    if run.attempt > 1 && run.started_at > merged_at {
        return Err(Unbound::PlannedAgain { pull: number, page: page() });
    }
    match (run.status.as_str(), run.conclusion.as_deref()) {
        ("completed", Some("success")) => Ok(run),
        ("completed", conclusion) => {
            let conclusion = conclusion.unwrap_or("unknown").to_owned();
            Err(Unbound::NotSuccessful { pull: number, conclusion, page: page() })
        }
        _ => Err(Unbound::NotOver { pull: number, page: page() }),
    }
}

/// The plan of a project that a run left: the newest that was there before the merge.
///
/// # Errors
/// If there is none, or several at once; if the forge has thrown it away.
pub fn plan_of(pull: &Pull, run: &WorkflowRun, project: &ProjectId, artifacts: &[Artifact]) -> Result<Bound, Unbound> {
    let number = pull.number;
    let named = artifacts.iter().filter_map(|artifact| Some((PlanName::parse(&artifact.name)?, artifact)));
    let plans: Vec<(PlanName, &Artifact)> = named.filter(|(name, _)| name.project == *project).collect();
    if plans.is_empty() {
        return Err(Unbound::NoPlan { pull: number, project: project.to_string(), page: run.page.clone() });
    }
    let merged_at = pull.merged_at.unwrap_or(Timestamp::MAX);
    let before = || plans.iter().filter(|(_, artifact)| artifact.created_at <= merged_at);
    let Some((name, artifact)) = before().max_by_key(|(_, artifact)| (artifact.created_at, artifact.id)) else {
        return Err(Unbound::PlannedTooLate { pull: number, page: run.page.clone() });
    };
    let at_once = before().filter(|(_, other)| other.created_at == artifact.created_at);
    let names: Vec<String> = at_once.map(|(name, _)| name.to_string()).collect();
    if names.iter().any(|other| *other != name.to_string()) {
        return Err(Unbound::SeveralPlans { pull: number, names });
    }
    if artifact.is_expired {
        return Err(Unbound::Expired { pull: number, name: name.to_string() });
    }
    Ok(Bound { pull: pull.clone(), run: run.id, artifact: (*artifact).clone(), name: name.clone() })
}

/// Of files that somebody named by their digest, the newest that a run of this workflow for a pull request of this
/// repository left. Anybody's run may leave a file of any name.
#[must_use]
pub fn planned_by<'a>(
    workflow: &str,
    repository: u64,
    found: &'a [(Artifact, WorkflowRun)],
) -> Option<&'a (Artifact, WorkflowRun)> {
    let is_own = |(artifact, run): &&(Artifact, WorkflowRun)| {
        let planned = run.event == PLANNING_EVENT && run.path == workflow && run.head_repository == Some(repository);
        planned && !artifact.is_expired
    };
    found.iter().filter(is_own).max_by_key(|(artifact, _)| (artifact.created_at, artifact.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge::ForgeKind;
    use crate::forge::fixture::{PLAN, REPOSITORY, WORKFLOW, artifact, at, commit, pull, run};

    fn arrival() -> Arrival {
        Arrival { commit: commit("3"), branch: "main".to_owned(), repository: REPOSITORY }
    }

    /// A pull request that is changed in one thing.
    fn pull_with(change: impl FnOnce(&mut Pull)) -> Pull {
        let mut pull = pull();
        change(&mut pull);
        pull
    }

    fn run_with(change: impl FnOnce(&mut WorkflowRun)) -> WorkflowRun {
        let mut run = run();
        change(&mut run);
        run
    }

    fn artifact_with(change: impl FnOnce(&mut Artifact)) -> Artifact {
        let mut artifact = artifact();
        change(&mut artifact);
        artifact
    }

    #[test]
    fn a_head_that_two_pull_requests_have_is_of_neither() {
        let other = |number, head| pull_with(|pull| (pull.number, pull.head) = (number, commit(head)));
        let told = |with_head: &[Pull]| has_head_alone(&pull(), with_head).map_err(|error| error.to_string());
        assert_eq!(told(&[]), Ok(()));
        assert_eq!(told(&[pull(), other(8, "2")]), Ok(()));
        let both =
            "the head `11111111` of pull request 7 is that of 8 and 9 as well: nobody knows whose plan was reviewed";
        assert_eq!(told(&[pull(), other(8, "1"), other(9, "1")]), Err(both.to_owned()));
    }

    #[test]
    fn a_commit_is_of_the_pull_request_that_it_came_with() {
        let check = |pulls: &[Pull], expect: Result<u64, &str>| {
            let found = pull_of(&arrival(), pulls).map(|pull| pull.number).map_err(|error| error.to_string());
            assert_eq!(found, expect.map_err(str::to_owned));
        };
        let direct =
            Err("the commit `33333333` came to `main` without a pull request: nobody has reviewed a plan of it");
        check(&[], direct);
        check(&[pull_with(|pull| pull.merged_at = None)], direct);
        check(&[pull()], Ok(7));
        // Merged by a rebase, or asked for by a commit of its branch.
        check(&[pull_with(|pull| pull.merge_commit = Some(commit("4")))], Ok(7));
        let eighth =
            |merge_commit: Option<CommitId>| pull_with(|pull| (pull.number, pull.merge_commit) = (8, merge_commit));
        check(&[eighth(Some(commit("4"))), pull()], Ok(7));
        let seventh = pull_with(|pull| pull.merge_commit = None);
        check(
            &[seventh, eighth(None)],
            Err("the commit `33333333` came with several pull requests, 7 and 8: nobody knows whose plan is meant"),
        );
        check(
            &[pull_with(|pull| pull.base_branch = "release".to_owned())],
            Err("pull request 7 went to `release`, and this run is for `main`"),
        );
        let fork = "pull request 7 is from a fork: its runs have no key, so nobody has reviewed a plan with a digest";
        check(&[pull_with(|pull| pull.head_repository = Some(43))], Err(fork));
        check(&[pull_with(|pull| pull.head_repository = None)], Err(fork));
    }

    #[test]
    fn a_head_is_planned_by_the_newest_run_of_this_workflow() {
        let check = |runs: &[WorkflowRun], expect: Result<u64, &str>| {
            let found =
                run_of(&pull(), WORKFLOW, REPOSITORY, runs).map(|run| run.id).map_err(|error| error.to_string());
            assert_eq!(found, expect.map_err(str::to_owned));
        };
        let none = "no run of `.github/workflows/campaigns.yml` planned the head `11111111` of pull request 7";
        check(&[run()], Ok(70));
        check(&[], Err(none));
        check(&[run_with(|run| run.head = commit("2"))], Err(none));
        check(&[run_with(|run| run.event = "push".to_owned())], Err(none));
        check(&[run_with(|run| run.head_repository = Some(43))], Err(none));
        check(&[run_with(|run| run.head_repository = None)], Err(none));
        let other = run_with(|run| run.path = ".github/workflows/evil.yml".to_owned());
        check(&[other.clone(), other.clone()], Err(&format!("{none}; there are runs of `.github/workflows/evil.yml`")));
        check(&[run(), other], Ok(70));
        let failed = run_with(|run| (run.id, run.conclusion) = (71, Some("failure".to_owned())));
        check(
            &[run(), failed.clone()],
            Err(
                "the newest run that planned pull request 7 ended as `failure`: https://github.com/acme/shop/actions/runs/70",
            ),
        );
        check(&[failed, run_with(|run| (run.id, run.created_at) = (72, at("11:30")))], Ok(72));
        check(
            &[run_with(|run| (run.status, run.conclusion) = ("in_progress".to_owned(), None))],
            Err("the newest run that plans pull request 7 is not over: https://github.com/acme/shop/actions/runs/70"),
        );
        // Nobody can have reviewed what was made after the merge; it changes nothing either.
        let late = run_with(|run| (run.id, run.created_at) = (73, at("12:01")));
        check(&[run(), late.clone()], Ok(70));
        check(
            &[late],
            Err(
                "pull request 7 was merged before its head was planned: nobody can have reviewed https://github.com/acme/shop/actions/runs/70",
            ),
        );
        check(
            &[run_with(|run| (run.attempt, run.started_at) = (2, at("12:01")))],
            Err(
                "the run that planned pull request 7 was started again after the merge: https://github.com/acme/shop/actions/runs/70",
            ),
        );
        check(&[run_with(|run| (run.attempt, run.started_at) = (2, at("11:59")))], Ok(70));
    }

    #[test]
    fn a_plan_is_the_newest_of_its_project_before_the_merge() {
        let project = ProjectId::parse("acme-shop").unwrap();
        let check = |artifacts: &[Artifact], expect: Result<u64, &str>| {
            let found = plan_of(&pull(), &run(), &project, artifacts);
            let found = found.map(|bound| bound.artifact.id).map_err(|error| error.to_string());
            assert_eq!(found, expect.map_err(str::to_owned));
        };
        let named = |name: &str| artifact_with(|artifact| (artifact.id, artifact.name) = (701, name.to_owned()));
        let none = "the run that planned pull request 7 left no plan of `acme-shop`: https://github.com/acme/shop/actions/runs/70";
        check(&[artifact()], Ok(700));
        check(&[], Err(none));
        check(&[named("coverage"), named(&PLAN.replace("acme-shop", "acme"))], Err(none));
        check(&[artifact(), named(&PLAN.replace("acme-shop", "acme"))], Ok(700));
        let other = PLAN.replace("0011", "ffff");
        let newer = |mut artifact: Artifact, time: &str| {
            artifact.created_at = at(time);
            artifact
        };
        check(&[artifact(), newer(named(&other), "11:30")], Ok(701));
        check(&[artifact(), newer(named(&other), "12:01")], Ok(700));
        check(
            &[newer(artifact(), "12:01")],
            Err(
                "pull request 7 was merged before its head was planned: nobody can have reviewed https://github.com/acme/shop/actions/runs/70",
            ),
        );
        check(
            &[artifact(), named(&other)],
            Err(&format!("the run that planned pull request 7 left several plans at once: `{PLAN}` and `{other}`")),
        );
        check(&[artifact(), named(PLAN)], Ok(701));
        check(
            &[artifact_with(|artifact| artifact.is_expired = true)],
            Err(&format!("the plan of pull request 7 is too old: the forge has thrown `{PLAN}` away")),
        );
    }

    #[test]
    fn a_file_with_the_right_name_counts_only_from_the_right_run() {
        let check = |found: (Artifact, WorkflowRun), expect: bool| {
            assert_eq!(planned_by(WORKFLOW, REPOSITORY, &[found]).is_some(), expect);
        };
        check((artifact(), run()), true);
        check((artifact(), run_with(|run| run.head_repository = Some(43))), false);
        check((artifact(), run_with(|run| run.path = ".github/workflows/evil.yml".to_owned())), false);
        check((artifact(), run_with(|run| run.event = "push".to_owned())), false);
        check((artifact_with(|artifact| artifact.is_expired = true), run()), false);
    }

    #[test]
    fn every_refusal_says_what_to_do() {
        let commit = || "33333333".to_owned();
        let refusals = [
            Unbound::DirectPush { commit: commit(), branch: "main".to_owned() },
            Unbound::Fork { pull: 7 },
            Unbound::Expired { pull: 7, name: PLAN.to_owned() },
            Unbound::NoPlanOfDigest { digest: "plan/v1:x".to_owned() },
        ];
        assert!(refusals.iter().all(|refusal| !refusal.hints(ForgeKind::GitLab).is_empty()));
        assert_eq!(refusals.map(|refusal| refusal.is_no_review()), [true, true, false, false]);
    }
}
