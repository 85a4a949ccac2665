//! How the clock is changed: at once, how it runs; where it stands, in the order of what is due on the way.

use super::Engine;
use crate::sandbox::clock::{ClockSetting, Moved};
use crate::sandbox::error::SandboxError;
use crate::sandbox::webhooks::postman::ClockMove;

impl Engine {
    /// Leaves the clock where it has come to.
    pub(super) fn give_up_moving(&mut self) {
        self.changes.clear();
        if let Some((_, Moved { from, .. })) = self.moving.take() {
            self.sandbox.clock_changed(Moved { from, to: self.sandbox.now() });
        }
    }

    /// Takes a change of the clock: how it runs is changed at once; where it stands, once nothing is on its way.
    pub(super) async fn take_change(&mut self, change: ClockMove) -> Result<(), SandboxError> {
        let ClockSetting { now, advance, .. } = change.setting;
        let is_move = now.is_some() || advance.is_some();
        if is_move || self.moving.is_some() || !self.changes.is_empty() {
            self.changes.push_back(change);
            return Ok(());
        }
        let changed = self.store().change(change.setting).await?;
        if let Ok(moved) = changed {
            self.sandbox.clock_changed(moved);
        }
        // Whoever asked may be gone.
        if let Some(begun) = change.begun {
            begun.send(changed.map(drop)).unwrap_or_default();
        }
        if let Some(done) = change.done {
            done.send(changed).unwrap_or_default();
        }
        Ok(())
    }

    /// Whether the clock is to be moved as soon as nothing is on its way.
    pub(super) fn is_about_to_move(&self) -> bool {
        self.moving.is_none() && !self.changes.is_empty()
    }

    /// Whether the clock stands until all tries have ended.
    pub(super) fn stands(&self) -> bool {
        !self.tries.is_empty() && (self.moving.is_some() || self.sandbox.clock().is_fast())
    }

    pub(super) fn set_bar(&self) {
        let clock = self.sandbox.clock();
        let bar = if self.stands() || self.is_about_to_move() { Some(clock.now()) } else { self.agenda.next_at() };
        if clock.bar(bar) {
            self.store().renew_bound();
        }
    }

    /// Moves the clock on to the next instant at which something is due, or to where it is to come; `false` if it
    /// is not to be moved.
    pub(super) async fn go_on_moving(&mut self) -> Result<bool, SandboxError> {
        let moving = self.moving.take().or_else(|| self.next_change());
        let Some((change, Moved { from, to })) = moving else { return Ok(false) };
        let clock = self.sandbox.clock();
        let next_at = self.agenda.next_at().filter(|next_at| *next_at <= to);
        if let Some(next_at) = next_at.map(|next_at| next_at.max(clock.now())) {
            clock.bar(Some(next_at));
            self.moving = Some((change, Moved { from, to }));
            // It is barred there, so that it is not later; and nothing but this moves it.
            if self.store().change(ClockSetting::to(next_at)).await?.is_err() {
                self.give_up_moving();
            }
            self.sandbox.tracker().wake();
            return Ok(true);
        }
        clock.bar(Some(to));
        let ClockSetting { speed, stopped, .. } = change.setting;
        let setting = ClockSetting { now: Some(to), advance: None, speed, stopped };
        let moved = match self.store().change(setting).await {
            Ok(moved) => moved.map(|_| Moved { from, to }),
            Err(error) => {
                self.moving = Some((change, Moved { from, to }));
                return Err(error);
            }
        };
        if let Ok(moved) = moved {
            self.sandbox.clock_changed(moved);
        }
        if let Some(done) = change.done {
            // Whoever asked may be gone.
            done.send(moved).unwrap_or_default();
        }
        Ok(true)
    }

    /// Begins the next change of the clock that can be made.
    fn next_change(&mut self) -> Option<(ClockMove, Moved)> {
        while let Some(mut change) = self.changes.pop_front() {
            let clock = self.sandbox.clock();
            let from = clock.now();
            let target = clock.target_of(&change.setting);
            if let Some(begun) = change.begun.take() {
                begun.send(target.map(drop)).unwrap_or_default();
            }
            match target {
                Ok(to) => return Some((change, Moved { from, to })),
                Err(refusal) => {
                    if let Some(done) = change.done {
                        done.send(Err(refusal)).unwrap_or_default();
                    }
                }
            }
        }
        None
    }
}
