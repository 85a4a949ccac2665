//! Whatever happens, in whatever order.

use proptest::prelude::{ProptestConfig, proptest};
use proptest::test_runner::TestCaseError;

use super::deeds::Deed;
use super::logs::Pipeline;
use super::strategy::{deeds, pipeline};
use super::world::World;
use super::{ending, oracle};

/// Lets a history happen, and ends it.
///
/// # Errors
/// With what is not as it has to be.
pub(super) fn happen(pipeline: Pipeline, deeds: &[Deed]) -> Result<World, String> {
    let mut world = World::new(pipeline);
    for deed in deeds {
        world.happen(deed);
        oracle::check(&world)?;
    }
    ending::end(&mut world)?;
    Ok(world)
}

proptest! {
    // A history that has failed becomes a test of its own.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_twice_and_nobody_forgotten_whatever_clocks_logs_and_kills_do(
        pipeline in pipeline(),
        deeds in deeds(false),
    ) {
        happen(pipeline, &deeds).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn whoever_the_logs_show_is_not_sent_to_again_by_a_ledger_that_was_taken_back(
        pipeline in pipeline(),
        deeds in deeds(true),
    ) {
        happen(pipeline, &deeds).map_err(TestCaseError::fail)?;
    }
}
