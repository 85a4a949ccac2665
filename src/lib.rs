//! sendform runs messaging campaigns as code: YAML files in git are checked, rendered, planned
//! against a ledger of what was already sent, and applied, so that nobody gets the same message
//! twice and nobody is forgotten in silence.
//!
//! The rooms of the house, in the order in which the data passes through them. A room imports
//! only rooms above it in this list (`tests/all/architecture.rs` checks that):
//!
//! 1. [`diagnostic`]: what can be said about a user's files, and where it points.
//! 2. [`wire`]: the gateway's API: requests, answers, errors, limits.
//! 3. [`identity`]: keys, persons, ids and digests, and the one encoding they come from.
//! 4. [`timing`]: instants, zones, speed, windows, validity.
//! 5. [`campaign`]: from the text of a YAML file to a checked campaign or project.
//! 6. [`render`]: templates and expressions over one row, strict and bounded.
//! 7. [`audience`]: rows to recipients.
//! 8. [`ledger`]: claims and outcomes, their join, and the lockfile's text.
//! 9. [`plan`]: what would be sent now, as data.
//! 10. [`apply`]: claim, send, settle, over ports.
//! 11. [`source`], [`store`], [`gateway`]: files, the ledger's home, and HTTP; [`forge`]: pull requests and CI.
//! 12. [`sandbox`]: the embedded gateway.
//! 13. [`report`]: what commands say, as text and JSON.
//! 14. [`cli`]: arguments, environment, exit codes; it alone puts the rooms together.
//!
//! Rooms 1 to 9, `apply`, `report` and the sandbox's model are pure: no clock, file, network,
//! environment, randomness or printing. Time, text and rows reach them as values.
//!
//! # Glossary
//!
//! | word | meaning |
//! | --- | --- |
//! | project | a folder with `sendform.yaml`: senders, safety limits, where the ledger is |
//! | campaign | a YAML file: audiences, schedules, messages |
//! | message | one text for one audience from one sender; `CAMPAIGN.MESSAGE` is its key |
//! | revision | a number of a message: a higher one sends to everybody again |
//! | edition | what a revision of a message was from one edit to the next: its text, schedule and options |
//! | audience | rows of people, from a file or written inline |
//! | recipient | a row that is to get a message |
//! | person | a recipient's keyed fingerprint under one sender; no id is kept anywhere |
//! | gate | where a row of an audience ends: sent, filtered, suppressed, sent already, … |
//! | bulk | one request: up to `bulkSize` recipients of one message |
//! | bulkId, messageId | the ids under which the gateway knows a bulk, and one message of one person |
//! | plan | what would be sent now, as data; its digest is what a review approves |
//! | plan file | a plan that is frozen: nobody gets anything but what it has for them |
//! | safety limit | a number beyond which nothing is sent until somebody accepts it (`--accept`) |
//! | run | one process that writes into a ledger; it has a random number |
//! | ledger | all claims, and what became of them |
//! | claim | the record that a run is about to send a bulk to these people; it stands before its request |
//! | outcome | what became of a claim: accepted, rejected, refused, abandoned, person by person |
//! | accepted | the gateway took the message: they are never sent to again |
//! | rejected | the gateway took the request and turned this person down |
//! | ended | of a message: so many of its people were rejected that nothing more of it is claimed |
//! | opt-out | somebody who came to a list of people who never get anything while a run is sending |
//! | refused | surely nothing was sent: they are free |
//! | in flight | claimed, by a run that may still be alive |
//! | stop | somebody's word that nothing may be sent; it stands until a *resume* names it |
//! | doubt | a claim without an outcome whose run is over: nobody knows |
//! | accepted twice | accepted in several claims: they got it twice, which is an alarm until somebody says that they know |
//! | abandoned | given up by a person: nobody knows, and nobody is sent to again |
//! | evidence | what the gateway's logs say of a doubt |
//! | control message | a later message in the logs that shows that they have not stood still |
//! | witness | the question to the logs before anything is sent: does the gateway know more than the ledger? |
//! | entry | one thing that a run wrote, with its number; a closing says how many there are |
//! | unclosed run | one that has not said how many entries it wrote: it lives, was killed, or its end is lost |
//! | mark | which transaction wrote a row of PostgreSQL; a row from a dump has another one |
//! | forge | where the repository, its pull requests and its CI runs are: GitHub, GitLab |
//! | head | the newest commit of a pull request's branch: what was reviewed |
//! | merge group | pull requests that a merge queue wants to merge at once; the last one names it |
//! | runner | the machine and the environment of a CI run |
//! | marker | the hidden line by which a comment of ours is found again |
//! | lockfile | a ledger in a file beside the project file; its shadow is a copy that git does not see |
//! | gateway, sandbox | whatever answers the API; the one that sendform embeds |

pub mod diagnostic;
pub mod wire;
pub mod identity;
pub mod timing;
pub mod campaign;
pub mod render;
pub mod audience;
pub mod ledger;
pub mod plan;
pub mod apply;
pub mod source;
pub mod store;
pub mod gateway;
pub mod forge;
pub mod sandbox;
pub mod report;
pub mod cli;
