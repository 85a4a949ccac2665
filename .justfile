# Short names for what is done often: `just`, with https://just.systems. Each is one line that works by hand as well.

# What there is.
default:
    @just --list

# Everything that a change must pass.
ci:
    .ci/run

# The tests with a name in them; all without one.
test name="":
    tests/run {{ name }}

# Formatting and lints.
lint:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings

# Writes what is generated: the schemas, and the outputs in the README.
generate:
    cargo run --quiet --locked -- schema schema
    SENDFORM_README=write tests/run readme

# Random campaigns over all stores, for so many minutes.
torture minutes="10":
    tests/torture --minutes {{ minutes }}

# The documentation, private items among it.
doc:
    cargo doc --no-deps --document-private-items --locked --open
